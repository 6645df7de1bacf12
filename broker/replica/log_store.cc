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

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::open(log::Disk& disk,
                                                 const std::vector<std::string>& paths,
                                                 const log::LogDirIdentity& identity,
                                                 Random& random, log::LogTime now) {
    auto store = std::make_unique<LogStore>();
    auto known = identity;
    for (const auto& path : paths) {
        MILENA_ASSIGN(auto dir, log::LogDir::open(disk, path, known, random));
        // All directories of a node belong to the cluster of the first.
        known.cluster_id = dir->cluster_id();
        MILENA_ASSIGN(auto found, dir->scan(now));
        const auto index = store->dirs_.size();
        for (auto& partition : found) {
            auto key = partition.id;
            if (!store->found_.emplace(key, std::pair(index, std::move(partition))).second) {
                return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                            "partition " + key.topic + "-" + std::to_string(key.partition.value()) +
                                " is in two data directories, one of them " + path +
                                "; remove the older copy");
            }
        }
        store->dirs_.push_back({std::move(dir), 0});
    }
    return store;
}

Status LogStore::begin() {
    const std::lock_guard lock(mutex_);
    for (auto& dir : dirs_) MILENA_TRY(dir.log_dir->begin());
    return {};
}

LogStore::Dir* LogStore::emptiest() {
    return &*std::min_element(dirs_.begin(), dirs_.end(), [](const Dir& a, const Dir& b) {
        return a.partitions < b.partitions;
    });
}

Result<LogStore::Opened> LogStore::open_partition(const PartitionName& name,
                                                  const log::LogSettings& settings,
                                                  log::LogTime now) {
    const auto key = key_of(name);
    std::optional<log::FoundPartition> found;
    Dir* dir = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = found_.find(key); at != found_.end()) {
            dir = &dirs_[at->second.first];
            // The same name with another id is what is left of a deleted topic.
            if (at->second.second.topic_id && *at->second.second.topic_id != name.topic_id) {
                MILENA_TRY(dir->log_dir->mark_stray(key));
                gone_.insert(key);
                dir = nullptr;
            } else {
                found = std::move(at->second.second);
            }
            found_.erase(at);
        }
        if (dir == nullptr) dir = emptiest();
        ++dir->partitions;
        placed_[key] = static_cast<std::size_t>(dir - dirs_.data());
    }
    Opened opened;
    opened.directory = dir->log_dir->id();
    if (found && found->topic_id) {
        opened.high_watermark = found->high_watermark;
        MILENA_ASSIGN(opened.log, dir->log_dir->load(*found, settings, now));
    } else {
        MILENA_TRY(forget_predecessor(key));
        MILENA_ASSIGN(opened.log, dir->log_dir->create(key, name.topic_id, settings, now));
    }
    return opened;
}

// The checkpoints on disk still speak of a topic of the same name that has just been deleted: after
// a crash its successor would take them for its own.
Status LogStore::forget_predecessor(const log::TopicPartition& key) {
    const std::lock_guard lock(mutex_);
    if (!gone_.contains(key)) return {};
    for (auto& other : dirs_) MILENA_TRY(other.log_dir->forget_checkpoints(gone_));
    gone_.clear();
    return {};
}

Status LogStore::remove_partition(const PartitionName& name, Millis file_delete_delay,
                                  log::LogTime now) {
    const std::lock_guard lock(mutex_);
    const auto at = placed_.find(key_of(name));
    if (at == placed_.end()) return {};
    auto& dir = dirs_[at->second];
    --dir.partitions;
    placed_.erase(at);
    gone_.insert(key_of(name));
    return dir.log_dir->remove(key_of(name), file_delete_delay, now);
}

void LogStore::set_aside_strays() {
    const std::lock_guard lock(mutex_);
    for (auto& [key, where] : found_) {
        log_warn("stray_partition", {{"directory", where.second.directory},
                                     {"remedy",
                                      "the cluster does not know it; it was renamed to "
                                      "-stray and can be deleted by hand"}});
        if (auto status = dirs_[where.first].log_dir->mark_stray(key); !status) {
            log_error("stray_not_renamed", {{"reason", status.error().detail}});
        }
    }
    found_.clear();
}

void LogStore::step(log::LogTime now) {
    const std::lock_guard lock(mutex_);
    for (auto& dir : dirs_) {
        if (auto status = dir.log_dir->step(now, kFilesPerStep); !status) {
            log_warn("cleanup_failed",
                     {{"directory", dir.log_dir->path()}, {"reason", status.error().detail}});
        }
    }
}

std::vector<log::Checkpoints> LogStore::split(const Marks& marks) const {
    std::vector<log::Checkpoints> checkpoints(dirs_.size());
    for (const auto& [name, mark] : marks) {
        const auto key = key_of(name);
        const auto at = placed_.find(key);
        if (at == placed_.end()) continue;
        auto& of_dir = checkpoints[at->second];
        of_dir.recovery_points[key] = mark.recovery_point;
        of_dir.high_watermarks[key] = mark.high_watermark;
        if (mark.cleaned_to) of_dir.cleaned_to[key] = *mark.cleaned_to;
        if (mark.log_start_offset > Offset(0))
            of_dir.log_start_offsets[key] = mark.log_start_offset;
    }
    return checkpoints;
}

Status LogStore::checkpoint(const std::vector<std::shared_ptr<Partition>>& partitions) {
    Marks marks;
    marks.reserve(partitions.size());
    for (const auto& partition : partitions) {
        marks.emplace_back(partition->name(), partition->marks());
    }
    const std::lock_guard lock(mutex_);
    const auto checkpoints = split(marks);
    for (std::size_t i = 0; i < dirs_.size(); ++i) {
        MILENA_TRY(dirs_[i].log_dir->write_checkpoints(checkpoints[i]));
    }
    gone_.clear();
    return {};
}

Status LogStore::close(const Marks& marks, BrokerEpoch broker_epoch) {
    const std::lock_guard lock(mutex_);
    const auto checkpoints = split(marks);
    Status first;
    for (std::size_t i = 0; i < dirs_.size(); ++i) {
        auto status = dirs_[i].log_dir->close(checkpoints[i], broker_epoch);
        if (!status && first) first = status;
    }
    return first;
}

std::vector<LogStore::Directory> LogStore::directories() const {
    const std::lock_guard lock(mutex_);
    std::vector<Directory> result;
    for (const auto& dir : dirs_) {
        result.push_back({dir.log_dir->path(), dir.log_dir->id(), dir.log_dir->space()});
    }
    return result;
}

std::string LogStore::directory_of(const PartitionName& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = placed_.find(key_of(name));
    return at == placed_.end() ? std::string() : dirs_[at->second].log_dir->path();
}

const std::string& LogStore::cluster_id() const {
    return dirs_.front().log_dir->cluster_id();
}

bool LogStore::was_clean() const {
    return std::all_of(dirs_.begin(), dirs_.end(), [](const Dir& dir) {
        return dir.log_dir->shutdown() == log::Shutdown::clean;
    });
}

}  // namespace milena::replica
