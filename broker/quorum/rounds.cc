#include "broker/quorum/rounds.h"

#include "protocol/base/logger.h"
#include "protocol/msg/records/abort_transaction_record.h"
#include "protocol/wire/frame.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_codec.h"
#include "replication/raft/voters_record.h"

namespace milena::quorum {
namespace {

// What one round appends at most before it syncs, but for a single request.
constexpr std::size_t kMaxRoundBytes = 16U << 20;

// Records of the quorum found on the way, besides those of the metadata.
class Replay final : public metadata::BatchVisitor {
  public:
    Status on_record(ByteView value) override { return loader.apply(value); }

    Status on_control(ControlType type, ByteView value) override {
        return voters.on_control(type, value);
    }

    void on_batch_end(const BatchView& batch) override {
        provenance.end = batch.last_offset() + 1;
        provenance.epoch = batch.leader_epoch();
        provenance.last_timestamp = batch.max_timestamp();
    }

    metadata::Loader loader{std::make_shared<const metadata::Image>()};
    metadata::Provenance provenance;
    raft::VotersReader voters{{}};
};

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

}  // namespace

Rounds::Rounds(QuorumOptions options, const Clock& clock, std::uint64_t random_seed,
               const metadata::ConfigRules& rules, std::unique_ptr<MetadataLog> log)
    : options_(std::move(options)),
      clock_(clock),
      random_(random_seed),
      rules_(rules),
      log_(std::move(log)),
      snapshot_due_bytes_(options_.snapshot_bytes) {}

Status Rounds::replay() {
    Replay replay;
    MILENA_TRY(log_->replay(replay));
    transaction_left_open_ = replay.loader.in_transaction();
    replayed_ = replay.loader.take(replay.provenance);

    raft::Found found;
    const auto logged = replay.voters.take();
    if (logged && logged->kraft_version >= 1) {
        voters_ = *logged;
        found.voters.push_back({Offset(0), voters_});
    } else {
        for (const BrokerId id : options_.voters) voters_.voters.push_back({id, {}});
        if (options_.voters.empty()) voters_.voters.push_back({options_.node, {}});
    }
    raft::Options options;
    options.self = {options_.node, options_.directory_id};
    MILENA_TRY(check_voters(options.self));
    found.election = log_->election();
    found.log_end = log_->end();
    if (log_->last_epoch() > kNoLeaderEpoch) found.epochs = {{log_->last_epoch(), Offset(0)}};
    MILENA_ASSIGN(raft_, raft::Raft::create(std::move(options), voters_, found, random_.next()));
    return {};
}

// The raft machine can do more than what drives it here.
Status Rounds::check_voters(const raft::Voter& self) const {
    const std::string node = std::to_string(self.id.value());
    if (!voters_.contains(self.key())) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "controller.quorum.voters does not name node " + node +
                        ", which is to be its controller; add it, or correct node.id");
    }
    if (voters_.voters.size() == 1) return {};
    return fail(ErrorCode::INVALID_CONFIG,
                "controller.quorum.voters names " + std::to_string(voters_.voters.size()) +
                    " nodes; this version runs a metadata quorum of one node, so leave the "
                    "setting out or let it name node " +
                    node + " alone");
}

Status Rounds::start() {
    const metadata::ImageChange replayed = std::move(*replayed_);
    raft::Ready ready = raft_->step(raft::Start{}, clock_.now());
    controller_.emplace(options_.controller, rules_, replayed.image, clock_.now());
    decided_end_ = raft_->state().log_end;

    raft::Propose propose;
    std::vector<Pending> pending;
    if (transaction_left_open_) {
        msg::AbortTransactionRecord abort;
        abort.reason = "the controller that began it has stopped";
        RecordList records;
        metadata::add_record(records, abort, ApiVersion(0));
        decided_end_ = decided_end_ + 1;
        propose.batches.push_back(std::move(records));
    }
    if (replayed.image->feature_level(metadata::kMetadataVersionFeature) == 0) {
        add_batch(metadata::bootstrap_records(options_.controller), propose, pending);
    }
    if (!options_.controller_endpoints.empty()) {
        metadata::RegisterController request;
        request.id = options_.node;
        request.incarnation = random_.uuid();
        request.endpoints = options_.controller_endpoints;
        request.features = supported_features();
        decide({metadata::Request(std::move(request)), nullptr}, propose, pending);
    }
    auto proposed = raft_->step(propose, clock_.now());
    std::move(proposed.append.begin(), proposed.append.end(), std::back_inserter(ready.append));
    MILENA_TRY(perform(ready));
    publish(image(), replayed);
    finish(std::move(pending), {});
    log_info("metadata_quorum_leads", {{"epoch", raft_->state().election.epoch.value()},
                                       {"end", raft_->state().log_end.value()},
                                       {"topics", image()->topics_by_id.size()}});
    return {};
}

void Rounds::add_batch(RecordList records, raft::Propose& propose, std::vector<Pending>& pending) {
    decided_end_ = decided_end_ + static_cast<std::int64_t>(records.size());
    Pending one;
    one.end = decided_end_;
    one.before = controller_->image();
    one.change = controller_->apply(
        records, {decided_end_, raft_->state().election.epoch, clock_.wall_now()});
    pending.push_back(std::move(one));
    propose.batches.push_back(std::move(records));
}

void Rounds::decide(Waiting waiting, raft::Propose& propose, std::vector<Pending>& pending) {
    auto* make = std::get_if<MakeRequest>(&waiting.request);
    const metadata::Request request = make
                                          ? (*make)(*controller_->image())
                                          : std::get<metadata::Request>(std::move(waiting.request));
    auto decision = controller_->decide(request, decided_end_, clock_.now(), random_);
    controller_->observe(decision);
    const std::size_t before = pending.size();
    for (RecordList& part : split(std::move(decision.records))) {
        add_batch(std::move(part), propose, pending);
    }
    if (pending.size() == before) pending.emplace_back().end = decided_end_;
    pending.back().reply = std::move(decision.reply);
    pending.back().done = std::move(waiting.done);
}

void Rounds::run(std::deque<Waiting>& waiting) {
    if (!is_leader()) {
        auto done = std::move(waiting.front().done);
        waiting.pop_front();
        if (done) done(std::unexpected(not_controller()));
        return;
    }
    raft::Propose propose;
    std::vector<Pending> pending;
    std::size_t bytes = 0;
    decided_end_ = raft_->state().log_end;
    while (!waiting.empty() && bytes < kMaxRoundBytes) {
        const std::size_t batches = propose.batches.size();
        Waiting next = std::move(waiting.front());
        waiting.pop_front();
        decide(std::move(next), propose, pending);
        for (std::size_t i = batches; i < propose.batches.size(); ++i) {
            bytes += propose.batches[i].bytes();
        }
    }
    Status status;
    if (!propose.batches.empty()) status = perform(raft_->step(propose, clock_.now()));
    finish(std::move(pending), status);
    if (!propose.batches.empty()) snapshot_if_due();
}

Status Rounds::perform(const raft::Ready& ready) {
    if (ready.election) {
        if (auto status = log_->write_election(*ready.election, voters_); !status) {
            return fail_for_good(std::move(status).error());
        }
    }
    Status refused;
    for (const raft::Append& batch : ready.append) {
        refused = log_->append(batch, now());
        if (refused) continue;
        // Without its first record, the epoch cannot begin.
        if (log_->broken() || ready.election) return fail_for_good(refused.error());
        raft_->step(raft::Refused{batch.base_offset}, clock_.now());
        break;
    }
    if (log_->end() > raft_->state().synced_end) {
        if (auto status = log_->sync(); !status) return fail_for_good(std::move(status).error());
        raft_->step(raft::Synced{log_->end()}, clock_.now());
    }
    return refused;
}

void Rounds::finish(std::vector<Pending> pending, const Status& status) {
    const Offset committed = raft_->state().high_watermark;
    for (Pending& one : pending) {
        if (one.end > committed || failed_) {
            if (one.done) one.done(std::unexpected(status.error()));
            continue;
        }
        if (one.change) publish(one.before, std::move(*one.change));
        if (one.done) one.done(std::move(*one.reply));
    }
    if (!status) controller_.emplace(options_.controller, rules_, image(), clock_.now());
}

void Rounds::publish(const metadata::ImagePtr& before, metadata::ImageChange change) {
    image_.store(change.image);
    for (const auto& publisher : publishers_) publisher(before, change.image, change.delta);
}

// A snapshot only saves time at the next start, so that a failed one is tried again later.
void Rounds::snapshot_if_due() {
    if (!is_leader() || log_->bytes_since_snapshot() < snapshot_due_bytes_) return;
    const auto status = log_->write_snapshot(*image(), voters_, now());
    if (status) {
        snapshot_due_bytes_ = options_.snapshot_bytes;
        return;
    }
    snapshot_due_bytes_ = log_->bytes_since_snapshot() + options_.snapshot_bytes;
    log_warn("metadata_snapshot_failed", {{"reason", status.error().detail}});
}

Status Rounds::stop() {
    if (raft_) raft_->step(raft::Resign{}, clock_.now());
    return log_->close(now());
}

Error Rounds::not_controller() const {
    if (failed_) return *failed_;
    return {ErrorCode::NOT_CONTROLLER, "this node is not the active controller; retry"};
}

std::unexpected<Error> Rounds::fail_for_good(Error error) {
    log_error("metadata_log_failed", {{"reason", error.detail}});
    failed_ = Error{ErrorCode::NOT_CONTROLLER,
                    "the metadata log of this node failed, it is stopping: " + error.detail};
    options_.on_failure(error);
    return std::unexpected(*failed_);
}

std::vector<metadata::FeatureRange> supported_features() {
    std::vector<metadata::FeatureRange> ranges;
    for (const auto& feature : metadata::kFeatures) {
        ranges.push_back({std::string(feature.name), feature.min, feature.max});
    }
    return ranges;
}

}  // namespace milena::quorum
