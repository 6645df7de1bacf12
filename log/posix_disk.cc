#include "log/posix_disk.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace milena::log {
namespace {

// The kernel takes the size of a write for the size of the pieces of memory that it caches it in,
// and in a machine that has run for a while goes looking for large ones: 0.7 CPU-s for a GB written
// in pieces of 1 MiB, 0.2 in pieces of 64 KiB.
constexpr std::size_t kLargestWrite = 64 << 10;

IoCause cause_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return IoCause::not_found;
        case EEXIST:
        case ENOTEMPTY:
            return IoCause::exists;
        case ENOSPC:
        case EDQUOT:
            return IoCause::no_space;
        case EMFILE:
        case ENFILE:
            return IoCause::too_many;
        case EACCES:
        case EPERM:
        case EROFS:
            return IoCause::denied;
        default:
            return IoCause::broken;
    }
}

std::string_view hint(IoCause cause) {
    switch (cause) {
        case IoCause::no_space:
            return "; free space or lower the retention";
        case IoCause::too_many:
            return "; raise the limit of open files (ulimit -n)";
        case IoCause::denied:
            return "; check owner and mode, and that it is mounted writable";
        default:
            return "";
    }
}

std::unexpected<Error> refused(std::string_view operation, std::string_view path, int error) {
    std::array<char, 128> buffer{};
    const char* reason = ::strerror_r(error, buffer.data(), buffer.size());
    const IoCause cause = cause_of(error);
    std::string detail;
    detail.append(operation).append(" ").append(path).append(": ").append(reason);
    detail.append(hint(cause));
    return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR, std::move(detail), cause});
}

// So much (or an eighth of it) a disk keeps free of blocks that are given ahead of need.
constexpr std::uint64_t kPlenty = 4ULL << 30U;

DiskSpace space_of(const struct statvfs& status) {
    return {status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
}

// Repeats a system call that a signal cut short.
template <class Call>
auto uninterrupted(Call call) {
    for (;;) {
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    int get() const { return value_; }

  private:
    int value_;
};

class PosixFile final : public File {
  public:
    PosixFile(Descriptor descriptor, std::string path)
        : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

    int native_handle() const override { return descriptor_.get(); }
    const std::string& path() const override { return path_; }

    std::int64_t read_some(std::uint64_t position, MutableBytes into) const override {
        std::size_t done = 0;
        while (done < into.size()) {
            const auto count = uninterrupted([&] {
                return ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                               static_cast<off_t>(position + done));
            });
            if (count < 0) return -errno;
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return static_cast<std::int64_t>(done);
    }

    Result<std::uint64_t> size() const override {
        struct stat status{};
        if (::fstat(descriptor_.get(), &status) != 0) return refused("stat", path_, errno);
        return static_cast<std::uint64_t>(status.st_size);
    }

    Status write_at(std::uint64_t position, ByteView bytes) override {
        while (!bytes.empty()) {
            const auto some = bytes.first(std::min(bytes.size(), kLargestWrite));
            const auto count = uninterrupted([&] {
                return ::pwrite(descriptor_.get(), some.data(), some.size(),
                                static_cast<off_t>(position));
            });
            if (count < 0) return refused("write to", path_, errno);
            if (count == 0) return refused("write to", path_, EIO);
            // After a short count the next try names the reason.
            position += static_cast<std::uint64_t>(count);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
        return {};
    }

    Status write_at(std::uint64_t position, std::span<const ByteView> pieces) override {
        constexpr std::size_t kMaxPieces = 64;
        std::array<iovec, kMaxPieces> vectors;
        while (!pieces.empty()) {
            const std::size_t count = std::min(pieces.size(), kMaxPieces);
            std::size_t wanted = 0;
            for (std::size_t i = 0; i < count; ++i) {
                vectors[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
                wanted += pieces[i].size();
            }
            const auto written = uninterrupted([&] {
                return ::pwritev(descriptor_.get(), vectors.data(), static_cast<int>(count),
                                 static_cast<off_t>(position));
            });
            if (written < 0) return refused("write to", path_, errno);
            auto rest = static_cast<std::size_t>(written);
            position += rest;
            if (rest == wanted) {
                pieces = pieces.subspan(count);
                continue;
            }
            while (rest >= pieces.front().size()) {
                rest -= pieces.front().size();
                pieces = pieces.subspan(1);
            }
            const ByteView cut = pieces.front().subspan(rest);
            MILENA_TRY(write_at(position, cut));
            position += cut.size();
            pieces = pieces.subspan(1);
        }
        return {};
    }

    Status sync() override {
        if (uninterrupted([&] { return ::fdatasync(descriptor_.get()); }) != 0) {
            return refused("sync", path_, errno);
        }
        return {};
    }

    Status truncate(std::uint64_t size) override {
        const auto length = static_cast<off_t>(size);
        if (uninterrupted([&] { return ::ftruncate(descriptor_.get(), length); }) != 0) {
            return refused("truncate", path_, errno);
        }
        return {};
    }

    // What one file holds ahead is missing to all others when the disk fills up.
    Status preallocate(std::uint64_t position, std::uint64_t length) override {
        struct statvfs status{};
        if (::fstatvfs(descriptor_.get(), &status) != 0) {
            return refused("preallocate", path_, errno);
        }
        const DiskSpace space = space_of(status);
        if (space.free < std::min(kPlenty, space.total / 8) + length) {
            return refused("preallocate", path_, ENOSPC);
        }
        const int result = uninterrupted([&] {
            return ::fallocate(descriptor_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(position),
                               static_cast<off_t>(length));
        });
        // A file system that cannot reserve (tmpfs of old, NFS) still stores.
        if (result != 0 && errno != EOPNOTSUPP) return refused("preallocate", path_, errno);
        return {};
    }

    Status start_writeback(std::uint64_t position, std::uint64_t length) override {
        const int result = uninterrupted([&] {
            return ::sync_file_range(descriptor_.get(), static_cast<off_t>(position),
                                     static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
        });
        if (result != 0) return refused("write back", path_, errno);
        return {};
    }

    void advise(std::uint64_t position, std::uint64_t length, Advice advice) override {
        const int kind = [advice] {
            switch (advice) {
                case Advice::sequential:
                    return POSIX_FADV_SEQUENTIAL;
                case Advice::random:
                    return POSIX_FADV_RANDOM;
                case Advice::will_need:
                    return POSIX_FADV_WILLNEED;
                case Advice::dont_need:
                    return POSIX_FADV_DONTNEED;
            }
            return POSIX_FADV_NORMAL;
        }();
        ::posix_fadvise(descriptor_.get(), static_cast<off_t>(position), static_cast<off_t>(length),
                        kind);
    }

  private:
    Descriptor descriptor_;
    std::string path_;
};

class PosixLock final : public FileLock {
  public:
    explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  private:
    Descriptor descriptor_;
};

TimestampMs modified_of(const struct stat& status) {
    return TimestampMs{static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 +
                       status.st_mtim.tv_nsec / 1'000'000};
}

DirectoryEntry entry_of(std::string name, const struct stat& status) {
    return {std::move(name), S_ISDIR(status.st_mode), static_cast<std::uint64_t>(status.st_size),
            modified_of(status)};
}

Result<Descriptor> open_descriptor(const std::string& path, int flags) {
    Descriptor descriptor(
        uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); }));
    if (descriptor.get() < 0) return refused("open", path, errno);
    return descriptor;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<std::shared_ptr<File>> PosixDisk::open(const std::string& path, OpenMode mode) {
    const int flags = [mode] {
        switch (mode) {
            case OpenMode::read:
                return O_RDONLY;
            case OpenMode::read_write:
                return O_RDWR;
            case OpenMode::create:
                return O_RDWR | O_CREAT | O_EXCL;
            case OpenMode::open_or_create:
                return O_RDWR | O_CREAT;
        }
        MILENA_UNREACHABLE();
    }();
    MILENA_ASSIGN(auto descriptor, open_descriptor(path, flags));
    return std::make_shared<PosixFile>(std::move(descriptor), path);
}

Status PosixDisk::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return refused("rename " + from + " to", to, errno);
    }
    return {};
}

Status PosixDisk::remove(const std::string& path) {
    if (::remove(path.c_str()) != 0) return refused("remove", path, errno);
    return {};
}

Result<std::vector<DirectoryEntry>> PosixDisk::list(const std::string& directory) {
    const std::unique_ptr<DIR, CloseDirectory> handle(::opendir(directory.c_str()));
    if (!handle) return refused("list", directory, errno);
    std::vector<DirectoryEntry> entries;
    for (;;) {
        errno = 0;
        const dirent* found = ::readdir(handle.get());
        if (found == nullptr) {
            if (errno != 0) return refused("list", directory, errno);
            break;
        }
        std::string name = found->d_name;
        if (name == "." || name == "..") continue;
        struct stat status{};
        if (::fstatat(::dirfd(handle.get()), found->d_name, &status, 0) != 0) {
            if (errno == ENOENT) continue;  // removed since, or a dangling link
            return refused("stat", join_path(directory, name), errno);
        }
        entries.push_back(entry_of(std::move(name), status));
    }
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
}

Result<DirectoryEntry> PosixDisk::stat(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return refused("stat", path, errno);
    return entry_of(path.substr(path.rfind('/') + 1), status);
}

Result<bool> PosixDisk::exists(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (cause_of(errno) == IoCause::not_found) return false;
    return refused("stat", path, errno);
}

Status PosixDisk::make_dir(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    if (errno == ENOENT) {
        const std::string parent = parent_path(path);
        if (parent == path) return refused("make directory", path, ENOENT);
        MILENA_TRY(make_dir(parent));
        if (::mkdir(path.c_str(), 0755) == 0) return {};
    }
    if (errno != EEXIST) return refused("make directory", path, errno);
    MILENA_ASSIGN(const auto found, stat(path));
    if (!found.is_directory) return refused("make directory", path, EEXIST);
    return {};
}

Status PosixDisk::sync_dir(const std::string& path) {
    MILENA_ASSIGN(const auto directory, open_descriptor(path, O_RDONLY | O_DIRECTORY));
    if (uninterrupted([&] { return ::fsync(directory.get()); }) != 0) {
        return refused("sync directory", path, errno);
    }
    return {};
}

Result<DiskSpace> PosixDisk::space(const std::string& path) {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return refused("read free space of", path, errno);
    return space_of(status);
}

Result<std::unique_ptr<FileLock>> PosixDisk::lock(const std::string& path) {
    MILENA_ASSIGN(auto descriptor, open_descriptor(path, O_RDWR | O_CREAT));
    // A lock of the open file, not of the process: it also keeps out another PosixDisk of ours, and
    // conflicts with the record lock that a JVM takes.
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    if (uninterrupted([&] { return ::fcntl(descriptor.get(), F_OFD_SETLK, &range); }) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
            return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                         "lock " + path +
                                             ": another process is using this data directory; stop "
                                             "it or choose another log.dirs",
                                         IoCause::locked});
        }
        return refused("lock", path, errno);
    }
    return std::make_unique<PosixLock>(std::move(descriptor));
}

}  // namespace milena::log
