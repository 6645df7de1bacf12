// A Disk in memory that can refuse, fill up and lose what was not synced.
#pragma once

#include "log/disk.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace milena::log::test {

// The calls that change something, in the order they are made.
enum class Operation { create, write, sync, truncate, rename, remove, make_dir, sync_dir };

class MemoryDisk final : public Disk {
  public:
    struct Inode {
        std::vector<std::uint8_t> bytes;
        std::vector<std::uint8_t> synced;  // what survives a power cut
        TimestampMs modified{0};
    };
    using Names = std::map<std::string, std::shared_ptr<Inode>>;

    Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Result<std::vector<DirectoryEntry>> list(const std::string& directory) override;
    Result<DirectoryEntry> stat(const std::string& path) override;
    Result<bool> exists(const std::string& path) override;
    Status make_dir(const std::string& path) override;
    Status sync_dir(const std::string& path) override;
    Result<DiskSpace> space(const std::string& path) override;
    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

    // --- Faults ---

    // Asked before every changing call; an error makes the call fail with it, having done nothing
    // (a write: half of it).
    std::function<std::optional<IoCause>(Operation, const std::string& path)> fault;
    // Bytes that all files together may have; writes beyond fail with no_space.
    std::optional<std::uint64_t> capacity;
    std::uint64_t operations = 0;  // changing calls so far

    // The power goes: bytes and names that were not synced are lost.
    void lose_unsynced();

    // --- Looking and meddling ---

    std::vector<std::uint8_t>& bytes(const std::string& path) { return names_.at(path)->bytes; }
    bool has(const std::string& path) const { return names_.contains(path); }
    std::vector<std::string> paths() const;
    void put(const std::string& path, std::string_view content);
    std::string text(const std::string& path);
    void touch(const std::string& path, TimestampMs modified) {
        names_.at(path)->modified = modified;
    }
    // A deep copy: the state of the disk at this moment.
    std::unique_ptr<MemoryDisk> clone() const;

    Status check(Operation operation, const std::string& path);
    std::uint64_t used() const;

  private:
    Names names_;
    Names durable_;
    std::set<std::string> directories_;
    std::set<std::string> locks_;

    friend class MemoryLock;
};

}  // namespace milena::log::test
