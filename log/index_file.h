// A file of entries of one size, appended in order: the common part of the three indexes.
//
// Entries wait in a small buffer in memory and are written in one go; what is on disk is read with
// pread, so an index costs memory only while it is appended to. A lost buffer costs nothing: the
// index of a segment that was not sealed and synced is rebuilt from the segment.
#pragma once

#include "log/file_handle.h"

#include <cstdint>
#include <vector>

namespace milena::log {

// A big-endian signed number inside each entry, ascending over the entries.
struct KeyColumn {
    std::size_t at = 0;
    std::size_t width = 0;  // 4 or 8
};

class IndexFile {
  public:
    static constexpr std::size_t kBufferedEntries = 32;
    static constexpr std::size_t kMaxEntryBytes = 40;

    // `entries`: how many of the file's entries count; 0 for a file that may not exist yet.
    IndexFile(const LogPlace& place, SegmentFileName name, std::size_t entry_bytes,
              std::size_t entries)
        : handle_(place, name), entry_bytes_(entry_bytes), written_(entries) {}

    std::size_t size() const { return written_ + buffered(); }
    bool empty() const { return size() == 0; }
    std::uint64_t bytes() const { return size() * entry_bytes_; }
    std::size_t entry_bytes() const { return entry_bytes_; }

    // Takes the entry in any case; when the buffer cannot be written now it grows, and flush() says
    // why.
    void append(ByteView entry);
    // Makes the file hold all entries (and makes the file).
    Status flush();
    // The same if any wait, and the buffer goes.
    Status give_back_memory();
    Status read(std::size_t index, MutableBytes entry) const;
    // What the file holds of them, without those that wait.
    Result<std::vector<std::uint8_t>> read_all() const;
    // How many entries from the first on have a key <= `target`.
    Result<std::size_t> count_up_to(KeyColumn column, std::int64_t target) const;
    // Keeps the first `entries`.
    Status truncate(std::size_t entries);
    // Makes the file empty (and makes it), whatever length it has.
    Status reset();
    // Forgets all entries; the next ones wait in memory until flush() replaces the file by them,
    // durably: after a crash the old file is there, or the new one.
    void begin_replacement();
    bool is_being_replaced() const { return replacing_; }

    FileHandle& handle() { return handle_; }
    const FileHandle& handle() const { return handle_; }

  private:
    std::size_t buffered() const { return buffer_.size() / entry_bytes_; }
    Result<std::size_t> count_on_disk(KeyColumn column, std::int64_t target) const;

    Status replace();

    FileHandle handle_;
    bool replacing_ = false;
    std::size_t entry_bytes_;
    std::size_t written_;
    std::vector<std::uint8_t> buffer_;
};

}  // namespace milena::log
