// All data directories of this node: which partition lives in which, and their checkpoints.
//
// Driven by TopicPublisher (open, remove), Upkeep (step, checkpoint) and the server (open, close).
// A monitor: LogDir itself wants one caller at a time.
#pragma once

#include "broker/replica/partition.h"
#include "log/log_dir.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace milena::replica {

class LogStore {
  public:
    // Locks every directory and finds what is in it.
    static Result<std::unique_ptr<LogStore>> open(log::Disk& disk,
                                                  const std::vector<std::string>& paths,
                                                  const log::LogDirIdentity& identity,
                                                  Random& random, log::LogTime now);

    // From here on the directories count as in use; before the first append.
    Status begin();

    struct Opened {
        std::unique_ptr<log::PartitionLog> log;
        Offset high_watermark{0};  // as last checkpointed
        DirectoryId directory;
    };
    // What is on disk for this partition, recovered if need be; else made anew, in the directory
    // with the fewest partitions. May be called from several threads at once.
    Result<Opened> open_partition(const PartitionName& name, const log::LogSettings& settings,
                                  log::LogTime now);
    // The partition is deleted: its directory is renamed at once, its files go after the delay. Its
    // PartitionLog must have been closed.
    Status remove_partition(const PartitionName& name, Millis file_delete_delay, log::LogTime now);
    // Sets aside every directory found at the start that nobody has opened.
    void set_aside_strays();

    // Removes what is due.
    void step(log::LogTime now);
    Status checkpoint(const std::vector<std::shared_ptr<Partition>>& partitions);
    // All partitions have been closed; `marks` as of then.
    using Marks = std::vector<std::pair<PartitionName, Partition::Marks>>;
    Status close(const Marks& marks, BrokerEpoch broker_epoch);

    struct Directory {
        std::string path;
        DirectoryId id;
        Result<log::DiskSpace> space;
    };
    std::vector<Directory> directories() const;
    // The path of the directory that holds it; empty when none does.
    std::string directory_of(const PartitionName& name) const;
    const std::string& cluster_id() const;
    bool was_clean() const;

  private:
    struct Dir {
        std::unique_ptr<log::LogDir> log_dir;
        std::size_t partitions = 0;
    };

    Dir* emptiest();
    Status forget_predecessor(const log::TopicPartition& key);
    std::vector<log::Checkpoints> split(const Marks& marks) const;

    mutable std::mutex mutex_;
    std::vector<Dir> dirs_;
    std::map<log::TopicPartition, std::pair<std::size_t, log::FoundPartition>> found_;
    std::map<log::TopicPartition, std::size_t> placed_;  // index into dirs_
    // Removed since the checkpoints were written: they may still have lines there.
    std::set<log::TopicPartition> gone_;
};

}  // namespace milena::replica
