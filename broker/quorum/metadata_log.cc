#include "broker/quorum/metadata_log.h"

#include "log/layout.h"
#include "log/partition_metadata.h"
#include "protocol/base/logger.h"
#include "protocol/base/read_slice.h"

#include <algorithm>

namespace milena::quorum {
namespace {

constexpr std::string_view kQuorumState = "quorum-state";
constexpr std::uint64_t kMaxQuorumStateBytes = 1U << 20;
// The log is read in pieces of this size, more where a batch is longer.
constexpr std::int32_t kReadBytes = 4 << 20;
// What is being fetched from another replica, until it is complete.
constexpr std::string_view kChunksSuffix = ".fetched";

Status check_topic(log::Disk& disk, const std::string& directory) {
    MILENA_ASSIGN(const auto found, log::read_partition_metadata(disk, directory));
    if (!found) return log::write_partition_metadata(disk, directory, kMetadataTopicId);
    if (*found == kMetadataTopicId) return {};
    return fail(ErrorCode::INCONSISTENT_TOPIC_ID,
                directory + " holds topic id " + found->value().to_string() +
                    ", not the metadata log; point metadata.log.dir elsewhere");
}

// Only looks whether all can be read.
class NoVisitor final : public metadata::BatchVisitor {
  public:
    Status on_record(ByteView) override { return {}; }
    Status on_control(ControlType, ByteView) override { return {}; }
    void on_batch_end(const BatchView&) override {}
};

// Notes how far the walk has come.
class Progress final : public metadata::BatchVisitor {
  public:
    explicit Progress(metadata::BatchVisitor& inner) : inner_(inner) {}

    Status on_record(ByteView value) override { return inner_.on_record(value); }
    Status on_control(ControlType type, ByteView value) override {
        return inner_.on_control(type, value);
    }
    void on_batch_end(const BatchView& batch) override {
        inner_.on_batch_end(batch);
        next = batch.last_offset() + 1;
    }

    Offset next{0};

  private:
    metadata::BatchVisitor& inner_;
};

}  // namespace

Result<std::unique_ptr<MetadataLog>> MetadataLog::open(log::Disk& disk,
                                                       const std::string& data_directory,
                                                       const log::LogSettings& settings,
                                                       log::LogTime now) {
    const std::string directory = log::join_path(
        data_directory,
        log::partition_directory({std::string(log::kMetadataTopic), PartitionIndex(0)}));
    MILENA_TRY(disk.make_dir(directory));
    MILENA_TRY(disk.sync_dir(data_directory));
    MILENA_TRY(check_topic(disk, directory));
    std::unique_ptr<MetadataLog> self(new MetadataLog(disk, directory));
    MILENA_TRY(self->read_election());
    MILENA_TRY(self->find_snapshots());
    MILENA_ASSIGN(const auto damaged, self->drop_damaged_snapshots());
    // As if the last stop had been unclean, whatever it was: all of it is read anyway.
    log::OpenOptions options;
    options.settings = settings;
    // Only what a snapshot has made superfluous may go.
    options.settings.retention_ms = std::nullopt;
    options.settings.retention_bytes = std::nullopt;
    options.settings.cleanup_policy = log::CleanupPolicy::remove;
    options.now = now;
    if (!self->snapshots_.empty()) options.recovery_point = self->snapshots_.back().id.end;
    MILENA_ASSIGN(self->log_, log::PartitionLog::open(disk, directory, options));
    MILENA_TRY(self->set_aside(damaged));
    if (!self->snapshots_.empty() && self->end() < self->snapshots_.back().id.end) {
        MILENA_TRY(self->log_->truncate_fully_and_start_at(self->snapshots_.back().id.end, now));
    }
    const auto& report = self->log_->recovery_report();
    if (report.cut_bytes > 0) {
        log_warn(
            "metadata_log_cut",
            {{"directory", directory}, {"bytes", report.cut_bytes}, {"end", self->end().value()}});
    }
    return self;
}

Status MetadataLog::read_election() {
    const std::string path = log::join_path(directory_, kQuorumState);
    MILENA_ASSIGN(const bool exists, disk_.exists(path));
    if (!exists) return {};
    MILENA_ASSIGN(const auto bytes, log::read_file(disk_, path, kMaxQuorumStateBytes));
    auto election = raft::parse_election_state(as_text(bytes));
    if (!election) {
        election.error().detail = path + ": " + election.error().detail;
        return std::unexpected(std::move(election).error());
    }
    election_ = *election;
    return {};
}

Status MetadataLog::find_snapshots() {
    MILENA_ASSIGN(const auto entries, disk_.list(directory_));
    for (const auto& entry : entries) {
        const auto id = parse_snapshot_name(entry.name);
        // The one at offset 0 says who the first voters were and holds no metadata.
        if (id && id->end.value() > 0) snapshots_.push_back({*id, entry.size});
    }
    std::sort(snapshots_.begin(), snapshots_.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    return {};
}

// Whatever is damaged at the end of the list.
Result<std::vector<MetadataLog::DamagedSnapshot>> MetadataLog::drop_damaged_snapshots() {
    std::vector<DamagedSnapshot> damaged;
    NoVisitor nobody;
    while (!snapshots_.empty()) {
        auto read = read_snapshot(disk_, directory_, snapshots_.back().id, nobody);
        if (read) break;
        if (read.error().code == ErrorCode::KAFKA_STORAGE_ERROR) {
            return std::unexpected(std::move(read).error());
        }
        damaged.push_back({snapshots_.back().id, std::move(read).error()});
        snapshots_.pop_back();
    }
    return damaged;
}

// The snapshot before it, or the beginning of the log, must reach as far: then it is not needed.
Status MetadataLog::set_aside(const std::vector<DamagedSnapshot>& damaged) {
    const Offset from = snapshots_.empty() ? Offset{0} : snapshots_.back().id.end;
    for (const auto& [id, error] : damaged) {
        if (log_->log_start_offset() > from || end() < id.end) return std::unexpected(error);
        const std::string path = log::join_path(directory_, snapshot_name(id));
        log_error("metadata_snapshot_damaged",
                  {{"file", path},
                   {"reason", error.detail},
                   {"remedy", "none needed: the state is read from the one before and the log"}});
        MILENA_TRY(disk_.rename(path, path + ".damaged"));
    }
    return {};
}

Status MetadataLog::write_election(const raft::ElectionState& election,
                                   const raft::VoterSet& voters) {
    MILENA_TRY(log::replace_file(disk_, log::join_path(directory_, kQuorumState),
                                 as_bytes(raft::to_json(election, voters))));
    election_ = election;
    return {};
}

raft::Found MetadataLog::found() const {
    raft::Found found;
    found.election = election_;
    found.log_start = log_->log_start_offset();
    found.log_end = end();
    found.snapshots = snapshots_;
    for (const auto& entry : log_->epochs())
        found.epochs.push_back({entry.epoch, entry.start_offset});
    if (!snapshots_.empty()) {
        const SnapshotId& latest = snapshots_.back().id;
        if (found.epochs.empty() || found.epochs.back().epoch < latest.epoch) {
            found.epochs = {{latest.epoch, latest.end}};
        }
    }
    return found;
}

Result<Offset> MetadataLog::replay_snapshot(metadata::BatchVisitor& visitor) const {
    if (snapshots_.empty()) return log_->log_start_offset();
    MILENA_TRY(read_snapshot(disk_, directory_, snapshots_.back().id, visitor));
    return snapshots_.back().id.end;
}

Status MetadataLog::replay_log(Offset from, Offset to, metadata::BatchVisitor& visitor) const {
    Offset next = from;
    metadata::BatchWalk walk;
    Progress progress(visitor);
    while (next < to) {
        MILENA_ASSIGN(const auto bytes, read(raft::ReadLog{next, to, kReadBytes}));
        if (auto walked = walk.walk(bytes, progress); !walked) {
            walked.error().detail = directory_ + ": " + walked.error().detail;
            return std::unexpected(std::move(walked).error());
        }
        MILENA_ASSERT(progress.next > next);
        next = progress.next;
    }
    return {};
}

Result<std::vector<std::uint8_t>> MetadataLog::read(const raft::ReadLog& range) const {
    MILENA_ASSIGN(const auto read,
                  log_->read(range.from, static_cast<std::uint64_t>(range.max_bytes),
                             log::FirstBatch::always_whole, range.limit));
    std::vector<std::uint8_t> bytes;
    MILENA_TRY(read_whole(read.slice, bytes,
                          directory_ + " at offset " + std::to_string(range.from.value())));
    return bytes;
}

Status MetadataLog::append(const raft::Append& batch, log::LogTime now) {
    BatchTraits traits;
    traits.base_offset = batch.base_offset;
    traits.leader_epoch = batch.epoch;
    MILENA_ASSERT(batch.base_offset == end());
    std::vector<std::uint8_t> control;
    BatchBuilder data(traits);
    MutableBytes bytes;
    if (!batch.control.empty()) {
        std::vector<ControlRecord> records;
        for (std::size_t i = 0; i < batch.control.size(); ++i) {
            records.push_back({batch.control[i], batch.values[i]});
        }
        control = build_control_batch(traits, now.wall, records);
        bytes = control;
    } else {
        for (std::size_t i = 0; i < batch.values.size(); ++i) {
            data.add(now.wall, {}, batch.values[i]);
        }
        bytes = data.finish();
    }
    MILENA_TRY(log_->append_as_leader(bytes, batch.epoch, now));
    return {};
}

Status MetadataLog::append(const raft::AppendFetched& batches, log::LogTime now) {
    MILENA_ASSERT(batches.base_offset == end());
    MILENA_TRY(log_->append_as_follower(batches.batches, now));
    return {};
}

Status MetadataLog::sync() {
    return log_->sync(log::SyncScope::data);
}

std::uint64_t MetadataLog::bytes_since_snapshot() const {
    if (snapshots_.empty() || snapshots_.back().id.end <= log_->log_start_offset()) {
        return log_->size_bytes();
    }
    const auto from = log_->position_of(snapshots_.back().id.end);
    return from ? log_->bytes_between(*from, log_->end_position()) : 0;
}

Result<std::uint64_t> MetadataLog::write_snapshot(const metadata::Image& image,
                                                  const raft::VoterSet& voters, log::LogTime now) {
    // The next start takes the snapshot's end for a recovery point.
    MILENA_TRY(log_->sync(log::SyncScope::everything));
    MILENA_TRY(quorum::write_snapshot(disk_, directory_, image, voters, now.wall));
    const SnapshotId id{image.provenance.end, image.provenance.epoch};
    MILENA_ASSIGN(const auto entry, disk_.stat(log::join_path(directory_, snapshot_name(id))));
    snapshots_.push_back({id, entry.size});
    return entry.size;
}

Status MetadataLog::trim_to(const SnapshotId& id, log::LogTime now) {
    while (!snapshots_.empty() && snapshots_.front().id < id) {
        const auto name = snapshot_name(snapshots_.front().id);
        MILENA_TRY(disk_.remove(log::join_path(directory_, name)));
        snapshots_.erase(snapshots_.begin());
    }
    if (id.end <= log_->log_start_offset()) return {};
    MILENA_TRY(log_->advance_log_start_offset(id.end));
    MILENA_TRY(log_->delete_old_segments(id.end, now));
    return log_->remove_deleted_files(now.mono);
}

Result<std::vector<std::uint8_t>> MetadataLog::read(const raft::ReadSnapshot& range) const {
    const auto path = log::join_path(directory_, snapshot_name(range.id));
    MILENA_ASSIGN(const auto file, disk_.open(path, log::OpenMode::read));
    std::vector<std::uint8_t> bytes;
    MILENA_TRY(read_whole({file, range.position, range.length}, bytes, path));
    return bytes;
}

Status MetadataLog::write_chunk(const raft::SnapshotChunk& chunk) {
    const auto path =
        log::join_path(directory_, snapshot_name(chunk.id) + std::string(kChunksSuffix));
    MILENA_ASSIGN(const auto file, disk_.open(path, log::OpenMode::open_or_create));
    if (chunk.position == 0) MILENA_TRY(file->truncate(0));
    MILENA_TRY(file->write_at(chunk.position, chunk.bytes));
    return chunk.is_last ? file->sync() : Status{};
}

Result<std::uint64_t> MetadataLog::load_snapshot(const SnapshotId& id,
                                                 metadata::BatchVisitor& visitor,
                                                 log::LogTime now) {
    const auto path = log::join_path(directory_, snapshot_name(id));
    const auto chunks = path + std::string(kChunksSuffix);
    if (auto read = read_snapshot_file(disk_, chunks, visitor); !read) {
        MILENA_TRY(disk_.remove(chunks));
        return std::unexpected(std::move(read).error());
    }
    MILENA_TRY(disk_.rename(chunks, path));
    MILENA_TRY(disk_.sync_dir(directory_));
    MILENA_TRY(log_->truncate_fully_and_start_at(id.end, now));
    MILENA_ASSIGN(const auto entry, disk_.stat(path));
    snapshots_.push_back({id, entry.size});
    return entry.size;
}

}  // namespace milena::quorum
