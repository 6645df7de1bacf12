// The active controller: decisions on the end of the log, and what becomes of them.
#include "broker/quorum/rounds.h"
#include "protocol/base/logger.h"
#include "protocol/msg/records/abort_transaction_record.h"
#include "protocol/wire/frame.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_codec.h"

#include <algorithm>

namespace milena::quorum {
namespace {

// What one round appends at most before it syncs, but for a single request.
constexpr std::size_t kMaxRoundBytes = 16U << 20;

// Parts that each make one batch.
std::vector<RecordList> split(RecordList records) {
    std::vector<RecordList> parts;
    if (records.size() <= metadata::kMaxRecordsPerRequest &&
        records.bytes() <= metadata::kMaxRecordBytesPerRequest) {
        if (!records.empty()) parts.push_back(std::move(records));
        return parts;
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (parts.empty() || parts.back().size() >= metadata::kMaxRecordsPerRequest ||
            parts.back().bytes() >= metadata::kMaxRecordBytesPerRequest) {
            parts.emplace_back();
        }
        parts.back().add(records[i]);
    }
    return parts;
}

std::size_t size_of(const raft::Propose& propose, std::size_t from) {
    std::size_t bytes = 0;
    for (std::size_t i = from; i < propose.batches.size(); ++i) bytes += propose.batches[i].bytes();
    return bytes;
}

bool wants_more(const std::optional<metadata::Reply>& reply) {
    if (!reply) return false;
    if (const auto* sweep = std::get_if<metadata::SweepReply>(&*reply)) return sweep->has_more;
    const auto* fenced = std::get_if<metadata::FenceExpiredBroker::Reply>(&*reply);
    return fenced != nullptr && fenced->has_more;
}

}  // namespace

bool Rounds::may_activate() const {
    if (controller_ || failed_) return false;
    const auto* leader = std::get_if<raft::Leader>(&raft_->state().role);
    return leader != nullptr && committed_.end() >= leader->epoch_start;
}

void Rounds::activate() {
    const auto& state = raft_->state();
    const metadata::ImagePtr image = committed_.image();
    controller_.emplace(options_.controller, rules_, image, clock_.now());
    upkeep_.emplace(options_.upkeep, clock_.now());
    active_epoch_ = state.election.epoch;
    has_published_ = false;
    decided_end_ = state.log_end;
    raft::Propose propose;
    if (committed_.in_transaction()) {
        msg::AbortTransactionRecord abort;
        abort.reason = "the controller that began it has stopped";
        RecordList records;
        metadata::add_record(records, abort, ApiVersion(0));
        decided_end_ = decided_end_ + 1;
        propose.batches.push_back(std::move(records));
    }
    if (image->feature_level(metadata::kMetadataVersionFeature) == 0) {
        add_batch(metadata::bootstrap_records(options_.controller), propose);
    }
    if (!options_.controller_endpoints.empty()) {
        metadata::RegisterController request;
        request.id = options_.node;
        request.incarnation = random_.uuid();
        request.endpoints = options_.controller_endpoints;
        request.features = supported_features();
        decide({metadata::Request(std::move(request)), nullptr}, propose);
    }
    log_info("metadata_quorum_leads", {{"epoch", active_epoch_.value()},
                                       {"end", decided_end_.value()},
                                       {"topics", controller_->image()->topics_by_id.size()}});
    refused_.reset();
    if (!propose.batches.empty()) advance(propose);
    if (refused_) return fail_for_good(*refused_);
    // Nobody else will tell of those that ended before: the one that led until now, often.
    for (const BrokerId node : gone_) fence_at_once(node);
}

// What was committed while it led is published; all else was never decided.
void Rounds::deactivate() {
    if (!controller_) return;
    publish_committed();
    std::deque<Pending> lost;
    std::swap(lost, pending_);
    controller_.reset();
    upkeep_.reset();
    if (has_published_) committed_.replace(image());
    is_active_ = false;
    log_info("metadata_quorum_leads_no_more", {{"epoch", active_epoch_.value()}});
    for (Pending& one : lost) {
        if (one.done) one.done(std::unexpected(not_controller()));
    }
}

void Rounds::run_upkeep() {
    if (is_alone() || !controller_) return;
    auto due = upkeep_->due(controller_->sessions(), *controller_->image(), clock_.now());
    raft::Propose propose;
    decided_end_ = raft_->state().log_end;
    for (metadata::Request& request : due) {
        do {
            decide({request, nullptr}, propose);
        } while (wants_more(pending_.back().reply));
    }
    if (!propose.batches.empty()) advance(propose);
}

// The process of another node has ended: its broker is fenced without waiting for its session.
void Rounds::fence_at_once(BrokerId node) {
    if (!controller_) return;
    const metadata::BrokerImage* broker = controller_->image()->broker(node);
    if (broker == nullptr || broker->is_fenced) return;
    raft::Propose propose;
    decided_end_ = raft_->state().log_end;
    decide({metadata::Request(metadata::BrokerConnectionLost{node, broker->epoch}), nullptr},
           propose);
    if (!propose.batches.empty()) advance(propose);
}

void Rounds::decide_some(std::deque<Waiting>& waiting) {
    if (!controller_) return;
    raft::Propose propose;
    std::size_t bytes = 0;
    decided_end_ = raft_->state().log_end;
    while (!waiting.empty() && bytes < kMaxRoundBytes) {
        const std::size_t batches = propose.batches.size();
        Waiting next = std::move(waiting.front());
        waiting.pop_front();
        decide(std::move(next), propose);
        bytes += size_of(propose, batches);
    }
    if (!propose.batches.empty()) advance(propose);
}

// A heartbeat's answer is what a broker leads partitions by. While another node may have become the
// active controller, which knows nothing of it, none is given.
bool Rounds::leads_for_sure() const {
    if (is_alone()) return true;
    const auto lease = raft_->lease_until();
    return lease && clock_.now() < *lease;
}

void Rounds::add_batch(RecordList records, raft::Propose& propose) {
    decided_end_ = decided_end_ + static_cast<std::int64_t>(records.size());
    Pending one;
    one.end = decided_end_;
    one.before = controller_->image();
    one.change = controller_->apply(records, {decided_end_, active_epoch_, clock_.wall_now()});
    pending_.push_back(std::move(one));
    propose.batches.push_back(std::move(records));
    upkeep_->wrote(clock_.now());
}

void Rounds::decide(Waiting waiting, raft::Propose& propose) {
    auto* make = std::get_if<MakeRequest>(&waiting.request);
    const metadata::Request request = make
                                          ? (*make)(*controller_->image())
                                          : std::get<metadata::Request>(std::move(waiting.request));
    if (std::holds_alternative<metadata::BrokerHeartbeat>(request) && !leads_for_sure()) {
        if (waiting.done) waiting.done(std::unexpected(not_controller()));
        return;
    }
    auto decision = controller_->decide(request, decided_end_, clock_.now(), random_);
    controller_->observe(decision);
    const std::size_t before = pending_.size();
    for (RecordList& part : split(std::move(decision.records))) {
        add_batch(std::move(part), propose);
    }
    if (pending_.size() == before) pending_.emplace_back().end = decided_end_;
    pending_.back().reply = std::move(decision.reply);
    pending_.back().done = std::move(waiting.done);
}

// The log refused what was decided from here on: the state goes back to what comes before.
void Rounds::fail_pending_from(Offset from, const Error& why) {
    if (!controller_) return;
    std::deque<Pending> lost;
    while (!pending_.empty() && pending_.back().end > from) {
        lost.push_front(std::move(pending_.back()));
        pending_.pop_back();
    }
    metadata::ImagePtr last = has_published_ ? image() : committed_.image();
    for (const Pending& one : pending_) {
        if (one.change) last = one.change->image;
    }
    controller_.emplace(options_.controller, rules_, last, clock_.now());
    for (Pending& one : lost) {
        if (one.done) one.done(std::unexpected(why));
    }
}

}  // namespace milena::quorum
