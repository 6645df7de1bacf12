#include "tests/unit/log/support/memory_disk.h"

#include <algorithm>
#include <cstring>

namespace milena::log::test {
namespace {

std::unexpected<Error> refused(const std::string& what, const std::string& path, IoCause cause) {
    return std::unexpected(
        Error{ErrorCode::KAFKA_STORAGE_ERROR, what + " " + path + ": refused", cause});
}

class MemoryFile final : public File {
  public:
    MemoryFile(MemoryDisk& disk, std::string path, std::shared_ptr<MemoryDisk::Inode> inode)
        : disk_(disk), path_(std::move(path)), inode_(std::move(inode)) {}

    int native_handle() const override { return -1; }
    const std::string& path() const override { return path_; }

    std::int64_t read_some(std::uint64_t position, MutableBytes into) const override {
        if (position >= inode_->bytes.size()) return 0;
        const auto count = std::min<std::uint64_t>(into.size(), inode_->bytes.size() - position);
        std::memcpy(into.data(), inode_->bytes.data() + position, count);
        return static_cast<std::int64_t>(count);
    }
    Result<std::uint64_t> size() const override { return inode_->bytes.size(); }

    Status write_at(std::uint64_t position, ByteView bytes) override {
        auto allowed = disk_.check(Operation::write, path_);
        if (allowed && disk_.capacity) {
            const std::uint64_t end = position + bytes.size();
            const std::uint64_t grows = end > inode_->bytes.size() ? end - inode_->bytes.size() : 0;
            if (disk_.used() + grows > *disk_.capacity) {
                allowed = refused("write to", path_, IoCause::no_space);
            }
        }
        if (!allowed) bytes = bytes.first(bytes.size() / 2);
        if (inode_->bytes.size() < position + bytes.size()) {
            inode_->bytes.resize(position + bytes.size());
        }
        if (!bytes.empty()) {
            std::memcpy(inode_->bytes.data() + position, bytes.data(), bytes.size());
        }
        return allowed;
    }
    Status write_at(std::uint64_t position, std::span<const ByteView> pieces) override {
        for (const ByteView piece : pieces) {
            MILENA_TRY(write_at(position, piece));
            position += piece.size();
        }
        return {};
    }
    Status sync() override {
        MILENA_TRY(disk_.check(Operation::sync, path_));
        inode_->synced = inode_->bytes;
        return {};
    }
    Status truncate(std::uint64_t size) override {
        MILENA_TRY(disk_.check(Operation::truncate, path_));
        inode_->bytes.resize(size);
        return {};
    }
    Status preallocate(std::uint64_t, std::uint64_t) override { return {}; }
    Status start_writeback(std::uint64_t, std::uint64_t) override { return {}; }
    void advise(std::uint64_t, std::uint64_t, Advice) override {}

  private:
    MemoryDisk& disk_;
    std::string path_;
    std::shared_ptr<MemoryDisk::Inode> inode_;
};

}  // namespace

class MemoryLock final : public FileLock {
  public:
    MemoryLock(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    ~MemoryLock() override { disk_.locks_.erase(path_); }

  private:
    MemoryDisk& disk_;
    std::string path_;
};

Status MemoryDisk::check(Operation operation, const std::string& path) {
    ++operations;
    if (!fault) return {};
    if (const auto cause = fault(operation, path)) return refused("change", path, *cause);
    return {};
}

std::uint64_t MemoryDisk::used() const {
    std::uint64_t total = 0;
    for (const auto& [path, inode] : names_) total += inode->bytes.size();
    return total;
}

Result<std::shared_ptr<File>> MemoryDisk::open(const std::string& path, OpenMode mode) {
    const auto found = names_.find(path);
    const bool there = found != names_.end();
    const bool may_make = mode == OpenMode::create || mode == OpenMode::open_or_create;
    if (there && mode == OpenMode::create) return refused("open", path, IoCause::exists);
    if (!there && !may_make) return refused("open", path, IoCause::not_found);
    if (there) return std::make_shared<MemoryFile>(*this, path, found->second);
    if (!directories_.contains(parent_path(path))) {
        return refused("open", path, IoCause::not_found);
    }
    MILENA_TRY(check(Operation::create, path));
    auto inode = std::make_shared<Inode>();
    names_[path] = inode;
    return std::make_shared<MemoryFile>(*this, path, std::move(inode));
}

Status MemoryDisk::rename(const std::string& from, const std::string& to) {
    MILENA_TRY(check(Operation::rename, from));
    if (const auto found = names_.find(from); found != names_.end()) {
        names_[to] = found->second;
        names_.erase(from);
        return {};
    }
    if (!directories_.contains(from)) return refused("rename", from, IoCause::not_found);
    if (directories_.contains(to)) return refused("rename", from, IoCause::exists);
    const auto move_below = [&](Names& names) {
        Names moved;
        for (const auto& [path, inode] : names) {
            const bool below = path.starts_with(from + "/");
            moved[below ? to + path.substr(from.size()) : path] = inode;
        }
        names = std::move(moved);
    };
    move_below(names_);
    move_below(durable_);
    directories_.erase(from);
    directories_.insert(to);
    return {};
}

Status MemoryDisk::remove(const std::string& path) {
    MILENA_TRY(check(Operation::remove, path));
    if (names_.erase(path) > 0) return {};
    if (!directories_.contains(path)) return refused("remove", path, IoCause::not_found);
    const auto inside = names_.lower_bound(path + "/");
    if (inside != names_.end() && inside->first.starts_with(path + "/")) {
        return refused("remove", path, IoCause::exists);
    }
    directories_.erase(path);
    return {};
}

Result<std::vector<DirectoryEntry>> MemoryDisk::list(const std::string& directory) {
    if (!directories_.contains(directory)) return refused("list", directory, IoCause::not_found);
    std::vector<DirectoryEntry> entries;
    for (const auto& [path, inode] : names_) {
        if (parent_path(path) != directory) continue;
        entries.push_back(
            {path.substr(directory.size() + 1), false, inode->bytes.size(), inode->modified});
    }
    for (const auto& path : directories_) {
        if (path != directory && parent_path(path) == directory) {
            entries.push_back({path.substr(directory.size() + 1), true, 0, TimestampMs{0}});
        }
    }
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
}

Result<DirectoryEntry> MemoryDisk::stat(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (directories_.contains(path)) return DirectoryEntry{name, true, 0, TimestampMs{0}};
    const auto found = names_.find(path);
    if (found == names_.end()) return refused("stat", path, IoCause::not_found);
    return DirectoryEntry{name, false, found->second->bytes.size(), found->second->modified};
}

Result<bool> MemoryDisk::exists(const std::string& path) {
    return names_.contains(path) || directories_.contains(path);
}

Status MemoryDisk::make_dir(const std::string& path) {
    if (directories_.contains(path)) return {};
    MILENA_TRY(check(Operation::make_dir, path));
    for (std::string part = path; part != "." && part != "/"; part = parent_path(part)) {
        directories_.insert(part);
    }
    return {};
}

Status MemoryDisk::sync_dir(const std::string& path) {
    MILENA_TRY(check(Operation::sync_dir, path));
    std::erase_if(durable_, [&](const auto& item) { return parent_path(item.first) == path; });
    for (const auto& [name, inode] : names_) {
        if (parent_path(name) == path) durable_[name] = inode;
    }
    return {};
}

Result<DiskSpace> MemoryDisk::space(const std::string&) {
    const std::uint64_t total = capacity.value_or(1ULL << 40);
    return DiskSpace{total, total - used()};
}

Result<std::unique_ptr<FileLock>> MemoryDisk::lock(const std::string& path) {
    if (!locks_.insert(path).second) return refused("lock", path, IoCause::locked);
    return std::make_unique<MemoryLock>(*this, path);
}

void MemoryDisk::lose_unsynced() {
    names_ = durable_;
    for (auto& [path, inode] : names_) inode->bytes = inode->synced;
}

std::vector<std::string> MemoryDisk::paths() const {
    std::vector<std::string> paths;
    for (const auto& [path, inode] : names_) paths.push_back(path);
    return paths;
}

void MemoryDisk::put(const std::string& path, std::string_view content) {
    for (std::string part = parent_path(path); part != "." && part != "/";
         part = parent_path(part)) {
        directories_.insert(part);
    }
    auto inode = std::make_shared<Inode>();
    inode->bytes.assign(content.begin(), content.end());
    names_[path] = std::move(inode);
}

std::string MemoryDisk::text(const std::string& path) {
    const auto& content = bytes(path);
    return {content.begin(), content.end()};
}

std::unique_ptr<MemoryDisk> MemoryDisk::clone() const {
    auto copy = std::make_unique<MemoryDisk>();
    std::map<const Inode*, std::shared_ptr<Inode>> copies;
    const auto copy_names = [&](const Names& from, Names& to) {
        for (const auto& [path, inode] : from) {
            auto& target = copies[inode.get()];
            if (!target) target = std::make_shared<Inode>(*inode);
            to[path] = target;
        }
    };
    copy_names(names_, copy->names_);
    copy_names(durable_, copy->durable_);
    copy->directories_ = directories_;
    copy->capacity = capacity;
    return copy;
}

}  // namespace milena::log::test
