// A file of a segment that is opened when somebody needs it, and held open by the node's file cache
// for as long as there is room. Everything in log/ reaches segment files through handles, so that
// how many are open is bounded without asking the users.
//
// Used under the partition's lock. Holders of what get() gave keep the file open beyond release().
#pragma once

#include "log/damage_counts.h"
#include "log/disk.h"
#include "log/file_cache.h"
#include "log/layout.h"

#include <memory>
#include <string>

namespace milena::log {

// Where the files of one partition are; outlives every handle that refers to it.
struct LogPlace {
    Disk& disk;
    std::string directory;
    FileCache& files;
    DamageCounts* damage = nullptr;  // counted there, if anywhere

    std::string path(const SegmentFileName& name) const {
        return join_path(directory, to_string(name));
    }
};

class FileHandle {
  public:
    FileHandle(const LogPlace& place, SegmentFileName name) : place_(&place), name_(name) {}
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    ~FileHandle() { release(); }

    const SegmentFileName& name() const { return name_; }
    std::string path() const { return place_->path(name_); }

    // The file must not exist yet.
    Status create();
    // Opens an existing file if it is not open.
    Result<std::shared_ptr<File>> get() const;
    // As get(), but makes the file when there is none.
    Result<std::shared_ptr<File>> get_or_create();

    void release() const;

    // The file that is meant has this suffix; before anything is opened.
    void assume(FileSuffix suffix) { name_.suffix = suffix; }
    // Gives the file another suffix on disk, if it is there; what is open stays usable.
    Status rename(FileSuffix suffix);
    Status remove();
    // See replace_file; what is open stays the old file.
    Status replace(ByteView content);

  private:
    Result<std::shared_ptr<File>> open(OpenMode mode) const;

    const LogPlace* place_;
    SegmentFileName name_;
    mutable FileCache::Ticket ticket_;
};

}  // namespace milena::log
