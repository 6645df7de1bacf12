// The machine of one replica of one partition: who leads, who is in sync, how far it is committed;
// and of one that follows, what to fetch next and what to cut before. It sees the log only as
// offsets and epochs; the shell (broker/replica) appends, syncs, cuts and reads, under one lock
// with this machine.
//
// Verbs: partition.cc (roles), leader.cc (watermarks), isr.cc (who is in sync), follower.cc. What a
// request may do is access.h's.
#pragma once

#include "protocol/base/time.h"
#include "replication/partition/io.h"
#include "replication/partition/state.h"

namespace milena::partition {

// What a follower is to ask its leader for: everything below `offset` it holds.
struct FetchPosition {
    LeaderEpoch leader_epoch;
    Offset offset;
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;
    Offset log_start{0};

    friend bool operator==(const FetchPosition&, const FetchPosition&) = default;
};

class Partition {
  public:
    explicit Partition(BrokerId self) { state_.self = self; }

    Ready step(const Input& input, MonoTime now);

    const State& state() const { return state_; }

    // nullopt: not a follower, there is no leader, or the log has to be synced or changed first.
    // With Durability::disk the offset acknowledges only what is on disk, so nothing is asked for
    // while there is more in the log.
    std::optional<FetchPosition> fetch_position() const;

    // When to step(Tick) at the latest; nullopt: nothing waits for time.
    std::optional<MonoTime> deadline() const;

  private:
    // partition.cc
    void apply(const BecomeLeader& input, MonoTime now, Ready& ready);
    void apply(const BecomeFollower& input, MonoTime now, Ready& ready);
    void apply(const SettingsChanged& input, MonoTime now, Ready& ready);
    void apply(const LeaseUntil& input, MonoTime now, Ready& ready);
    void apply(const Synced& input, MonoTime now, Ready& ready);
    bool is_news(LeaderEpoch leader_epoch, PartitionEpoch partition_epoch) const;
    void take_log(const LogEnds& log);
    // leader.cc
    void apply(const Appended& input, MonoTime now, Ready& ready);
    void apply(const Fetched& input, MonoTime now, Ready& ready);
    void apply(const LogStartMoved& input, MonoTime now, Ready& ready);
    void reset_followers(bool new_epoch, MonoTime now);
    void advance(MonoTime now, Ready& ready);
    void advance_acknowledged(Ready& ready);
    void advance_low_watermark(Ready& ready);
    // isr.cc
    void apply(const BrokersChanged& input, MonoTime now, Ready& ready);
    void apply(const AlterIsrAnswered& input, MonoTime now, Ready& ready);
    void apply(const Tick& input, MonoTime now, Ready& ready);
    bool is_eligible(const Follower& follower) const;
    bool may_join(const Follower& follower, MonoTime now) const;
    void propose_if_needed(MonoTime now, Ready& ready);
    void propose(std::vector<BrokerId> isr, Ready& ready);
    void send_proposal(Ready& ready);
    // follower.cc
    void apply(const FetchReply& input, MonoTime now, Ready& ready);
    void apply(const Replicated& input, MonoTime now, Ready& ready);
    void apply(const Truncated& input, MonoTime now, Ready& ready);
    void apply(const OutOfRange& input, MonoTime now, Ready& ready);
    void cut(Offset to, Ready& ready);
    void follow_leader(Ready& ready);
    void want_sync(Ready& ready) const;

    State state_;
};

}  // namespace milena::partition
