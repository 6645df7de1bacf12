// The machine that fetches what this broker follows from one other broker: one request at a time,
// for all partitions that are ready. Pure; the shell has the connection and the logs.
//
//   settled    a request waits until what the answer before it delivered is where it belongs, on
//              disk when it must be: one sync for all of them, and none waits out a long poll
//   bounded    that wait ends after kSettleLimit; who is late is in the next request
//   newcomers  a partition of a new leader epoch does not wait for a long poll either: the
//              connection is given up when the answer is not there after kNewcomerGrace
//   retried    an error delays its partition alone, at first briefly; one of the connection delays
//              all
//
// Invariants (check_invariants): SessionCountMatches, ReadyHasPosition, DelayedIsListed.
#pragma once

#include "replication/fetcher/io.h"
#include "replication/fetcher/quota.h"
#include "replication/fetcher/session.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace milena::fetcher {

inline constexpr Millis kFirstBackoff{20};
inline constexpr Millis kSettleLimit{100};
inline constexpr Millis kNewcomerGrace{20};

class Fetcher {
  public:
    // `quota`: one that several share, which outlives them; null: its own.
    explicit Fetcher(Settings settings, ReplicationQuota* quota = nullptr)
        : settings_(settings), quota_(quota == nullptr ? own_quota_ : *quota) {}
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;

    Ready step(const Input& input, MonoTime now);

    // When to step(Tick) at the latest.
    std::optional<MonoTime> deadline() const;

    bool empty() const { return partitions_.empty(); }
    std::optional<std::string_view> check_invariants() const;

  private:
    enum class Phase : std::uint8_t {
        settling,   // its log is being written, synced or cut
        ready,      // to be asked for
        delayed,    // after an error, or throttled
        to_locate,  // out of range: the leader's ends are to be asked for
        locating,   // they have been
        stopped,    // until the next Follow
    };
    struct Tracked {
        LeaderEpoch leader_epoch;
        std::optional<Position> position;
        Phase phase = Phase::settling;
        Phase after_delay = Phase::ready;
        MonoTime not_before{};  // while delayed
        unsigned failures = 0;
        bool throttled = false;
        bool changed = false;     // stands in changed_
        bool in_session = false;  // the session over there has it, at `sent`
        Position sent{};
        Offset leader_high_watermark = kNoOffset;
    };
    using Partitions = std::map<PartitionKey, Tracked>;
    using Entry = Partitions::value_type;

    // fetcher.cc: inputs
    void apply(const Follow& input, MonoTime now, Ready& ready);
    void apply(const Unfollow& input, MonoTime now, Ready& ready);
    void apply(const Positioned& input, MonoTime now, Ready& ready);
    void apply(const LogFailed& input, MonoTime now, Ready& ready);
    void apply(const ThrottleRate& input, MonoTime now, Ready& ready);
    void apply(const Throttled& input, MonoTime now, Ready& ready);
    void apply(const FetchAnswered& input, MonoTime now, Ready& ready);
    void apply(const LogEndsAnswered& input, MonoTime now, Ready& ready);
    void apply(const RequestLost& input, MonoTime now, Ready& ready);
    void apply(const Tick& input, MonoTime now, Ready& ready);
    void take_answer(const FetchAnswered& input, std::size_t index, MonoTime now, Ready& ready);
    void enter(Entry& entry, Phase phase);
    void settle(Entry& entry, MonoTime now);
    void fail_partition(Entry& entry, ErrorCode error, Phase again, MonoTime now);
    void delay(Entry& entry, Millis by, Phase after, MonoTime now);
    void fail_all(MonoTime now);
    Millis backoff(unsigned failures) const;
    void mark_changed(Entry& entry);
    void leave_session(Entry& entry);

    // requests.cc: what to send
    void send(MonoTime now, Ready& ready);
    void release_delayed(MonoTime now);
    void abandon_for_newcomers(MonoTime now, Ready& ready);
    void send_ends(Ready& ready);
    void fill_full(FetchRequest& request, MonoTime now);
    void fill_incremental(FetchRequest& request, MonoTime now);
    void add(Entry& entry, FetchRequest& request);
    bool may_ask(Entry& entry, MonoTime now);
    Millis max_wait(MonoTime now) const;

    Settings settings_;
    Partitions partitions_;
    Session session_;
    ReplicationQuota own_quota_;
    ReplicationQuota& quota_;
    std::size_t in_session_ = 0;
    std::vector<PartitionKey> changed_;    // since the last request
    std::vector<PartitionKey> forgotten_;  // gone, and the session does not know it yet
    std::set<std::pair<MonoTime, PartitionKey>> delayed_;
    std::set<PartitionKey> settling_;  // since the last request; older ones are not waited for
    std::size_t settling_in_all_ = 0;
    std::vector<PartitionKey> to_locate_;
    PartitionKey turn_{};  // a full request begins behind this one

    std::uint64_t last_request_ = 0;
    std::optional<std::uint64_t> fetch_;  // under way
    std::size_t asked_in_full_ = 0;       // partitions in it, when it names all
    std::optional<std::uint64_t> ends_;   // under way
    unsigned failures_ = 0;               // of the connection, or of whole requests
    MonoTime not_before_ = MonoTime::min();
    MonoTime settle_until_ = MonoTime::min();
    std::optional<MonoTime> newcomers_since_;  // waiting for the request under way
    MonoTime no_abandon_before_ = MonoTime::min();
    MonoTime last_step_ = MonoTime::min();
};

}  // namespace milena::fetcher
