#include "tests/unit/log/support/crash_disk.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace milena::log::test {
namespace {

std::unexpected<Error> refused(std::string_view what, const std::string& path, IoCause cause) {
    return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                 std::string(what) + " " + path + ": refused by the test", cause});
}

void walk(const DiskImage& image, NodeId node, const std::string& path,
          std::vector<std::string>& into) {
    if (!image[node].is_directory) {
        into.push_back(path);
        return;
    }
    for (const auto& [name, child] : image[node].entries)
        walk(image, child, path + "/" + name, into);
}

}  // namespace

std::string_view call_name(Call call) {
    constexpr std::array<std::string_view, 18> kNames{
        "open",     "create",      "read",       "size",     "write",  "sync",
        "truncate", "preallocate", "write_back", "rename",   "remove", "list",
        "stat",     "exists",      "make_dir",   "sync_dir", "space",  "lock"};
    return kNames[static_cast<std::size_t>(call)];
}

bool changes_something(Call call) {
    switch (call) {
        case Call::create:
        case Call::write:
        case Call::sync:
        case Call::truncate:
        case Call::rename:
        case Call::remove:
        case Call::make_dir:
        case Call::sync_dir:
            return true;
        default:
            return false;
    }
}

// --- Files ---

class CrashDisk::OpenFile final : public File {
  public:
    OpenFile(CrashDisk& disk, std::string path, NodeId node)
        : disk_(disk), path_(std::move(path)), node_(node) {}

    int native_handle() const override { return -1; }
    const std::string& path() const override { return path_; }

    std::int64_t read_some(std::uint64_t position, MutableBytes into) const override {
        if (!disk_.enter(Call::read, path_, __builtin_return_address(0))) return -5;
        const auto& bytes = content();
        if (position >= bytes.size()) return 0;
        const auto count = std::min<std::uint64_t>(into.size(), bytes.size() - position);
        std::memcpy(into.data(), bytes.data() + position, count);
        return static_cast<std::int64_t>(count);
    }
    Result<std::uint64_t> size() const override {
        MILENA_TRY(disk_.enter(Call::size, path_, __builtin_return_address(0)));
        return content().size();
    }
    Status write_at(std::uint64_t position, ByteView bytes) override {
        return write(position, bytes, __builtin_return_address(0));
    }
    Status write_at(std::uint64_t position, std::span<const ByteView> pieces) override {
        const void* from = __builtin_return_address(0);
        for (const ByteView piece : pieces) {
            MILENA_TRY(write(position, piece, from));
            position += piece.size();
        }
        return {};
    }
    Status sync() override {
        MILENA_TRY(disk_.enter(Call::sync, path_, __builtin_return_address(0)));
        disk_.changes_.push_back({.kind = Change::Kind::sync, .node = node_});
        return {};
    }
    Status truncate(std::uint64_t size) override {
        MILENA_TRY(disk_.enter(Call::truncate, path_, __builtin_return_address(0)));
        content().resize(size);
        disk_.changes_.push_back({.kind = Change::Kind::truncate, .node = node_, .position = size});
        return {};
    }
    Status preallocate(std::uint64_t, std::uint64_t) override {
        return disk_.enter(Call::preallocate, path_, __builtin_return_address(0));
    }
    Status start_writeback(std::uint64_t, std::uint64_t) override {
        return disk_.enter(Call::write_back, path_, __builtin_return_address(0));
    }
    void advise(std::uint64_t, std::uint64_t, Advice) override {}

  private:
    std::vector<std::uint8_t>& content() const { return disk_.now_[node_].bytes; }

    Status write(std::uint64_t position, ByteView bytes, const void* from) {
        auto allowed = disk_.enter(Call::write, path_, from);
        if (allowed && disk_.capacity) {
            const std::uint64_t end = position + bytes.size();
            const std::uint64_t grows = end > content().size() ? end - content().size() : 0;
            if (disk_.used() + grows > *disk_.capacity) {
                allowed = refused("write to", path_, IoCause::no_space);
            }
        }
        if (!allowed) bytes = bytes.first(bytes.size() / 2);
        if (bytes.empty()) return allowed;
        auto& into = content();
        if (into.size() < position + bytes.size()) into.resize(position + bytes.size());
        std::memcpy(into.data() + position, bytes.data(), bytes.size());
        disk_.changes_.push_back({.kind = Change::Kind::write,
                                  .node = node_,
                                  .position = position,
                                  .bytes = {bytes.begin(), bytes.end()}});
        return allowed;
    }

    CrashDisk& disk_;
    std::string path_;
    NodeId node_;
};

class CrashLock final : public FileLock {
  public:
    CrashLock(CrashDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    ~CrashLock() override { disk_.locks_.erase(path_); }

  private:
    CrashDisk& disk_;
    std::string path_;
};

// --- The disk ---

CrashDisk::CrashDisk() : CrashDisk(DiskImage{{.is_directory = true}}) {}
CrashDisk::CrashDisk(DiskImage image) : start_(std::move(image)), now_(start_) {}

Status CrashDisk::enter(Call call, const std::string& path, const void* from) {
    ++calls_;
    const CallSite site{call, from};
    sites_.insert(site);
    if (!fault) return {};
    if (const auto cause = fault(site)) return refused(call_name(call), path, *cause);
    return {};
}

std::optional<CrashDisk::Place> CrashDisk::place_of(std::string_view path) const {
    MILENA_ASSERT(path.starts_with('/'));
    NodeId dir = kRootNode;
    for (;;) {
        path.remove_prefix(1);
        const auto slash = path.find('/');
        const std::string name(path.substr(0, slash));
        const auto& entries = now_[dir].entries;
        const auto found = entries.find(name);
        if (slash == std::string_view::npos) {
            if (found == entries.end()) return Place{dir, name, std::nullopt};
            return Place{dir, name, found->second};
        }
        if (found == entries.end() || !now_[found->second].is_directory) return std::nullopt;
        dir = found->second;
        path.remove_prefix(slash);
    }
}

std::optional<NodeId> CrashDisk::find(std::string_view path) const {
    if (path == "/") return kRootNode;
    const auto place = place_of(path);
    return place ? place->node : std::nullopt;
}

std::vector<std::string> CrashDisk::paths() const {
    std::vector<std::string> found;
    walk(now_, kRootNode, "", found);
    return found;
}

std::uint64_t CrashDisk::used() const {
    std::uint64_t total = 0;
    for (const auto& path : paths()) total += now_[*find(path)].bytes.size();
    return total;
}

NodeId CrashDisk::add_node(bool is_directory) {
    now_.push_back({.is_directory = is_directory, .entries = {}, .bytes = {}});
    return static_cast<NodeId>(now_.size() - 1);
}

void CrashDisk::link(NodeId dir, const std::string& name, NodeId node) {
    now_[dir].entries[name] = node;
    changes_.push_back({.kind = Change::Kind::link,
                        .node = node,
                        .dir = dir,
                        .is_directory = now_[node].is_directory,
                        .name = name});
}

Result<std::shared_ptr<File>> CrashDisk::open(const std::string& path, OpenMode mode) {
    const auto place = place_of(path);
    const bool there = place && place->node;
    const bool may_make = mode == OpenMode::create || mode == OpenMode::open_or_create;
    if (there && mode == OpenMode::create) return refused("open", path, IoCause::exists);
    if (!place || (!there && !may_make)) return refused("open", path, IoCause::not_found);
    MILENA_TRY(enter(there ? Call::open : Call::create, path, __builtin_return_address(0)));
    if (there) return std::make_shared<OpenFile>(*this, path, *place->node);
    const NodeId node = add_node(false);
    link(place->dir, place->name, node);
    return std::make_shared<OpenFile>(*this, path, node);
}

Status CrashDisk::rename(const std::string& from, const std::string& to) {
    MILENA_TRY(enter(Call::rename, from, __builtin_return_address(0)));
    const auto source = place_of(from);
    const auto target = place_of(to);
    if (!source || !source->node || !target) return refused("rename", from, IoCause::not_found);
    MILENA_ASSERT(source->dir == target->dir);
    auto& entries = now_[source->dir].entries;
    if (now_[*source->node].is_directory && target->node && !now_[*target->node].entries.empty()) {
        return refused("rename", from, IoCause::exists);
    }
    entries.erase(source->name);
    entries[target->name] = *source->node;
    changes_.push_back({.kind = Change::Kind::rename,
                        .node = *source->node,
                        .dir = source->dir,
                        .name = source->name,
                        .to = target->name});
    return {};
}

Status CrashDisk::remove(const std::string& path) {
    MILENA_TRY(enter(Call::remove, path, __builtin_return_address(0)));
    const auto place = place_of(path);
    if (!place || !place->node) return refused("remove", path, IoCause::not_found);
    if (!now_[*place->node].entries.empty()) return refused("remove", path, IoCause::exists);
    now_[place->dir].entries.erase(place->name);
    changes_.push_back({.kind = Change::Kind::unlink,
                        .node = *place->node,
                        .dir = place->dir,
                        .name = place->name});
    return {};
}

Result<std::vector<DirectoryEntry>> CrashDisk::list(const std::string& directory) {
    MILENA_TRY(enter(Call::list, directory, __builtin_return_address(0)));
    const auto node = find(directory);
    if (!node || !now_[*node].is_directory) return refused("list", directory, IoCause::not_found);
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, child] : now_[*node].entries) {
        entries.push_back(
            {name, now_[child].is_directory, now_[child].bytes.size(), TimestampMs{0}});
    }
    return entries;
}

Result<DirectoryEntry> CrashDisk::stat(const std::string& path) {
    MILENA_TRY(enter(Call::stat, path, __builtin_return_address(0)));
    const auto node = find(path);
    if (!node) return refused("stat", path, IoCause::not_found);
    return DirectoryEntry{path.substr(path.rfind('/') + 1), now_[*node].is_directory,
                          now_[*node].bytes.size(), TimestampMs{0}};
}

Result<bool> CrashDisk::exists(const std::string& path) {
    MILENA_TRY(enter(Call::exists, path, __builtin_return_address(0)));
    return find(path).has_value();
}

Status CrashDisk::make_dir(const std::string& path) {
    const auto place = place_of(path);
    if (path == "/" || (place && place->node)) return {};
    MILENA_TRY(enter(Call::make_dir, path, __builtin_return_address(0)));
    if (!place) {
        MILENA_TRY(make_dir(parent_path(path)));
        return make_dir(path);
    }
    link(place->dir, place->name, add_node(true));
    return {};
}

Status CrashDisk::sync_dir(const std::string& path) {
    MILENA_TRY(enter(Call::sync_dir, path, __builtin_return_address(0)));
    const auto node = find(path);
    if (!node) return refused("sync directory", path, IoCause::not_found);
    changes_.push_back({.kind = Change::Kind::sync_dir, .dir = *node});
    return {};
}

Result<DiskSpace> CrashDisk::space(const std::string& path) {
    MILENA_TRY(enter(Call::space, path, __builtin_return_address(0)));
    const std::uint64_t total = capacity.value_or(1ULL << 40);
    return DiskSpace{total, total - std::min(total, used())};
}

Result<std::unique_ptr<FileLock>> CrashDisk::lock(const std::string& path) {
    MILENA_TRY(enter(Call::lock, path, __builtin_return_address(0)));
    if (!locks_.insert(path).second) return refused("lock", path, IoCause::locked);
    return std::make_unique<CrashLock>(*this, path);
}

}  // namespace milena::log::test
