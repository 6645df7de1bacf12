#include "broker/replica/log_store.h"

#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::replica {
namespace {

// Files removed per step and directory, so that a step stays short.
constexpr std::size_t kFilesPerStep = 1000;

log::TopicPartition key_of(const PartitionName& name) {
    return {name.topic, name.index};
}

log::FoundPartition found_of(const PartitionName& name, const DormantLog& dormant) {
    return {key_of(name), dormant.recovery_point, dormant.log_start_offset, dormant.high_watermark,
            dormant.cleaned_to};
}

// Of another owner's directory nothing may be touched, whatever else there is.
bool forbids_start(const Error& error) {
    return error.code != ErrorCode::KAFKA_STORAGE_ERROR || error.io == IoCause::locked;
}

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::open(log::Disk& disk, Options options,
                                                 const Clock& clock, Random& random) {
    std::unique_ptr<LogStore> store(new LogStore(std::move(options), clock));
    auto known = store->options_.identity;
    std::optional<Error> failed;
    bool any = false;
    for (const auto& path : store->options_.paths) {
        auto& dir = *store->dirs_.emplace_back(std::make_unique<Dir>());
        dir.path = path;
        auto opened = log::LogDir::open(disk, path, known, random, store->options_.files);
        Status status;
        if (opened) {
            dir.log_dir = std::move(*opened);
            status =
                store->find_partitions(dir, static_cast<DirectoryIndex>(store->dirs_.size() - 1));
        } else {
            status = std::unexpected(std::move(opened).error());
        }
        if (!status) {
            if (forbids_start(status.error())) return std::unexpected(std::move(status).error());
            store->go_offline(dir, status.error());
            failed = std::move(status).error();
            continue;
        }
        // All directories of a node belong to the cluster of the first.
        known.cluster_id = dir.log_dir->cluster_id();
        dir.is_online = true;
        any = true;
        store->look_at_room(dir);
    }
    if (!any && failed) return std::unexpected(std::move(*failed));
    return store;
}

Status LogStore::find_partitions(Dir& dir, DirectoryIndex index) {
    MILENA_ASSIGN(auto found, dir.log_dir->scan(now()));
    for (auto& partition : found) {
        auto key = partition.id;
        if (found_.emplace(key, Found(index, std::move(partition))).second) continue;
        return fail(ErrorCode::INVALID_CONFIG, "partition " + key.topic + "-" +
                                                   std::to_string(key.partition.value()) +
                                                   " is in two data directories, one of them " +
                                                   dir.path + "; remove the older copy");
    }
    return {};
}

Status LogStore::begin() {
    const std::lock_guard lock(mutex_);
    for (auto& dir : dirs_) {
        if (dir->is_online) MILENA_TRY(dir->log_dir->begin());
    }
    return {};
}

DirectoryIndex LogStore::emptiest() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < dirs_.size(); ++i) {
        const bool better = dirs_[i]->is_online && (!dirs_[best]->is_online ||
                                                    dirs_[i]->partitions < dirs_[best]->partitions);
        if (better) best = i;
    }
    return static_cast<DirectoryIndex>(best);
}

std::optional<DirectoryIndex> LogStore::offline_one() const {
    for (std::size_t i = 0; i < dirs_.size(); ++i) {
        if (!dirs_[i]->is_online) return static_cast<DirectoryIndex>(i);
    }
    return std::nullopt;
}

DormantLog LogStore::claim(const PartitionName& name, Known known) {
    const std::lock_guard lock(mutex_);
    DormantLog claimed;
    if (const auto found = found_.find(key_of(name)); found != found_.end()) {
        const auto& [directory, partition] = found->second;
        claimed.directory = directory;
        claimed.exists = true;
        claimed.needs_recovery = at(directory).log_dir->shutdown() == log::Shutdown::unclean;
        claimed.recovery_point = partition.recovery_point;
        claimed.log_start_offset = partition.log_start_offset;
        claimed.high_watermark = partition.high_watermark;
        claimed.cleaned_to = partition.cleaned_to;
        found_.erase(found);
    } else {
        const auto offline = known == Known::since_before ? offline_one() : std::nullopt;
        claimed.directory = offline.value_or(emptiest());
    }
    ++at(claimed.directory).partitions;
    return claimed;
}

// The directory of that name holds this very topic. One that holds something else is set aside.
Result<bool> LogStore::is_usable(Dir& dir, const PartitionName& name) {
    const auto key = key_of(name);
    MILENA_ASSIGN(const auto id, dir.log_dir->topic_id_of(key));
    if (id == name.topic_id) return true;
    MILENA_ASSIGN(const bool holds_records, dir.log_dir->holds_records(key));
    gone_.add(key);
    // The same name with another id is what is left of a deleted topic.
    if (id || holds_records) {
        const std::lock_guard lock(mutex_);
        MILENA_TRY(dir.log_dir->mark_stray(key));
    }
    return false;
}

// The checkpoints on disk still speak of a topic of the same name that has just been deleted: after
// a crash its successor would take them for its own.
Status LogStore::forget_predecessor(const log::TopicPartition& key) {
    if (!gone_.has_lines(key)) return {};
    const std::lock_guard lock(mutex_);
    const auto until = gone_.mark();
    const auto gone = gone_.all();
    for (const auto& dir : dirs_) {
        if (dir->is_online) MILENA_TRY(dir->log_dir->forget_checkpoints(gone));
    }
    gone_.lines_removed(until);
    return {};
}

Result<std::unique_ptr<log::PartitionLog>> LogStore::open_log(const PartitionName& name,
                                                              const DormantLog& dormant,
                                                              const log::LogSettings& settings) {
    Dir& dir = at(dormant.directory);
    if (!dir.is_online) {
        return fail(ErrorCode::KAFKA_STORAGE_ERROR, dir.path + " is offline");
    }
    if (dormant.exists) {
        MILENA_ASSIGN(const bool usable, is_usable(dir, name));
        if (usable) return dir.log_dir->load(found_of(name, dormant), settings, now());
    }
    MILENA_TRY(forget_predecessor(key_of(name)));
    return dir.log_dir->create(key_of(name), name.topic_id, settings, now());
}

std::uint64_t LogStore::bytes_to_recover(const PartitionName& name,
                                         const DormantLog& dormant) const {
    const Dir& dir = at(dormant.directory);
    return dir.is_online ? dir.log_dir->bytes_to_recover(found_of(name, dormant)) : 0;
}

Status LogStore::remove_partition(const PartitionName& name, DirectoryIndex directory,
                                  Millis file_delete_delay) {
    const std::lock_guard lock(mutex_);
    Dir& dir = at(directory);
    --dir.partitions;
    if (!dir.is_online) return {};
    gone_.add(key_of(name));
    return dir.log_dir->remove(key_of(name), file_delete_delay, now());
}

void LogStore::set_aside_strays() {
    const std::lock_guard lock(mutex_);
    for (auto& [key, where] : found_) {
        Dir& dir = at(where.first);
        log_warn("stray_partition",
                 {{"directory", dir.path},
                  {"partition", log::partition_directory(key)},
                  {"remedy",
                   "the cluster does not know it; it was renamed to -stray and can be deleted by "
                   "hand"}});
        if (auto status = dir.log_dir->mark_stray(key); !status) {
            log_error("stray_not_renamed", {{"reason", status.error().detail}});
        }
    }
    found_.clear();
}

// --- Directories that fail or fill up ---

bool LogStore::is_online(DirectoryIndex directory) const {
    return at(directory).is_online.load(std::memory_order_relaxed);
}

bool LogStore::take_room(DirectoryIndex directory, std::uint64_t bytes) {
    return at(directory).room.take(bytes);
}

void LogStore::on_failure(DirectoryIndex directory) {
    at(directory).is_suspect.store(true, std::memory_order_relaxed);
}

void LogStore::go_offline(Dir& dir, const Error& error) {
    dir.is_online = false;
    log_error("log_dir_offline",
              {{"directory", dir.path},
               {"reason", error.detail},
               {"remedy", "its partitions cannot be used; repair the device, then restart"}});
}

void LogStore::look_at_room(Dir& dir) {
    const auto space = dir.log_dir->space();
    if (!space) {
        dir.is_suspect = true;
        return;
    }
    const auto marks = options_.room_marks ? options_.room_marks() : RoomMarks{};
    switch (dir.room.look(*space, marks)) {
        case DiskRoom::Change::none:
            break;
        case DiskRoom::Change::refuses:
            log_error("disk_nearly_full",
                      {{"directory", dir.path},
                       {"free_bytes", space->free},
                       {"remedy",
                        "producers are refused until there is room again; free space or "
                        "lower the retention"}});
            break;
        case DiskRoom::Change::resumes:
            log_info("disk_has_room", {{"directory", dir.path}, {"free_bytes", space->free}});
            break;
    }
}

void LogStore::step() {
    for (auto& dir : dirs_) {
        if (!dir->is_online) continue;
        remove_due(*dir);
        const std::lock_guard lock(mutex_);
        look_at_room(*dir);
        if (!dir->is_suspect.exchange(false)) continue;
        const auto probed = dir->log_dir->probe();
        // A full disk is not a broken one.
        if (!probed && probed.error().io != IoCause::no_space &&
            probed.error().io != IoCause::too_many) {
            go_offline(*dir, probed.error());
        }
    }
}

void LogStore::remove_due(Dir& dir) {
    std::vector<std::string> due;
    {
        const std::lock_guard lock(mutex_);
        due = dir.log_dir->take_due(now());
    }
    if (due.empty()) return;
    if (auto status = dir.log_dir->remove_due(due, kFilesPerStep); !status) {
        log_warn("cleanup_failed", {{"directory", dir.path}, {"reason", status.error().detail}});
        dir.is_suspect = true;
    }
    const std::lock_guard lock(mutex_);
    dir.log_dir->put_back(std::move(due), now());
}

// --- Checkpoints ---

std::vector<log::Checkpoints> LogStore::split(const Marks& marks) const {
    std::vector<log::Checkpoints> checkpoints(dirs_.size());
    for (const auto& [name, mark] : marks) {
        auto key = key_of(name);
        // Perhaps of a log that is gone, while a new one of that name has begun.
        if (gone_.contains(key)) continue;
        auto& of_dir = checkpoints[static_cast<std::size_t>(mark.directory)];
        if (mark.cleaned_to) of_dir.cleaned_to[key] = *mark.cleaned_to;
        if (mark.log_start_offset > Offset(0)) {
            of_dir.log_start_offsets[key] = mark.log_start_offset;
        }
        of_dir.recovery_points[key] = mark.recovery_point;
        of_dir.high_watermarks[std::move(key)] = mark.high_watermark;
    }
    return checkpoints;
}

Status LogStore::checkpoint(const std::vector<std::shared_ptr<Partition>>& partitions) {
    const auto begun = gone_.mark();
    Marks marks;
    marks.reserve(partitions.size());
    for (const auto& partition : partitions) {
        if (const auto mark = partition->marks()) marks.emplace_back(partition->name(), *mark);
    }
    const std::lock_guard lock(mutex_);
    const auto checkpoints = split(marks);
    Status first;
    for (std::size_t i = 0; i < dirs_.size(); ++i) {
        if (!dirs_[i]->is_online) continue;
        auto status = dirs_[i]->log_dir->write_checkpoints(checkpoints[i]);
        if (status) continue;
        dirs_[i]->is_suspect = true;
        if (first) first = std::move(status);
    }
    if (first) gone_.forget(begun);
    return first;
}

Status LogStore::close(const Marks& marks, const std::set<DirectoryIndex>& unclosed,
                       BrokerEpoch broker_epoch) {
    const std::lock_guard lock(mutex_);
    gone_.forget(gone_.mark());
    const auto checkpoints = split(marks);
    Status first;
    for (std::size_t i = 0; i < dirs_.size(); ++i) {
        const bool skip = !dirs_[i]->is_online || unclosed.contains(static_cast<DirectoryIndex>(i));
        if (skip) continue;
        auto status = dirs_[i]->log_dir->close(checkpoints[i], broker_epoch);
        if (!status && first) first = std::move(status);
    }
    return first;
}

// --- What it says of itself ---

std::vector<LogStore::Directory> LogStore::directories() const {
    const std::lock_guard lock(mutex_);
    std::vector<Directory> result;
    for (const auto& dir : dirs_) {
        Directory one{dir->path, std::nullopt, dir->is_online, log::DiskSpace{}};
        if (dir->log_dir) {
            one.id = dir->log_dir->id();
            one.space = dir->log_dir->space();
        }
        result.push_back(std::move(one));
    }
    return result;
}

const std::string& LogStore::path_of(DirectoryIndex directory) const {
    return at(directory).path;
}

std::optional<DirectoryId> LogStore::id_of(DirectoryIndex directory) const {
    const auto& dir = at(directory);
    return dir.log_dir ? std::optional(dir.log_dir->id()) : std::nullopt;
}

std::vector<LogStore::Damage> LogStore::damage() const {
    std::vector<Damage> result;
    for (const auto& dir : dirs_) {
        if (!dir->log_dir) continue;
        const auto& counts = dir->log_dir->damage();
        result.push_back({dir->path, counts.ranges.load(), counts.bytes.load()});
    }
    return result;
}

std::optional<BrokerEpoch> LogStore::previous_broker_epoch() const {
    std::optional<BrokerEpoch> epoch;
    for (const auto& dir : dirs_) {
        const auto own = dir->is_online ? dir->log_dir->previous_broker_epoch() : std::nullopt;
        if (!own || (epoch && *epoch != *own)) return std::nullopt;
        epoch = own;
    }
    return epoch;
}

bool LogStore::was_clean() const {
    return std::all_of(dirs_.begin(), dirs_.end(), [](const auto& dir) {
        return dir->is_online && dir->log_dir->shutdown() == log::Shutdown::clean;
    });
}

}  // namespace milena::replica
