// A Disk in memory that writes down every change it makes, so that afterwards any state can be
// built that a crash may have left behind (crash_image.h). It also refuses calls where a test wants
// that.
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

using NodeId = std::uint32_t;
inline constexpr NodeId kRootNode = 0;

// A file or a directory; names are entries of their directory and may go while the node stays open.
struct DiskNode {
    bool is_directory = false;
    std::map<std::string, NodeId> entries = {};
    std::vector<std::uint8_t> bytes = {};
};
using DiskImage = std::vector<DiskNode>;  // the first is the root

// One call that changed something (or made changes durable).
struct Change {
    enum class Kind : std::uint8_t { link, unlink, rename, write, truncate, sync, sync_dir };

    Kind kind = Kind::link;
    NodeId node = 0;            // the file; of a name: what it stands for
    NodeId dir = 0;             // link, unlink, rename, sync_dir
    bool is_directory = false;  // link: of the new node
    std::string name = {};
    std::string to = {};         // rename
    std::uint64_t position = 0;  // write; truncate: the new length
    std::vector<std::uint8_t> bytes = {};

    bool is_data() const { return kind == Kind::write || kind == Kind::truncate; }
    bool is_name() const {
        return kind == Kind::link || kind == Kind::unlink || kind == Kind::rename;
    }
};

// Every kind of call that may be refused.
enum class Call : std::uint8_t {
    open,
    create,
    read,
    size,
    write,
    sync,
    truncate,
    preallocate,
    write_back,
    rename,
    remove,
    list,
    stat,
    exists,
    make_dir,
    sync_dir,
    space,
    lock,
};
std::string_view call_name(Call call);
// Does it change something, or make a change durable?
bool changes_something(Call call);

// A place in the program that calls the disk: the kind of call and where it returns to.
struct CallSite {
    Call call;
    const void* from;

    friend auto operator<=>(const CallSite&, const CallSite&) = default;
};

class CrashDisk final : public Disk {
  public:
    CrashDisk();
    explicit CrashDisk(DiskImage image);

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

    // Asked before every call; an error makes it fail, having done nothing (a write: the first half
    // of it, as a short count followed by an error does).
    std::function<std::optional<IoCause>(const CallSite& site)> fault;
    // Bytes that all files may have together; nothing grows beyond.
    std::optional<std::uint64_t> capacity;

    const DiskImage& start() const { return start_; }
    const DiskImage& now() const { return now_; }
    const std::vector<Change>& changes() const { return changes_; }
    std::uint64_t calls() const { return calls_; }
    const std::set<CallSite>& sites() const { return sites_; }

    // --- Looking and meddling ---

    std::optional<NodeId> find(std::string_view path) const;
    // Of every file, in order.
    std::vector<std::string> paths() const;
    std::vector<std::uint8_t>& bytes(std::string_view path) { return now_[*find(path)].bytes; }

  private:
    class OpenFile;
    friend class CrashLock;

    struct Place {
        NodeId dir;
        std::string name;
        std::optional<NodeId> node;
    };
    std::optional<Place> place_of(std::string_view path) const;
    Status enter(Call call, const std::string& path, const void* from);
    std::uint64_t used() const;
    NodeId add_node(bool is_directory);
    void link(NodeId dir, const std::string& name, NodeId node);

    DiskImage start_;
    DiskImage now_;
    std::vector<Change> changes_;
    std::uint64_t calls_ = 0;
    std::set<CallSite> sites_;
    std::set<std::string> locks_;
};

}  // namespace milena::log::test
