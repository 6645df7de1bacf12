// The work of the metadata quorum on one thread: decide, append, sync, publish, reply. Quorum puts
// a queue in front of it.
//
// A round takes as many waiting requests as fit, decides each on the state that the ones before it
// lead to, appends all their records and syncs once. What the log refuses (a full disk) is taken
// back: those requests fail, and the next ones find the state that is committed. What the log
// cannot survive (a failed sync) ends all work.
#pragma once

#include "broker/quorum/metadata_log.h"
#include "broker/quorum/quorum.h"
#include "protocol/base/shared_cell.h"
#include "replication/raft/raft.h"

#include <deque>
#include <optional>
#include <variant>

namespace milena::quorum {

// Decided from the state just before: for requests that follow from an answer in the same round.
using MakeRequest = std::move_only_function<metadata::Request(const metadata::Image&)>;

struct Waiting {
    std::variant<metadata::Request, MakeRequest> request;
    std::move_only_function<void(Result<metadata::Reply>)> done;
};

class Rounds {
  public:
    Rounds(QuorumOptions options, const Clock& clock, std::uint64_t random_seed,
           const metadata::ConfigRules& rules, std::unique_ptr<MetadataLog> log);

    // Follows the log to its end.
    Status replay();
    void subscribe(ControllerHost::Publisher publisher) {
        publishers_.push_back(std::move(publisher));
    }
    // Leads and publishes.
    Status start();
    // One round: takes from the front of `waiting`, at least one.
    void run(std::deque<Waiting>& waiting);
    // Resigns and closes the log; nothing follows.
    Status stop();

    metadata::ImagePtr image() const { return image_.load(); }
    bool is_leader() const { return raft_ && raft_->state().is_leader() && !failed_; }
    Error not_controller() const;

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
    Status check_voters(const raft::Voter& self) const;
    void decide(Waiting waiting, raft::Propose& propose, std::vector<Pending>& pending);
    void add_batch(RecordList records, raft::Propose& propose, std::vector<Pending>& pending);
    // Performs what raft asks for. An error says why the log refused batches, or that it failed.
    Status perform(const raft::Ready& ready);
    void finish(std::vector<Pending> pending, const Status& status);
    void publish(const metadata::ImagePtr& before, metadata::ImageChange change);
    void snapshot_if_due();
    std::unexpected<Error> fail_for_good(Error error);

    const QuorumOptions options_;
    const Clock& clock_;
    SeededRandom random_;
    const metadata::ConfigRules& rules_;
    std::unique_ptr<MetadataLog> log_;
    std::optional<raft::Raft> raft_;
    raft::VoterSet voters_;
    std::optional<metadata::Controller> controller_;
    std::vector<ControllerHost::Publisher> publishers_;
    SharedCell<const metadata::Image> image_{std::make_shared<const metadata::Image>()};
    std::optional<metadata::ImageChange> replayed_;  // until start()
    bool transaction_left_open_ = false;             // by a crash of Kafka
    Offset decided_end_{0};
    std::uint64_t snapshot_due_bytes_;
    std::optional<Error> failed_;
};

}  // namespace milena::quorum
