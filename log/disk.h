// The only door to storage: everything in log/ reads and writes through a Disk. PosixDisk is the
// production body; tests and the simulation bring disks that tear, lose, refuse and fill up.
//
// All calls are synchronous, may be made from any thread, and fail with KAFKA_STORAGE_ERROR whose
// detail names operation, path and reason and whose `io` says what kind of refusal it was.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/slice_source.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milena::log {

enum class Advice : std::uint8_t { sequential, random, will_need, dont_need };

// An open file. Reads and writes carry their position, so one file serves many threads; its
// descriptor lives until the last holder (a log, a slice on its way to a client) lets go, also when
// the file has been renamed or removed meanwhile.
class File : public SliceSource {
  public:
    virtual const std::string& path() const = 0;
    virtual Result<std::uint64_t> size() const = 0;

    // All of `into`, or IoCause::end_of_file.
    Status read_at(std::uint64_t position, MutableBytes into) const;
    // As many bytes as there are, at most `into`; 0 at the end of the file.
    Result<std::size_t> read_up_to(std::uint64_t position, MutableBytes into) const;

    // All of it, or an error after which the bytes of the range are undefined.
    virtual Status write_at(std::uint64_t position, ByteView bytes) = 0;
    virtual Status write_at(std::uint64_t position, std::span<const ByteView> pieces) = 0;

    // Returns when contents and length have reached the device. After a failure the file's
    // unsynced bytes are lost for good: a retry that succeeds proves nothing.
    virtual Status sync() = 0;
    // Also gives back what was preallocated beyond `size`.
    virtual Status truncate(std::uint64_t size) = 0;
    // Reserves blocks for [position, position + length) without changing the file's length.
    virtual Status preallocate(std::uint64_t position, std::uint64_t length) = 0;
    // Starts writing the dirty pages of the range to the device; a hint, waits for nothing but a
    // full device queue.
    virtual Status start_writeback(std::uint64_t position, std::uint64_t length) = 0;
    virtual void advise(std::uint64_t position, std::uint64_t length, Advice advice) = 0;
};

enum class OpenMode : std::uint8_t {
    read,        // must exist
    read_write,  // must exist
    create,      // must not exist
    open_or_create,
};

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;
    std::uint64_t size = 0;
    TimestampMs modified;
};

struct DiskSpace {
    std::uint64_t total = 0;
    std::uint64_t free = 0;  // what this process may use
};

// Held for as long as the object lives; the kernel releases it when the process dies.
class FileLock {
  public:
    virtual ~FileLock() = default;
};

class Disk {
  public:
    virtual ~Disk() = default;

    virtual Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    // Replaces the target if there is one. Durable after sync_dir of the directories concerned.
    virtual Status rename(const std::string& from, const std::string& to) = 0;
    // A file or an empty directory.
    virtual Status remove(const std::string& path) = 0;
    // Without "." and "..", ordered by name.
    virtual Result<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;
    virtual Result<DirectoryEntry> stat(const std::string& path) = 0;
    // False also when a parent is missing.
    virtual Result<bool> exists(const std::string& path) = 0;
    // With the parents that are missing; fine when it is there already.
    virtual Status make_dir(const std::string& path) = 0;
    // Makes creations, renames and removals in this directory durable.
    virtual Status sync_dir(const std::string& path) = 0;
    virtual Result<DiskSpace> space(const std::string& path) = 0;
    // Creates the file if need be; IoCause::locked when another process has it.
    virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// "a/b" from "a" and "b".
std::string join_path(std::string_view directory, std::string_view name);
// The part before the last '/', "." when there is none.
std::string parent_path(std::string_view path);

// Whole small files: read_file refuses what is longer than `limit`.
Result<std::vector<std::uint8_t>> read_file(Disk& disk, const std::string& path,
                                            std::uint64_t limit);
// What replace_file writes before it takes the place of the old file.
inline constexpr std::string_view kTemporarySuffix = ".tmp";
// Old or new content after a crash at any point, never a mix and never empty: writes `path`.tmp,
// syncs it, renames it over `path`, syncs the directory.
Status replace_file(Disk& disk, const std::string& path, ByteView content);
// A directory with all it holds.
Status remove_tree(Disk& disk, const std::string& path);

}  // namespace milena::log
