// A file of a segment that is opened when somebody needs it. Everything in log/ reaches segment
// files through handles, so that how many are open can be bounded without asking the users.
//
// Used under the partition's lock. Holders of what share() gave keep the file open beyond
// release().
#pragma once

#include "log/disk.h"
#include "log/layout.h"

#include <memory>
#include <string>

namespace milena::log {

// Where the files of one partition are; outlives every handle that refers to it.
struct LogPlace {
    Disk& disk;
    std::string directory;

    std::string path(const SegmentFileName& name) const {
        return join_path(directory, to_string(name));
    }
};

class FileHandle {
  public:
    FileHandle(const LogPlace& place, SegmentFileName name) : place_(&place), name_(name) {}

    const SegmentFileName& name() const { return name_; }
    std::string path() const { return place_->path(name_); }

    // The file must not exist yet.
    Status create();
    // Opens an existing file if it is not open; the pointer holds until release().
    Result<File*> get() const;
    Result<std::shared_ptr<File>> share() const;
    // As get(), but makes the file when there is none.
    Result<File*> get_or_create();

    bool is_open() const { return file_ != nullptr; }
    void release() const { file_.reset(); }
    // Releases the file if nobody asked for it since the last call.
    void release_if_idle() const;

    // The file that is meant has this suffix; before anything is opened.
    void assume(FileSuffix suffix) { name_.suffix = suffix; }
    // Gives the file another suffix on disk, if it is there; what is open stays usable.
    Status rename(FileSuffix suffix);
    Status remove();
    // See replace_file; what is open stays the old file.
    Status replace(ByteView content);

  private:
    Status open(OpenMode mode) const;

    const LogPlace* place_;
    SegmentFileName name_;
    mutable bool used_ = false;
    mutable std::shared_ptr<File> file_;
};

}  // namespace milena::log
