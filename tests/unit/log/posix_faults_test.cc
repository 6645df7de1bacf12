// Every system call of PosixDisk is interrupted, cut short and refused: an interrupted or short
// call is finished, a refused one is told with its file and its reason. The functions of the C
// library that it calls are defined here, over the bare system calls.

#include "log/posix_disk.h"
#include "protocol/base/assert.h"

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

enum class Blow { none, interrupt, shorten, fail };

// What happens to the n-th call of one function from now on.
struct Plan {
    std::string_view call;
    Blow blow = Blow::none;
    int error = 0;
    bool hit = false;
};
thread_local Plan* plan = nullptr;
thread_local std::map<std::string_view, int>* counted = nullptr;

// The blow that this call has to take.
Blow blow_for(std::string_view call) {
    if (counted != nullptr) ++(*counted)[call];
    if (plan == nullptr || plan->call != call || plan->hit) return Blow::none;
    plan->hit = true;
    return plan->blow;
}

// True: the call fails with errno set.
bool refuses(std::string_view call) {
    switch (blow_for(call)) {
        case Blow::interrupt:
            errno = EINTR;
            return true;
        case Blow::fail:
            errno = plan->error;
            return true;
        default:
            return false;
    }
}

// How many of `size` bytes this call may do; -1: it fails with errno set.
ssize_t allowed(std::string_view call, std::size_t size) {
    const Blow blow = blow_for(call);
    if (blow == Blow::none) return static_cast<ssize_t>(size);
    if (blow == Blow::shorten) return static_cast<ssize_t>((size + 1) / 2);
    errno = blow == Blow::interrupt ? EINTR : plan->error;
    return -1;
}

}  // namespace

extern "C" {

ssize_t pread(int file, void* into, size_t size, off_t at) {
    const ssize_t may = allowed("pread", size);
    return may < 0 ? -1 : ::syscall(SYS_pread64, file, into, may, at);
}
ssize_t pwrite(int file, const void* from, size_t size, off_t at) {
    const ssize_t may = allowed("pwrite", size);
    return may < 0 ? -1 : ::syscall(SYS_pwrite64, file, from, may, at);
}
ssize_t pwritev(int file, const iovec* pieces, int count, off_t at) {
    std::size_t size = 0;
    for (int i = 0; i < count; ++i) size += pieces[i].iov_len;
    const ssize_t may = allowed("pwritev", size);
    if (may < 0) return -1;
    ssize_t done = 0;
    for (int i = 0; i < count && done < may; ++i) {
        const auto length = std::min<std::size_t>(pieces[i].iov_len, may - done);
        const auto wrote = ::syscall(SYS_pwrite64, file, pieces[i].iov_base, length, at + done);
        if (wrote < 0) return -1;
        done += wrote;
    }
    return done;
}
int fdatasync(int file) {
    return refuses("fdatasync") ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}
int fsync(int file) {
    return refuses("fsync") ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}
int ftruncate(int file, off_t size) noexcept {
    return refuses("ftruncate") ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}
int fallocate(int file, int mode, off_t at, off_t size) {
    return refuses("fallocate") ? -1
                                : static_cast<int>(::syscall(SYS_fallocate, file, mode, at, size));
}
int sync_file_range(int file, off64_t at, off64_t size, unsigned flags) {
    if (refuses("sync_file_range")) return -1;
    return static_cast<int>(::syscall(SYS_sync_file_range, file, at, size, flags));
}
int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const int mode = va_arg(more, int);
    va_end(more);
    if (refuses("open")) return -1;
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int rename(const char* from, const char* to) noexcept {
    return refuses("rename") ? -1 : static_cast<int>(::syscall(SYS_rename, from, to));
}
int mkdir(const char* path, mode_t mode) noexcept {
    return refuses("mkdir") ? -1 : static_cast<int>(::syscall(SYS_mkdir, path, mode));
}
int remove(const char* path) noexcept {
    if (refuses("remove")) return -1;
    if (::syscall(SYS_unlink, path) == 0) return 0;
    return errno == EISDIR ? static_cast<int>(::syscall(SYS_rmdir, path)) : -1;
}

}  // extern "C"

namespace milena::log::test {
namespace {

using testing::HasSubstr;

class PosixFaults : public testing::Test {
  protected:
    void SetUp() override {
        char pattern[] = "/tmp/milena-faults-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern), nullptr);
        directory_ = pattern;
    }
    void TearDown() override { static_cast<void>(remove_tree(disk_, directory_)); }

    // One of each call, on its own file; the first error.
    Status use_everything(const std::string& name) {
        const std::string path = join_path(directory_, name);
        MILENA_TRY(disk_.make_dir(path));
        const std::string at = join_path(path, "file");
        MILENA_ASSIGN(const auto file, disk_.open(at, OpenMode::open_or_create));
        MILENA_TRY(file->preallocate(0, 8192));
        MILENA_TRY(file->truncate(100));
        MILENA_TRY(file->write_at(0, as_bytes(std::string_view(kText))));
        const std::array<ByteView, 3> pieces{as_bytes(std::string_view("one")),
                                             as_bytes(std::string_view("twotwo")),
                                             as_bytes(std::string_view("three"))};
        MILENA_TRY(file->write_at(kText.size(), pieces));
        MILENA_TRY(file->start_writeback(0, 10));
        MILENA_TRY(file->sync());
        std::vector<std::uint8_t> back(kText.size() + 14);
        MILENA_TRY(file->read_at(0, back));
        if (as_text(back) != std::string(kText) + "onetwotwothree") {
            return fail(ErrorCode::CORRUPT_MESSAGE, "other bytes came back");
        }
        MILENA_TRY(disk_.rename(at, at + ".new"));
        MILENA_TRY(disk_.sync_dir(path));
        return disk_.remove(at + ".new");
    }
    Status use_with(std::string_view call, Blow blow, int error = 0) {
        Plan next{call, blow, error};
        plan = &next;
        auto status = use_everything(std::string(call) + std::to_string(++runs_));
        plan = nullptr;
        EXPECT_TRUE(next.hit) << call << " is never called";
        return status;
    }

    static constexpr std::string_view kText = "what is written must be what is read";
    PosixDisk disk_;
    std::string directory_;
    int runs_ = 0;
};

constexpr std::array kInterruptible{"pread",           "pwrite",    "pwritev",
                                    "fdatasync",       "fsync",     "ftruncate",
                                    "sync_file_range", "fallocate", "open"};
constexpr std::array kOthers{"rename", "mkdir", "remove"};

TEST_F(PosixFaults, EveryCallThatChangesSomethingIsCovered) {
    std::map<std::string_view, int> calls;
    counted = &calls;
    ASSERT_TRUE(use_everything("plain"));
    counted = nullptr;
    EXPECT_EQ(calls.size(), kInterruptible.size() + kOthers.size());
}

TEST_F(PosixFaults, AnInterruptedCallIsMadeAgain) {
    for (const auto* call : kInterruptible) {
        const auto status = use_with(call, Blow::interrupt);
        EXPECT_TRUE(status) << call << ": " << status.error().detail;
    }
}

TEST_F(PosixFaults, AShortCallIsFinished) {
    for (const auto* call : {"pread", "pwrite", "pwritev"}) {
        const auto status = use_with(call, Blow::shorten);
        EXPECT_TRUE(status) << call << ": " << status.error().detail;
    }
}

TEST_F(PosixFaults, ARefusalNamesTheFileAndTheReason) {
    struct Row {
        int error;
        IoCause cause;
        const char* reason;
    };
    for (const Row& row : {Row{EIO, IoCause::broken, "Input/output error"},
                           Row{ENOSPC, IoCause::no_space, "No space left"}}) {
        const auto expect = [&](const char* call) {
            const auto status = use_with(call, Blow::fail, row.error);
            // Reads go through SliceSource, which knows a number only.
            ASSERT_FALSE(status) << call;
            EXPECT_EQ(status.error().code, ErrorCode::KAFKA_STORAGE_ERROR) << call;
            EXPECT_THAT(status.error().detail, HasSubstr(directory_)) << call;
            if (std::string_view(call) == "pread") return;
            EXPECT_EQ(status.error().io, row.cause) << call;
            EXPECT_THAT(status.error().detail, HasSubstr(row.reason)) << call;
        };
        for (const auto* call : kInterruptible) expect(call);
        for (const auto* call : kOthers) expect(call);
    }
}

TEST_F(PosixFaults, AFileSystemThatCannotReserveStillStores) {
    const auto status = use_with("fallocate", Blow::fail, EOPNOTSUPP);
    EXPECT_TRUE(status) << status.error().detail;
}

}  // namespace
}  // namespace milena::log::test
