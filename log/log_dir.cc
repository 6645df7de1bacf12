#include "log/log_dir.h"

#include "log/clean_shutdown.h"
#include "log/meta_properties.h"
#include "log/partition_metadata.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <array>
#include <utility>

namespace milena::log {

struct LogDir::State {
    State(Disk& on, std::string at, FileCache* with, std::uint64_t seed)
        : disk(on), path(std::move(at)), files(with), random(seed) {}

    // A directory that waits to be removed with all it holds.
    struct Doomed {
        MonoTime due;
        std::string path;
    };

    Disk& disk;
    std::string path;
    FileCache* files;
    SeededRandom random;
    std::unique_ptr<FileLock> lock;
    MetaProperties meta;
    std::optional<CleanShutdown> clean_shutdown;
    std::vector<Doomed> doomed;
    TimestampMs checkpointed{0};  // when the recovery points that scan() read were written
    mutable DamageCounts damage;
    std::array<std::optional<std::uint32_t>, 4> written;  // checksums of the checkpoints on disk

    std::string in(std::string_view name) const { return join_path(path, name); }
    std::string in(const TopicPartition& id) const { return in(partition_directory(id)); }
    Result<std::unique_ptr<PartitionLog>> open(const FoundPartition& found,
                                               const LogSettings& settings, Shutdown left,
                                               LogTime now) const;
    Status rename_marked(const TopicPartition& id, DirectoryState mark, std::string& marked);
};

namespace {

// A batch may have been written a moment before the checkpoint that does not cover it.
constexpr std::int64_t kWriteAheadOfCheckpoint = 2'000;  // ms
constexpr std::string_view kProbeFile = ".probe";

Offset find_or_zero(const OffsetCheckpoint& offsets, const TopicPartition& id) {
    const auto found = offsets.find(id);
    return found == offsets.end() ? Offset{0} : found->second;
}

Status check_identity(const std::string& path, const MetaProperties& found,
                      const LogDirIdentity& identity) {
    if (!found.cluster_id.empty() && found.cluster_id != identity.cluster_id) {
        return fail(ErrorCode::INCONSISTENT_CLUSTER_ID,
                    path + " belongs to cluster " + found.cluster_id + ", this node to " +
                        identity.cluster_id + "; point log.dirs elsewhere");
    }
    if (found.node_id != kNoBroker && found.node_id != identity.node_id) {
        return fail(ErrorCode::INVALID_CONFIG,
                    path + " belongs to node " + std::to_string(found.node_id.value()) +
                        ", this is node " + std::to_string(identity.node_id.value()) +
                        "; set node.id back or point log.dirs elsewhere");
    }
    return {};
}

// Removes at most `budget` files below `path`, then `path` itself. True: all is gone.
Result<bool> remove_some(Disk& disk, const std::string& path, std::size_t& budget) {
    MILENA_ASSIGN(const auto entries, disk.list(path));
    for (const DirectoryEntry& entry : entries) {
        if (budget == 0) return false;
        const std::string child = join_path(path, entry.name);
        if (entry.is_directory) {
            MILENA_ASSIGN(const bool gone, remove_some(disk, child, budget));
            if (!gone) return false;
        } else {
            MILENA_TRY(disk.remove(child));
            --budget;
        }
    }
    MILENA_TRY(disk.remove(path));
    return true;
}

}  // namespace

LogDir::LogDir(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogDir::~LogDir() = default;

Result<std::unique_ptr<LogDir>> LogDir::open(Disk& disk, std::string path,
                                             const LogDirIdentity& identity, Random& random,
                                             FileCache* files) {
    auto state = std::make_unique<State>(disk, std::move(path), files, random.next());
    State& s = *state;
    MILENA_TRY(disk.make_dir(s.path));
    MILENA_ASSIGN(s.lock, disk.lock(s.in(kLockFile)));
    MILENA_ASSIGN(auto meta, read_meta_properties(disk, s.path));
    if (meta) {
        MILENA_TRY(check_identity(s.path, *meta, identity));
        s.meta = *meta;
    }
    const bool complete = meta && meta->directory_id && !meta->cluster_id.empty();
    if (!complete) {
        if (!s.meta.directory_id) s.meta.directory_id = DirectoryId{random.uuid()};
        s.meta.cluster_id = identity.cluster_id;
        s.meta.node_id = identity.node_id;
        MILENA_TRY(write_meta_properties(disk, s.path, s.meta));
        MILENA_TRY(disk.sync_dir(parent_path(s.path)));
    }
    MILENA_ASSIGN(s.clean_shutdown, read_clean_shutdown(disk, s.path));
    return std::unique_ptr<LogDir>(new LogDir(std::move(state)));
}

const std::string& LogDir::path() const {
    return state_->path;
}
DirectoryId LogDir::id() const {
    return *state_->meta.directory_id;
}
const std::string& LogDir::cluster_id() const {
    return state_->meta.cluster_id;
}

Shutdown LogDir::shutdown() const {
    return state_->clean_shutdown ? Shutdown::clean : Shutdown::unclean;
}

std::optional<BrokerEpoch> LogDir::previous_broker_epoch() const {
    if (!state_->clean_shutdown) return std::nullopt;
    return state_->clean_shutdown->broker_epoch;
}

Result<std::vector<FoundPartition>> LogDir::scan(LogTime now) {
    State& s = *state_;
    MILENA_ASSIGN(const auto recovery_points,
                  read_offset_checkpoint(s.disk, s.in(kRecoveryPointCheckpoint)));
    MILENA_ASSIGN(const auto log_starts, read_offset_checkpoint(s.disk, s.in(kLogStartCheckpoint)));
    MILENA_ASSIGN(const auto high_watermarks,
                  read_offset_checkpoint(s.disk, s.in(kHighWatermarkCheckpoint)));
    MILENA_ASSIGN(const auto cleaned, read_offset_checkpoint(s.disk, s.in(kCleanerCheckpoint)));
    MILENA_ASSIGN(const auto entries, s.disk.list(s.path));
    std::vector<FoundPartition> found;
    for (const DirectoryEntry& entry : entries) {
        if (!entry.is_directory) continue;
        const auto name = parse_partition_directory(entry.name);
        if (!name || name->id.topic == kMetadataTopic) continue;
        const std::string directory = s.in(entry.name);
        if (name->state == DirectoryState::to_delete) s.doomed.push_back({now.mono, directory});
        if (name->state != DirectoryState::live) continue;
        found.push_back({name->id, find_or_zero(recovery_points, name->id),
                         find_or_zero(log_starts, name->id),
                         find_or_zero(high_watermarks, name->id), find_or_zero(cleaned, name->id)});
    }
    std::ranges::sort(found, {}, &FoundPartition::id);
    if (const auto written = s.disk.stat(s.in(kRecoveryPointCheckpoint))) {
        s.checkpointed = written->modified;
    }
    return found;
}

Result<std::optional<TopicId>> LogDir::topic_id_of(const TopicPartition& partition) const {
    return read_partition_metadata(state_->disk, state_->in(partition));
}

std::uint64_t LogDir::bytes_to_recover(const FoundPartition& found) const {
    const State& s = *state_;
    const auto entries = s.disk.list(s.in(found.id));
    if (!entries) return 0;
    std::uint64_t bytes = 0;
    // By name, so by offset: from the last on, until one begins below the recovery point.
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
        const auto name = parse_segment_file(entry->name);
        if (!name || name->kind != FileKind::log || name->suffix != FileSuffix::none) continue;
        if (entry->modified >= s.checkpointed - kWriteAheadOfCheckpoint) bytes += entry->size;
        if (name->offset < found.recovery_point) break;
    }
    return bytes;
}

Result<bool> LogDir::holds_records(const TopicPartition& partition) const {
    MILENA_ASSIGN(const auto entries, state_->disk.list(state_->in(partition)));
    return std::ranges::any_of(entries, [](const DirectoryEntry& entry) {
        const auto name = parse_segment_file(entry.name);
        return name && name->kind == FileKind::log && entry.size > 0;
    });
}

Result<std::unique_ptr<PartitionLog>> LogDir::load(const FoundPartition& found,
                                                   const LogSettings& settings, LogTime now) const {
    return state_->open(found, settings, shutdown(), now);
}

Result<std::unique_ptr<PartitionLog>> LogDir::State::open(const FoundPartition& found,
                                                          const LogSettings& settings,
                                                          Shutdown left, LogTime now) const {
    const std::string directory = in(found.id);
    return PartitionLog::open(disk, directory,
                              {.settings = settings,
                               .shutdown = left,
                               .recovery_point = found.recovery_point,
                               .log_start_offset = found.log_start_offset,
                               .cleaned_to = found.cleaned_to,
                               .now = now,
                               .random_seed = std::hash<std::string>{}(directory),
                               .files = files,
                               .damage = &damage});
}

Status LogDir::begin() {
    return remove_clean_shutdown(state_->disk, state_->path);
}

Result<std::unique_ptr<PartitionLog>> LogDir::create(const TopicPartition& partition,
                                                     TopicId topic_id, const LogSettings& settings,
                                                     LogTime now) const {
    const State& s = *state_;
    FoundPartition fresh;
    fresh.id = partition;
    const std::string directory = s.in(partition);
    MILENA_ASSIGN(const auto other, read_partition_metadata(s.disk, directory));
    if (other && *other != topic_id) {
        return fail(ErrorCode::INCONSISTENT_TOPIC_ID, directory + " belongs to topic id " +
                                                          other->value().to_string() + ", not " +
                                                          topic_id.value().to_string());
    }
    if (!other) {
        MILENA_TRY(s.disk.make_dir(directory));
        MILENA_TRY(begin_partition_metadata(s.disk, directory, topic_id));
    }
    // A log that was opened before in this process and not closed is no better than after a crash.
    return s.open(fresh, settings, Shutdown::unclean, now);
}

Status LogDir::State::rename_marked(const TopicPartition& id, DirectoryState mark,
                                    std::string& marked) {
    marked = in(marked_directory(id, random.uuid(), mark));
    return disk.rename(in(id), marked);
}

Status LogDir::remove(const TopicPartition& partition, Millis file_delete_delay, LogTime now) {
    std::string marked;
    auto renamed = state_->rename_marked(partition, DirectoryState::to_delete, marked);
    if (!renamed) return renamed.error().io == IoCause::not_found ? Status{} : renamed;
    MILENA_TRY(state_->disk.sync_dir(state_->path));
    state_->doomed.push_back({now.mono + file_delete_delay, std::move(marked)});
    return {};
}

Status LogDir::mark_stray(const TopicPartition& partition) {
    std::string marked;
    MILENA_TRY(state_->rename_marked(partition, DirectoryState::stray, marked));
    MILENA_TRY(state_->disk.sync_dir(state_->path));
    log_warn("partition_stray", {{"directory", marked}});
    return {};
}

std::vector<std::string> LogDir::take_due(LogTime now) {
    std::vector<std::string> due;
    std::erase_if(state_->doomed, [&](State::Doomed& doomed) {
        if (doomed.due > now.mono) return false;
        due.push_back(std::move(doomed.path));
        return true;
    });
    return due;
}

Status LogDir::remove_due(std::vector<std::string>& due, std::size_t max_files) const {
    while (!due.empty() && max_files > 0) {
        MILENA_ASSIGN(const bool gone, remove_some(state_->disk, due.back(), max_files));
        if (!gone) return {};
        log_info("partition_files_removed", {{"directory", due.back()}});
        due.pop_back();
    }
    return {};
}

void LogDir::put_back(std::vector<std::string> due, LogTime now) {
    for (auto& path : due) state_->doomed.push_back({now.mono, std::move(path)});
}

Status LogDir::write_checkpoints(const Checkpoints& checkpoints) {
    State& s = *state_;
    const std::array<std::pair<std::string_view, const OffsetCheckpoint*>, 4> files{
        {{kRecoveryPointCheckpoint, &checkpoints.recovery_points},
         {kLogStartCheckpoint, &checkpoints.log_start_offsets},
         {kHighWatermarkCheckpoint, &checkpoints.high_watermarks},
         {kCleanerCheckpoint, &checkpoints.cleaned_to}}};
    for (std::size_t i = 0; i < files.size(); ++i) {
        const std::string text = offset_checkpoint_text(*files[i].second);
        const std::uint32_t checksum = crc32c(as_bytes(text));
        if (s.written[i] == checksum) continue;
        // Refused half-way, the file may be the old one or the new one.
        s.written[i].reset();
        MILENA_TRY(replace_file(s.disk, s.in(files[i].first), as_bytes(text)));
        s.written[i] = checksum;
    }
    return {};
}

Status LogDir::forget_checkpoints(const std::set<TopicPartition>& partitions) {
    State& s = *state_;
    std::set<TopicPartition> gone;
    for (const TopicPartition& id : partitions) {
        // What could not be removed goes by its lines at the next start.
        MILENA_ASSIGN(const bool there, s.disk.exists(s.in(partition_directory(id))));
        if (!there) gone.insert(id);
    }
    const auto read = [&](std::string_view name, OffsetCheckpoint& into) -> Status {
        MILENA_ASSIGN(into, read_offset_checkpoint(s.disk, s.in(name)));
        std::erase_if(into, [&](const auto& line) { return gone.contains(line.first); });
        return {};
    };
    Checkpoints left;
    MILENA_TRY(read(kRecoveryPointCheckpoint, left.recovery_points));
    MILENA_TRY(read(kLogStartCheckpoint, left.log_start_offsets));
    MILENA_TRY(read(kHighWatermarkCheckpoint, left.high_watermarks));
    MILENA_TRY(read(kCleanerCheckpoint, left.cleaned_to));
    return write_checkpoints(left);
}

Status LogDir::probe() const {
    const State& s = *state_;
    MILENA_TRY(replace_file(s.disk, s.in(kProbeFile), as_bytes(std::string_view("probe\n"))));
    MILENA_ASSIGN([[maybe_unused]] const auto read, read_file(s.disk, s.in(kProbeFile), 64));
    return s.disk.remove(s.in(kProbeFile));
}

const DamageCounts& LogDir::damage() const {
    return state_->damage;
}

Result<DiskSpace> LogDir::space() const {
    return state_->disk.space(state_->path);
}

Status LogDir::close(const Checkpoints& checkpoints, BrokerEpoch broker_epoch) {
    MILENA_TRY(write_checkpoints(checkpoints));
    return write_clean_shutdown(state_->disk, state_->path, broker_epoch);
}

}  // namespace milena::log
