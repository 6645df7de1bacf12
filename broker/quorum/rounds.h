// The work of the metadata quorum on one thread: raft, the log, decisions, images. Quorum puts a
// queue in front of it.
//
// A round takes what has happened and as many waiting requests as fit: each raft event is one step,
// each request is decided on the state that the ones before it lead to, all is appended and synced
// once, and what is committed by then is published and answered. Alone a node commits by its own
// sync, so that a round begins and ends its requests; among several their replies wait in
// `pending_` until the high watermark passes them.
//
// Invariants:
//   ActiveKnowsAll    a controller begins when all that lies before its epoch is in the image
//   OneEpochPerLife   it is thrown away with the step in which its epoch ends, and with it what it
//                     decided and has not committed: those requests fail with NOT_CONTROLLER
//
// What the log refuses (a full disk) is taken back: those requests fail, and the next ones find the
// state before. What the log cannot survive (a failed sync) ends all work.
#pragma once

#include "broker/quorum/committed_state.h"
#include "broker/quorum/quorum.h"
#include "broker/quorum/raft_network.h"
#include "protocol/base/shared_cell.h"
#include "replication/metadata/upkeep.h"

#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <variant>

namespace milena::quorum {

// Decided from the state just before: for requests that follow from an answer in the same round.
using MakeRequest = std::move_only_function<metadata::Request(const metadata::Image&)>;

struct Waiting {
    std::variant<metadata::Request, MakeRequest> request;
    std::move_only_function<void(Result<metadata::Reply>)> done;
};
// A request of another replica.
struct RaftCall {
    raft::Request request;
    RaftReceiver::Done done;
};
using Look = Quorum::Look;
using Happening = std::variant<RaftEvent, RaftCall, Look>;

class Rounds {
  public:
    Rounds(QuorumOptions options, const Clock& clock, std::uint64_t random_seed,
           const metadata::ConfigRules& rules, std::unique_ptr<MetadataLog> log);

    // Reads the log as far as it is known to be committed.
    Status replay();
    void subscribe(ControllerHost::Publisher publisher) {
        publishers_.push_back(std::move(publisher));
    }
    // Takes part; alone it leads and publishes. `network` may be null for a node alone.
    Status start(RaftNetwork* network);
    // One round: all that happened, then from the front of `waiting`, at least one.
    void run(std::deque<Happening>& happened, std::deque<Waiting>& waiting);
    // Resigns and closes the log; nothing follows.
    Status stop();

    metadata::ImagePtr image() const { return image_.load(); }
    // From any thread. Who leads as far as this node knows; kNoBroker: nobody.
    BrokerId leader() const { return BrokerId(leader_.load(std::memory_order_relaxed)); }
    bool is_active() const { return is_active_.load(std::memory_order_relaxed); }

  private:
    // One batch of records with what it leads to, and perhaps a reply.
    struct Pending {
        Offset end;
        metadata::ImagePtr before;
        std::optional<metadata::ImageChange> change;
        std::optional<metadata::Reply> reply;
        std::move_only_function<void(Result<metadata::Reply>)> done;
    };

    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }
    bool is_alone() const;

    // rounds.cc
    Status check_voters() const;
    void settle();
    void take(Happening happening);
    void advance(const raft::Input& input);
    void fail_for_good(Error error);
    void note_leader();
    void note_role();
    void set_alarm();
    Error not_controller() const;

    // rounds_perform.cc: what the raft machine asks for
    void perform(const raft::Ready& ready);
    bool append(const raft::Ready& ready);
    void refused(Offset from, Error why);
    void take_chunk(const raft::SnapshotChunk& chunk);
    void answer(const raft::Reply& reply);
    void send(const raft::Send& request);
    bool check(Status status);

    // rounds_decide.cc: the active controller
    bool may_activate() const;
    bool leads_for_sure() const;
    void activate();
    void deactivate();
    void run_upkeep();
    void fence_at_once(BrokerId node);
    void decide_some(std::deque<Waiting>& waiting);
    void decide(Waiting waiting, raft::Propose& propose);
    void add_batch(RecordList records, raft::Propose& propose);
    void fail_pending_from(Offset from, const Error& why);

    // rounds_publish.cc: what is committed
    void publish_committed();
    void follow_log();
    void publish(const metadata::ImagePtr& before, metadata::ImageChange change);
    void snapshot_if_due();

    const QuorumOptions options_;
    const Clock& clock_;
    SeededRandom random_;
    const metadata::ConfigRules& rules_;
    std::unique_ptr<MetadataLog> log_;
    RaftNetwork* network_ = nullptr;
    std::optional<raft::Raft> raft_;
    std::vector<ControllerHost::Publisher> publishers_;
    SharedCell<const metadata::Image> image_{std::make_shared<const metadata::Image>()};
    std::atomic<std::int32_t> leader_{kNoBroker.value()};
    std::atomic<bool> is_active_ = false;

    CommittedState committed_;
    std::optional<metadata::ImageChange> replayed_;  // until it is known to be committed
    std::deque<raft::Input> follow_ups_;             // that a Ready led to
    std::map<raft::RequestToken, RaftReceiver::Done> asked_;
    std::int64_t last_token_ = 0;
    std::set<BrokerId> gone_;  // nodes whose process has ended, and that have not answered since
    std::pair<std::size_t, LeaderEpoch> role_{0, LeaderEpoch(-1)};  // as it was logged last
    MonoTime raft_deadline_ = MonoTime::max();
    MonoTime alarm_ = MonoTime::max();  // that is set

    // While this node is the active controller.
    std::optional<metadata::Controller> controller_;
    std::optional<metadata::Upkeep> upkeep_;
    LeaderEpoch active_epoch_{0};
    bool has_published_ = false;  // of what it decided
    Offset decided_end_{0};
    std::deque<Pending> pending_;

    std::uint64_t snapshot_due_bytes_;
    Offset snapshot_checked_ = kNoOffset;
    std::optional<Error> refused_;  // why the log refused a batch the last time
    std::optional<Error> failed_;
};

}  // namespace milena::quorum
