// The KRaft quorum of the metadata log as a pure machine, compatible with Kafka's (raft/.../
// KafkaRaftClient.java): epochs, votes, the LEADER_CHANGE record that begins every epoch, and the
// high watermark. This stage holds a quorum of one voter; create() refuses more.
//
// Verbs: election.cc (who leads), leader.cc (append, commit). Driven by broker/quorum.
#pragma once

#include "protocol/base/time.h"
#include "replication/raft/io.h"
#include "replication/raft/state.h"

namespace milena::raft {

// What the shell found on disk.
struct Found {
    ElectionState election;                   // default when there is no quorum-state file
    Offset log_end{0};                        // everything below is synced
    LeaderEpoch last_epoch = kNoLeaderEpoch;  // of the last batch
    bool voters_in_log = false;               // a KRAFT_VOTERS record stands in the log
};

class Raft {
  public:
    // INVALID_CONFIG when `self` is no voter, or there are voters besides it.
    static Result<Raft> create(Voter self, VoterSet voters, const Found& found);

    // `now` is part of the shape of every machine; alone there is nothing to wait for.
    Ready step(const Input& input, MonoTime now);

    const State& state() const { return state_; }

  private:
    explicit Raft(State state) : state_(std::move(state)) {}

    // election.cc
    void apply(const Start& input, Ready& ready);
    void apply(const Resign& input, Ready& ready);
    void become_candidate(Ready& ready);
    void become_leader(Ready& ready);
    // leader.cc
    void apply(const Propose& input, Ready& ready);
    void apply(const Synced& input, Ready& ready);
    void apply(const Refused& input, Ready& ready);
    void append_epoch_start(Ready& ready);
    void append(Append batch, Ready& ready);
    void advance_high_watermark(Ready& ready);

    State state_;
};

}  // namespace milena::raft
