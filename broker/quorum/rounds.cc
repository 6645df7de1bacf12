#include "broker/quorum/rounds.h"

#include "protocol/base/logger.h"
#include "replication/metadata/features.h"

#include <array>

namespace milena::quorum {

Rounds::Rounds(QuorumOptions options, const Clock& clock, std::uint64_t random_seed,
               const metadata::ConfigRules& rules, std::unique_ptr<MetadataLog> log)
    : options_(std::move(options)),
      clock_(clock),
      random_(random_seed),
      rules_(rules),
      log_(std::move(log)),
      snapshot_due_bytes_(options_.snapshot_bytes) {}

Status Rounds::replay() {
    raft::VoterSet voters;
    voters.voters = options_.voters;
    if (voters.voters.empty()) voters.voters.push_back({options_.node, {}});
    raft::Found found = log_->found();
    MILENA_ASSIGN(found.voters, logged_voters(*log_));
    raft::Options options = options_.raft;
    options.self.id = options_.node;
    options.self.directory = options_.directory_id;
    MILENA_ASSIGN(raft_,
                  raft::Raft::create(std::move(options), std::move(voters), found, random_.next()));
    MILENA_TRY(check_voters());
    // Alone, what this node has it has committed.
    MILENA_ASSIGN(replayed_, committed_.load(*log_, is_alone() ? log_->end() : Offset(0)));
    return {};
}

bool Rounds::is_alone() const {
    return raft_->state().voters().is_only(raft_->state().self.key());
}

Status Rounds::check_voters() const {
    if (raft_->state().is_voter()) return {};
    return fail(ErrorCode::INVALID_CONFIG,
                "controller.quorum.voters does not name node " +
                    std::to_string(options_.node.value()) +
                    ", which is to be its controller; add it, or correct node.id");
}

Status Rounds::start(RaftNetwork* network) {
    network_ = network;
    if (network_ == nullptr && !is_alone()) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "controller.quorum.voters names several nodes, and this node has no way to "
                    "the others; leave the setting out or let it name node " +
                        std::to_string(options_.node.value()) + " alone");
    }
    advance(raft::Start{});
    settle();
    if (failed_) return std::unexpected(*failed_);
    return {};
}

void Rounds::run(std::deque<Happening>& happened, std::deque<Waiting>& waiting) {
    while (!happened.empty()) {
        Happening next = std::move(happened.front());
        happened.pop_front();
        take(std::move(next));
    }
    // After a long stop the time comes first: it may have ended the leadership.
    if (controller_ && clock_.now() >= raft_deadline_) advance(raft::Tick{});
    if (controller_ && !failed_) {
        // Heartbeats that waited for a slow disk come before the sessions that they save.
        if (!waiting.empty()) decide_some(waiting);
        run_upkeep();
    } else {
        std::deque<Waiting> refused;
        std::swap(refused, waiting);
        for (Waiting& one : refused) {
            if (one.done) one.done(std::unexpected(not_controller()));
        }
    }
    settle();
}

void Rounds::take(Happening happening) {
    if (auto* look = std::get_if<Look>(&happening)) {
        (*look)(raft_->state(), clock_.now());
    } else if (auto* call = std::get_if<RaftCall>(&happening)) {
        if (failed_) return call->done(std::unexpected(*failed_), {});
        const raft::RequestToken token(++last_token_);
        asked_.emplace(token, std::move(call->done));
        advance(raft::Received{token, std::move(call->request)});
    } else {
        const auto& event = std::get<RaftEvent>(happening);
        if (std::holds_alternative<raft::Tick>(event.input)) alarm_ = MonoTime::max();
        advance(event.input);
        if (event.came_up != kNoBroker) gone_.erase(event.came_up);
        if (const auto* ended = std::get_if<raft::Disconnected>(&event.input)) {
            gone_.insert(ended->node);
            fence_at_once(ended->node);
        }
    }
}

// One step, and all that its Ready asks for but the sync.
void Rounds::advance(const raft::Input& input) {
    if (failed_) return;
    perform(raft_->step(input, clock_.now()));
    while (!failed_ && !follow_ups_.empty()) {
        const raft::Input next = std::move(follow_ups_.front());
        follow_ups_.pop_front();
        perform(raft_->step(next, clock_.now()));
    }
    note_role();
    if (controller_ && (failed_ || !raft_->state().is_leader() ||
                        raft_->state().election.epoch != active_epoch_)) {
        deactivate();
    }
}

void Rounds::settle() {
    while (!failed_) {
        if (!controller_) follow_log();
        if (may_activate()) {
            activate();
        } else if (log_->end() > raft_->state().synced_end) {
            if (check(log_->sync())) advance(raft::Synced{log_->end()});
        } else {
            break;
        }
    }
    if (failed_ && controller_) deactivate();
    publish_committed();
    note_leader();
    if (failed_) {
        for (auto& [token, done] : std::exchange(asked_, {})) done(std::unexpected(*failed_), {});
        return;
    }
    snapshot_if_due();
    set_alarm();
}

void Rounds::note_leader() {
    const auto& state = raft_->state();
    const bool leads_no_more = state.election.leader == state.self.id && !state.is_leader();
    leader_ = leads_no_more ? kNoBroker.value() : state.election.leader.value();
    is_active_ = controller_.has_value() && !failed_;
}

// Elections are rare, and worth a line each.
void Rounds::note_role() {
    static constexpr std::array kNames{"unattached", "prospective", "candidate",
                                       "follower",   "leader",      "resigned"};
    const auto& state = raft_->state();
    const std::pair now{state.role.index(), state.election.epoch};
    if (network_ == nullptr || std::exchange(role_, now) == now) return;
    log_info("metadata_quorum_role", {{"role", kNames.at(now.first)},
                                      {"epoch", now.second.value()},
                                      {"leader", state.election.leader.value()}});
}

// An alarm that comes too early costs a step; most deadlines move on before they come.
void Rounds::set_alarm() {
    if (network_ == nullptr) return;
    MonoTime next = raft_deadline_;
    if (upkeep_ && !is_alone()) {
        next = std::min(next, upkeep_->next(controller_->sessions(), *controller_->image()));
    }
    if (next >= alarm_) return;
    alarm_ = next;
    network_->wake_at(next);
}

Status Rounds::stop() {
    if (!failed_) {
        // Nobody waits for the answers: the successors learn of it, or find the connection closed.
        const raft::Ready ready = raft_->step(raft::Resign{}, clock_.now());
        if (ready.election)
            MILENA_TRY(log_->write_election(*ready.election, raft_->state().voters()));
        for (const auto& request : ready.requests) send(request);
    }
    deactivate();
    for (auto& [token, done] : std::exchange(asked_, {}))
        done(std::unexpected(not_controller()), {});
    failed_ = not_controller();
    note_leader();
    return log_->close(now());
}

Error Rounds::not_controller() const {
    if (failed_) return *failed_;
    return {ErrorCode::NOT_CONTROLLER, "this node is not the active controller; retry"};
}

void Rounds::fail_for_good(Error error) {
    if (failed_) return;
    log_error("metadata_log_failed", {{"reason", error.detail}});
    failed_ = Error{ErrorCode::NOT_CONTROLLER,
                    "the metadata log of this node failed, it is stopping: " + error.detail};
    options_.on_failure(error);
}

bool Rounds::check(Status status) {
    if (!status) fail_for_good(std::move(status).error());
    return !failed_;
}

std::vector<metadata::FeatureRange> supported_features() {
    std::vector<metadata::FeatureRange> ranges;
    for (const auto& feature : metadata::kFeatures) {
        ranges.push_back({std::string(feature.name), feature.min, feature.max});
    }
    return ranges;
}

}  // namespace milena::quorum
