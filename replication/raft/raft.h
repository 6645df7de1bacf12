// The KRaft quorum of the metadata log as a pure machine, compatible with Kafka's (raft/.../
// KafkaRaftClient.java; KIP-595, 630, 853, 996): who leads which epoch, what the log holds, what is
// committed.
//
//     auto raft = Raft::create(options, voters, found, seed);
//     perform(raft.step(Start{}, now));
//     for each event: perform(raft.step(event, now));       // io.h: the order of performing
//
// A shell over sockets does this: it gives every request that comes a token and steps Received; it
// sends each Send to the node's address and steps Answered, or Failed when the connection cannot be
// had or breaks, and besides Disconnected when it was refused or closed by the other side. Requests
// that are never answered time out in here. Before a Reply it fills in the records or bytes that
// `read` names. The node's addresses are those of the settings, of State::voters() and of
// State::leader_endpoints. Where a request's replica is a voter's id but it asks as an observer is
// sorted out here.
//
// Beyond Kafka, on the same wire: a follower whose connection to the leader breaks because the
// process ended begins its pre-vote at once instead of after the fetch timeout, and says yes to
// that of others; a node that starts does, too. Voters take turns, so that votes are not split.
//
// Verbs: leadership.cc (epochs and who leads them), election.cc (asking for votes), vote.cc (giving
// them), follower.cc, leader.cc (append, commit, resign), leader_fetch.cc, snapshot.cc,
// voter_changes.cc (who votes), outbox.cc (requests under way). Driven by broker/quorum.
#pragma once

#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "replication/raft/io.h"
#include "replication/raft/state.h"

namespace milena::raft {

struct Options {
    Voter self;
    // Whom an observer asks besides the voters that it knows: numbers that the shell can reach.
    std::vector<BrokerId> bootstrap = {};
    Millis election_timeout{1000};      // controller.quorum.election.timeout.ms
    Millis election_backoff_max{1000};  // controller.quorum.election.backoff.max.ms
    Millis fetch_timeout{2000};         // controller.quorum.fetch.timeout.ms
    Millis request_timeout{2000};       // controller.quorum.request.timeout.ms
    Millis retry_backoff{20};           // controller.quorum.retry.backoff.ms
    Millis fetch_max_wait{500};
    std::int32_t fetch_max_bytes = 8 << 20;
};

// What the shell found on disk.
struct Found {
    ElectionState election;  // default when there is no quorum-state file
    Offset log_start{0};
    Offset log_end{0};                      // everything below is synced
    std::vector<EpochStart> epochs;         // of the log
    std::vector<LoggedVoters> voters;       // that stand in the log, or before it in the snapshot
    std::vector<SnapshotOnDisk> snapshots;  // ascending, without the one at offset 0
};

class Raft {
  public:
    // `voters` are those of the settings or of the bootstrap snapshot; the log's count more.
    // KAFKA_STORAGE_ERROR when what was found does not fit together.
    static Result<Raft> create(Options options, VoterSet voters, const Found& found,
                               std::uint64_t seed);

    // `now` does not go back.
    Ready step(const Input& input, MonoTime now);

    const State& state() const { return state_; }

    // Until when this node may act as leader without asking: a majority of the voters was answered
    // so lately that none of it would elect another by timeout. nullopt: not at all. It rests on
    // a node's requests being received once and in order. It does not cover a voter that sees its
    // connection break while this node does not, and not one that was started anew.
    std::optional<MonoTime> lease_until() const;

  private:
    Raft(Options options, State state, std::uint64_t seed)
        : options_(std::move(options)), state_(std::move(state)), random_(seed) {}

    // raft.cc
    void apply(const Start& input);
    void apply(const Tick&) {}
    void apply(const Received& input);
    void apply(const Answered& input);
    void on_time();
    void drive();
    MonoTime next_deadline() const;

    // leadership.cc
    void set_election(const ElectionState& election);
    void enter(Role role);
    void become_unattached(LeaderEpoch epoch);
    void become_follower(const Leadership& leadership);
    void learn(const Leadership& leadership);
    void begin_fast_election(std::size_t turn);
    std::size_t turn_after(BrokerId leader) const;
    Nanos patience_with(BrokerId leader) const;
    void on(RequestToken token, const BeginQuorumEpochRequest& request);
    void on(RequestToken token, const EndQuorumEpochRequest& request);
    void on(BrokerId from, const BeginQuorumEpochResponse& response);
    void on(BrokerId from, const EndQuorumEpochResponse& response);
    void apply(const Disconnected& input);
    void apply(const Resign& input);
    void resign();
    ErrorCode voter_request_error(const ReplicaKey& asked, LeaderEpoch epoch) const;
    ErrorCode leader_request_error(LeaderEpoch epoch) const;

    // election.cc
    void become_prospective();
    void become_candidate();
    void become_leader();
    void count_votes();
    void end_prospective();
    void ask_for_votes(const Votes& votes, Ballot ballot);
    void on(BrokerId from, const VoteResponse& response);
    void vote_unreachable(BrokerId voter);
    Nanos election_backoff();
    MonoTime election_deadline();
    // vote.cc
    void on(RequestToken token, const VoteRequest& request);
    bool would_grant(const VoteRequest& request) const;

    // leader.cc
    void apply(const Propose& input);
    void apply(const Synced& input);
    void apply(const Refused& input);
    void append_epoch_start(const std::vector<BrokerId>& granted);
    void append(Append batch);
    void advance_high_watermark();
    void drive_leader(Leader& leader);
    void leader_on_time();
    MonoTime check_quorum_at(const Leader& leader) const;
    enum class Contact : std::uint8_t { quorum, lease };
    MonoTime majority_contact(const Leader& leader, Contact contact) const;
    std::vector<ReplicaKey> successors(const Leader& leader) const;

    // leader_fetch.cc
    void on(RequestToken token, const FetchRequest& request);
    ReplicaState& replica(Leader& leader, const ReplicaKey& key);
    void touch(Leader& leader, ReplicaState& replica);
    void answered(const ReplicaKey& key);
    bool answer_fetch(RequestToken token, const FetchRequest& request, bool at_once);
    void answer_parked();
    void refuse_parked(Leader& leader);
    std::optional<FetchResponse> divergence(const FetchRequest& request) const;

    // follower.cc
    void drive_follower(Follower& follower);
    void drive_unattached();
    void on(BrokerId from, const FetchResponse& response);
    bool truncate(const EpochEnd& diverging);
    bool append_fetched(ByteView records);
    void follow_high_watermark(Offset high_watermark);

    // snapshot.cc
    void on(RequestToken token, const FetchSnapshotRequest& request);
    void on(BrokerId from, const FetchSnapshotResponse& response);
    void apply(const SnapshotWritten& input);
    void apply(const SnapshotLoaded& input);
    void apply(const SnapshotRefused& input);
    void keep_snapshots();

    // voter_changes.cc
    void on(RequestToken token, const AddVoterRequest& request);
    void on(RequestToken token, const RemoveVoterRequest& request);
    void on(RequestToken token, const UpdateVoterRequest& request);
    void on(BrokerId from, const ChangeVotersResponse& response);
    std::optional<ChangeVotersResponse> cannot_change_voters() const;
    void change_voters(RequestToken token, VoterSet voters, Millis timeout, AckVoters ack);
    void finish_voter_change();
    bool send_own_endpoints();

    // outbox.cc
    struct UnderWay {
        RequestId id;
        BrokerId to;
        MonoTime sent;
    };
    bool ask(BrokerId to, Request request);
    void apply(const Failed& input);
    void back_off(BrokerId node);
    void give_up_late_requests();
    void forget_requests();
    void lost(BrokerId node);
    MonoTime next_request_deadline() const;
    void reply(RequestToken token, Response response);

    Options options_;
    State state_;
    SeededRandom random_;
    std::int64_t last_request_ = 0;
    std::vector<UnderWay> under_way_;  // at most one per node
    std::vector<std::pair<BrokerId, MonoTime>> not_before_;
    int lost_elections_ = 0;
    MonoTime tell_endpoints_at_{};
    bool stopping_ = false;  // is not to be elected any more

    // Of the step that is being made.
    MonoTime now_{};
    Ready ready_;
};

}  // namespace milena::raft
