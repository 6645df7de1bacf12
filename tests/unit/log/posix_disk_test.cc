#include "log/posix_disk.h"

#include "tests/unit/log/support/log_fixture.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PosixDiskTest : public testing::Test {
  protected:
    PosixDiskTest() {
        std::string pattern = testing::TempDir() + "milena_disk_XXXXXX";
        root_ = ::mkdtemp(pattern.data());
    }
    ~PosixDiskTest() override { std::filesystem::remove_all(root_); }

    std::string in(std::string_view name) const { return join_path(root_, name); }
    // Blocks of 512 bytes that the file occupies.
    std::int64_t blocks(const std::string& path) const {
        struct stat status{};
        EXPECT_EQ(::stat(path.c_str(), &status), 0);
        return status.st_blocks;
    }

    std::string root_;
    PosixDisk disk_;
};

TEST_F(PosixDiskTest, WritesInPiecesAndReadsBack) {
    const auto file = value_of(disk_.open(in("f"), OpenMode::create));
    // More pieces than one system call takes, some of them empty.
    std::vector<std::string> parts;
    std::string all;
    for (int i = 0; i < 200; ++i) {
        parts.push_back(
            std::string(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26)));
        all += parts.back();
    }
    std::vector<ByteView> pieces;
    for (const auto& part : parts) pieces.push_back(as_bytes(part));
    expect_ok(file->write_at(3, pieces));
    EXPECT_EQ(value_of(file->size()), all.size() + 3);
    std::vector<std::uint8_t> read(all.size());
    expect_ok(file->read_at(3, read));
    EXPECT_EQ(as_text(read), all);
    expect_ok(file->sync());
    EXPECT_GE(file->native_handle(), 0);
}

TEST_F(PosixDiskTest, OpenModesMeanWhatTheySay) {
    EXPECT_EQ(disk_.open(in("f"), OpenMode::read).error().io, IoCause::not_found);
    EXPECT_EQ(disk_.open(in("f"), OpenMode::read_write).error().io, IoCause::not_found);
    EXPECT_TRUE(disk_.open(in("f"), OpenMode::create));
    EXPECT_EQ(disk_.open(in("f"), OpenMode::create).error().io, IoCause::exists);
    EXPECT_TRUE(disk_.open(in("f"), OpenMode::open_or_create));
    const auto missing = disk_.open(in("no/f"), OpenMode::open_or_create);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    EXPECT_THAT(missing.error().detail, HasSubstr("open " + in("no/f") + ": No such file"));
}

TEST_F(PosixDiskTest, PreallocationKeepsTheLengthAndTruncateGivesItBack) {
    const auto file = value_of(disk_.open(in("f"), OpenMode::create));
    expect_ok(file->write_at(0, as_bytes("12345")));
    expect_ok(file->preallocate(0, 1 << 20));
    EXPECT_EQ(value_of(file->size()), 5U);
    if (blocks(in("f")) < 2048) GTEST_SKIP() << "this file system does not preallocate";
    expect_ok(file->truncate(5));
    EXPECT_EQ(value_of(file->size()), 5U);
    EXPECT_LE(blocks(in("f")), 16);
}

TEST_F(PosixDiskTest, OpenFilesOutliveRenameAndRemoval) {
    const auto file = value_of(disk_.open(in("f"), OpenMode::create));
    expect_ok(file->write_at(0, as_bytes("12345")));
    expect_ok(disk_.rename(in("f"), in("g")));
    expect_ok(disk_.remove(in("g")));
    std::vector<std::uint8_t> read(5);
    expect_ok(file->read_at(0, read));
    EXPECT_EQ(as_text(read), "12345");
}

TEST_F(PosixDiskTest, DirectoriesAreMadeListedSyncedAndRemoved) {
    expect_ok(disk_.make_dir(in("a/b/c")));
    expect_ok(disk_.make_dir(in("a/b/c")));
    EXPECT_TRUE(disk_.open(in("a/f"), OpenMode::create));
    EXPECT_FALSE(disk_.make_dir(in("a/f")));
    expect_ok(disk_.sync_dir(in("a")));
    const auto entries = value_of(disk_.list(in("a")));
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].name, "b");
    EXPECT_TRUE(entries[0].is_directory);
    EXPECT_EQ(entries[1].name, "f");
    EXPECT_FALSE(entries[1].is_directory);
    EXPECT_GT(entries[1].modified, TimestampMs{1'500'000'000'000});
    EXPECT_EQ(disk_.remove(in("a")).error().io, IoCause::exists);
    expect_ok(remove_tree(disk_, in("a")));
    EXPECT_FALSE(value_of(disk_.exists(in("a"))));
    EXPECT_EQ(disk_.list(in("a")).error().io, IoCause::not_found);
}

TEST_F(PosixDiskTest, OneLockHolderAtATime) {
    auto held = value_of(disk_.lock(in(".lock")));
    PosixDisk other;
    const auto refused = other.lock(in(".lock"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().io, IoCause::locked);
    EXPECT_THAT(refused.error().detail, HasSubstr("another process"));
    held.reset();
    EXPECT_TRUE(other.lock(in(".lock")));
}

TEST_F(PosixDiskTest, FullDiskIsTold) {
    // A device that accepts nothing: every write to it says "no space left".
    const auto file = value_of(disk_.open("/dev/full", OpenMode::read_write));
    const auto written = file->write_at(0, as_bytes("12345"));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().io, IoCause::no_space);
    EXPECT_THAT(written.error().detail, HasSubstr("free space"));
}

TEST_F(PosixDiskTest, SpaceIsTold) {
    const auto space = value_of(disk_.space(root_));
    EXPECT_GT(space.total, 0U);
    EXPECT_LE(space.free, space.total);
}

}  // namespace
}  // namespace milena::log::test
