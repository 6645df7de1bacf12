// One raft machine whose test makes up everything around it: what the others say, when the disk has
// synced, how time passes.
#pragma once

#include "replication/raft/raft.h"

#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace milena::raft {

struct Run {
    int epoch;
    std::int64_t records;
};

// Batches from `base` on, one per run.
std::vector<std::uint8_t> batches(Offset base, std::initializer_list<Run> runs);
// One batch that makes these the voters.
std::vector<std::uint8_t> voters_batch(Offset base, LeaderEpoch epoch, const VoterSet& voters);

// A log that ends where the runs do, all of it synced.
Found found_log(std::initializer_list<Run> runs);

class Bench {
  public:
    // `others` and node 1, which this is, are voters; known by directory when `dynamic`.
    explicit Bench(std::initializer_list<int> others, const Found& found = {},
                   bool dynamic = false);
    // Node 1 among given voters, of whom it need not be one.
    Bench(VoterSet voters, const Found& found);

    static Voter voter(int id);
    static ReplicaKey key(int id) { return voter(id).key(); }

    // Requests and replies of every Ready since the last clear() are kept.
    const Ready& step(const Input& input);
    const Ready& receive(Request request);
    // To what this node last asked of `from`, which must be under way.
    const Ready& answer(int from, Response response);
    const Ready& sync() { return step(Synced{raft.state().log_end}); }
    // In steps, as a shell would: never past a deadline.
    void pass(Millis time);

    // Under way to that node; fails the test when nothing is, or something else.
    template <class T>
    const T& asked(int of) {
        const auto found = under_way.find(BrokerId(of));
        static const T kNone{};
        if (found == under_way.end() || !std::holds_alternative<T>(found->second.request)) {
            ADD_FAILURE() << "node " << of << " was not asked that";
            return kNone;
        }
        return std::get<T>(found->second.request);
    }
    bool is_asked(int of) const { return under_way.contains(BrokerId(of)); }
    // The last answer that was given.
    template <class T>
    const T& answered() {
        static const T kNone{};
        if (replies.empty() || !std::holds_alternative<T>(replies.back().response)) {
            ADD_FAILURE() << "nothing was answered, or something else";
            return kNone;
        }
        return std::get<T>(replies.back().response);
    }
    // What is to be read for the last answer; nullopt: nothing.
    std::optional<ReadLog> reads() const;

    // Shortcuts: stands for election and wins; follows that leader.
    void lead();
    void follow(int leader, int epoch);
    void hear_of(int leader, int epoch);
    // A fetch of that replica in this epoch, at that position.
    const Ready& fetch(int replica, Offset offset, int last_epoch, Millis max_wait = Millis(500));
    // The answer to this node's own fetch.
    const Ready& feed(ByteView records, Offset high_watermark);

    Leadership leadership() const { return raft.state().leadership(); }
    template <class R>
    bool is() const {
        return std::holds_alternative<R>(raft.state().role);
    }

    Options options;
    Raft raft;
    MonoTime now{Millis(1'000'000)};
    Ready last;
    std::vector<Reply> replies;
    std::map<BrokerId, Send, bool (*)(BrokerId, BrokerId)> under_way{
        [](BrokerId a, BrokerId b) { return a.value() < b.value(); }};
    std::int64_t next_token = 0;
};

}  // namespace milena::raft
