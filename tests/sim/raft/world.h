// A quorum of raft machines on a simulated network, disk and clock: one thread, one seed. What goes
// wrong is drawn from the seed: messages lost, doubled, late; nodes cut off in one direction or
// both, paused, killed, without their unsynced data; clocks that run apart; full disks.
//
// Invariants, checked after every step of every node:
//   NeverTwoLeadersInSameEpoch   VotedOnceInEpoch        LogMatching
//   LeaderHasAllCommitted        CommittedNeverTruncated CommittedIsDurableOnMajority
//   HighWatermarkMonotonic       SnapshotAtLogStart      LeaseIsExclusive
//   ElectionIsPersisted          CommitsInOwnEpoch
// and those of the machine itself. When the faults end, within a bounded time: one leader, and
// every node has committed all that it has (LiveAfterHealing); and nobody is busy with nothing
// (Quiet).
#pragma once

#include "tests/sim/raft/disk.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

namespace milena::raft::sim {

struct Scenario {
    std::uint64_t seed = 1;
    int voters = 3;
    int observers = 0;
    bool dynamic = false;  // kraft.version 1, and the voters change
    Millis duration{20'000};
};

// What a seed draws: a family of faults may be absent.
struct Faults {
    double loss = 0;
    double doubling = 0;
    Millis delay{5};            // usual
    Millis long_delay{0};       // now and then
    Millis between_crashes{0};  // 0: never
    Millis between_partitions{0};
    Millis between_pauses{0};
    Millis between_resignations{0};
    Millis between_voter_changes{0};
    Millis between_disconnects{0};  // of live processes
    double refused = 0;             // appends
    double drift = 0;
    bool lease_holds = false;  // nothing happens that leases do not cover
};

struct Figures {
    std::uint64_t steps = 0;
    std::uint64_t messages = 0;
    std::uint64_t crashes = 0;
    std::uint64_t leaders = 0;
    std::uint64_t truncations = 0;
    std::uint64_t snapshots_loaded = 0;
    std::uint64_t voter_changes = 0;
    Offset committed{0};
};

class World {
  public:
    explicit World(const Scenario& scenario);

    // nullopt: all is well. Else what broke, and when.
    std::optional<std::string> run();
    const Figures& figures() const { return figures_; }
    // The last events before the end, one a line.
    std::string trace() const;
    void keep_trace() { tracing_ = true; }

  private:
    // Who waits for an answer.
    struct Asked {
        std::size_t node;
        int incarnation;
        RequestId id;
    };
    struct Node {
        Voter self;
        SimDisk disk;
        std::optional<Raft> raft;
        int incarnation = 0;
        MonoTime paused_until{};
        std::vector<std::function<void()>> deferred;  // until then
        double rate = 1;
        Nanos skew{0};
        std::uint64_t wake = 0;          // counts the deadlines that were set
        std::vector<std::uint8_t> part;  // of a snapshot
        std::vector<Asked> asked;        // by token
        Offset applied{0};
    };
    struct Event {
        MonoTime at;
        std::uint64_t order;
        std::function<void()> action;
        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };

    // world.cc
    void after(Nanos delay, std::function<void()> action);
    void run_until(MonoTime end);
    void start(std::size_t index);
    void crash(std::size_t index);
    bool defer(std::size_t index, std::function<void()> action);
    void resume(std::size_t index);
    void step(std::size_t index, const Input& input);
    void perform(std::size_t index, Ready ready);
    bool write_log(std::size_t index, const Ready& ready);
    void take_chunk(std::size_t index, const SnapshotChunk& chunk);
    void sync_later(std::size_t index);
    void synced(std::size_t index, int incarnation, std::uint64_t started);
    void send(std::size_t from, const Send& send);
    void answer(std::size_t from, const Reply& reply);
    void lost(std::size_t from, int incarnation, RequestId id);
    void deliver(const Asked& asked, const Response& response, std::shared_ptr<void> keep);
    void note(std::string line);
    Nanos network_delay();
    bool reaches(std::size_t from, std::size_t to) const;
    MonoTime local(const Node& node) const;
    std::optional<std::size_t> index_of(BrokerId id) const;
    bool is_awake(const Node& node) const {
        return node.raft && node.paused_until <= now_ && node.deferred.empty();
    }
    bool chance(double p);
    Nanos draw(Millis around);

    // faults.cc
    void draw_faults();
    void plan_faults();
    void again(Millis around, std::function<void()> action);
    void cut();
    void propose();
    void take_snapshot();
    void change_voters();
    void wipe(std::size_t index);

    // checks.cc
    void check(std::size_t index, const Ready& ready);
    void check_votes(std::size_t index);
    void check_leader(std::size_t index);
    void check_commits(std::size_t index);
    void check_truncation(std::size_t index, Offset end);
    void check_appends(std::size_t index, Offset from);
    void check_new_commit(std::size_t index, const Batch& batch);
    void check_lease();
    void broken(std::string what);
    void converge();
    bool is_converged() const;
    std::string roles() const;

    const Scenario scenario_;
    SeededRandom random_;
    Faults faults_;
    bool faulty_ = true;
    VoterSet configured_;
    MonoTime now_{};
    std::uint64_t events_ = 0;
    std::priority_queue<Event> queue_;
    std::vector<Node> nodes_;
    std::set<std::pair<std::size_t, std::size_t>> cut_;
    std::vector<std::function<void()>> refusals_;
    bool wiped_a_voter_ = false;
    std::uint64_t next_value_ = 0;
    std::int64_t next_admin_ = 0;
    std::uint16_t next_port_ = 1;

    // What has ever happened.
    std::map<LeaderEpoch, std::size_t> leaders_;
    std::map<std::pair<std::uint64_t, LeaderEpoch>, BrokerId> votes_;  // by the voter's directory
    std::map<std::pair<LeaderEpoch, Offset>, std::uint64_t> chains_;
    struct Commit {
        std::uint64_t chain;
        LeaderEpoch epoch;  // in which it was committed
    };
    std::map<Offset, Commit> committed_;  // by end
    std::optional<std::string> broken_;
    bool tracing_ = false;
    std::vector<std::string> trace_;
    Figures figures_;
};

}  // namespace milena::raft::sim
