// All data directories of this node: which partition lives in which, and their checkpoints. It
// opens the logs that partitions ask for, and stops one directory from taking the others with it.
//
// Driven by TopicPublisher (claim, remove), by partitions (LogSource), by Upkeep (step, checkpoint)
// and by the server (open, close). A monitor: LogDir itself wants one caller at a time for all but
// opening logs.
#pragma once

#include "broker/replica/disk_room.h"
#include "broker/replica/gone_logs.h"
#include "broker/replica/log_source.h"
#include "broker/replica/partition.h"
#include "log/log_dir.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace milena::replica {

class LogStore final : public LogSource {
  public:
    struct Options {
        std::vector<std::string> paths;
        log::LogDirIdentity identity;
        log::FileCache* files = nullptr;        // outlives the store
        std::function<RoomMarks()> room_marks;  // as of now; empty: the usual ones
    };
    // Locks every directory and finds what is in it. One that cannot be read is left out, offline,
    // as long as there is another.
    static Result<std::unique_ptr<LogStore>> open(log::Disk& disk, Options options,
                                                  const Clock& clock, Random& random);

    // From here on the directories count as in use; before the first append.
    Status begin();

    enum class Known : std::uint8_t { since_before, created_now };
    // Where this partition is, or will be: in the online directory with the fewest partitions. One
    // that was there before the start and is found nowhere is in a directory that is offline, if
    // there is any. Opens nothing.
    DormantLog claim(const PartitionName& name, Known known);
    // The partition is deleted: its directory is renamed at once, its files go after the delay. Its
    // PartitionLog must have been closed.
    Status remove_partition(const PartitionName& name, DirectoryIndex directory,
                            Millis file_delete_delay);
    // Sets aside every directory found at the start that nobody has claimed.
    void set_aside_strays();

    // Removes what is due, looks after free space and directories that failed.
    void step();
    Status checkpoint(const std::vector<std::shared_ptr<Partition>>& partitions);
    // All partitions have been closed, but for those of directories in `unclosed`, which will be
    // recovered; `marks` as of then.
    using Marks = std::vector<std::pair<PartitionName, Partition::Marks>>;
    Status close(const Marks& marks, const std::set<DirectoryIndex>& unclosed,
                 BrokerEpoch broker_epoch);

    struct Directory {
        std::string path;
        std::optional<DirectoryId> id;  // none: it could not be opened
        bool is_online = false;
        Result<log::DiskSpace> space;
    };
    std::vector<Directory> directories() const;
    const std::string& path_of(DirectoryIndex directory) const;
    // nullopt: it could not be opened.
    std::optional<DirectoryId> id_of(DirectoryIndex directory) const;
    // What was found damaged since the start.
    struct Damage {
        std::string path;
        std::uint64_t ranges = 0;
        std::uint64_t bytes = 0;
    };
    std::vector<Damage> damage() const;
    bool was_clean() const;
    // The epoch in which the broker stopped cleanly; nullopt when it did not, or not in one.
    std::optional<BrokerEpoch> previous_broker_epoch() const;

    // --- LogSource ---

    Result<std::unique_ptr<log::PartitionLog>> open_log(const PartitionName& name,
                                                        const DormantLog& dormant,
                                                        const log::LogSettings& settings) override;
    std::uint64_t bytes_to_recover(const PartitionName& name,
                                   const DormantLog& dormant) const override;
    bool is_online(DirectoryIndex directory) const override;
    bool take_room(DirectoryIndex directory, std::uint64_t bytes) override;
    void on_failure(DirectoryIndex directory) override;

  private:
    struct Dir {
        std::string path;
        std::unique_ptr<log::LogDir> log_dir;  // null when it could not be opened
        std::size_t partitions = 0;
        std::atomic<bool> is_online = false;
        std::atomic<bool> is_suspect = false;
        DiskRoom room;
    };
    using Found = std::pair<DirectoryIndex, log::FoundPartition>;

    LogStore(Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

    Status find_partitions(Dir& dir, DirectoryIndex index);
    Dir& at(DirectoryIndex directory) { return *dirs_[static_cast<std::size_t>(directory)]; }
    const Dir& at(DirectoryIndex directory) const {
        return *dirs_[static_cast<std::size_t>(directory)];
    }
    DirectoryIndex emptiest() const;
    std::optional<DirectoryIndex> offline_one() const;
    Result<bool> is_usable(Dir& dir, const PartitionName& name);
    Status forget_predecessor(const log::TopicPartition& key);
    void go_offline(Dir& dir, const Error& error);
    void look_at_room(Dir& dir);
    void remove_due(Dir& dir);
    std::vector<log::Checkpoints> split(const Marks& marks) const;
    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }

    const Options options_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Dir>> dirs_;  // as long as the store lives
    std::map<log::TopicPartition, Found> found_;
    GoneLogs gone_;
};

}  // namespace milena::replica
