// Partitions that nobody has opened yet, and directories that fail.
#include "log/posix_disk.h"
#include "tests/unit/broker/replica/store_fixture.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace milena::replica {
namespace {

using testing::HasSubstr;

// The machine's disk, but some paths refuse and the free space is what the test says.
class WilfulDisk final : public log::Disk {
  public:
    Result<std::shared_ptr<log::File>> open(const std::string& path, log::OpenMode mode) override {
        MILENA_TRY(check(path));
        ++opened;
        return real_.open(path, mode);
    }
    Status rename(const std::string& from, const std::string& to) override {
        MILENA_TRY(check(to));
        return real_.rename(from, to);
    }
    Status remove(const std::string& path) override {
        MILENA_TRY(check(path));
        return real_.remove(path);
    }
    Result<std::vector<log::DirectoryEntry>> list(const std::string& directory) override {
        MILENA_TRY(check(directory));
        return real_.list(directory);
    }
    Result<log::DirectoryEntry> stat(const std::string& path) override {
        MILENA_TRY(check(path));
        return real_.stat(path);
    }
    Result<bool> exists(const std::string& path) override {
        MILENA_TRY(check(path));
        return real_.exists(path);
    }
    Status make_dir(const std::string& path) override {
        MILENA_TRY(check(path));
        return real_.make_dir(path);
    }
    Status sync_dir(const std::string& path) override {
        MILENA_TRY(check(path));
        return real_.sync_dir(path);
    }
    Result<log::DiskSpace> space(const std::string& path) override {
        MILENA_TRY(check(path));
        return log::DiskSpace{1'000'000, 900'000};
    }
    Result<std::unique_ptr<log::FileLock>> lock(const std::string& path) override {
        MILENA_TRY(check(path));
        return real_.lock(path);
    }

    std::string broken;  // whatever lies below
    int opened = 0;

  private:
    Status check(const std::string& path) const {
        if (broken.empty() || !path.starts_with(broken)) return {};
        return std::unexpected(
            Error{ErrorCode::KAFKA_STORAGE_ERROR, path + ": no such device", IoCause::broken});
    }
    log::PosixDisk real_;
};

struct LogStoreTest : StoreFixture {
    LogStoreTest() : StoreFixture(disk) {
        char pattern[] = "/tmp/milena-store-XXXXXX";
        EXPECT_NE(mkdtemp(pattern), nullptr);
        root = pattern;
    }
    ~LogStoreTest() override {
        release();
        std::filesystem::remove_all(root);
    }

    bool has(const std::string& relative) const {
        return std::filesystem::exists(root + "/" + relative);
    }

    WilfulDisk disk;
};

TEST_F(LogStoreTest, APartitionHasNoFilesBeforeItsFirstUse) {
    open();
    const auto partition = add(name(0));
    EXPECT_FALSE(has("0/t-0"));
    EXPECT_EQ(partition->leader().id, BrokerId(1));
    EXPECT_EQ(partition->leader().epoch, LeaderEpoch(3));
    EXPECT_FALSE(partition->marks());
    ASSERT_TRUE(append(*partition));
    EXPECT_TRUE(has("0/t-0/00000000000000000000.log"));
    EXPECT_EQ(end_of(*partition), 1);
    EXPECT_TRUE(partition->marks());
    stop();
    EXPECT_TRUE(has("0/t-0/partition.metadata"));
}

TEST_F(LogStoreTest, WhatACrashLeftOfANewPartitionIsMadeAgain) {
    open();
    add(name(0));
    ASSERT_EQ(end_of(*partitions[0]), 0);
    std::filesystem::resize_file(path(0) + "/t-0/partition.metadata.new", 0);
    open();
    ASSERT_TRUE(append(*add(name(0))));
    EXPECT_EQ(end_of(*partitions[0]), 1);
    stop();
    open();
    EXPECT_EQ(end_of(*add(name(0))), 1);
}

TEST_F(LogStoreTest, ACleanStartOpensNoFileOfAPartition) {
    open();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*add(name(i))));
    stop();
    open();
    disk.opened = 0;
    for (int i = 0; i < 20; ++i) add(name(i));
    EXPECT_EQ(disk.opened, 0);
    for (const auto& partition : partitions) {
        const auto marks = partition->marks();
        ASSERT_TRUE(marks);
        EXPECT_EQ(marks->high_watermark, Offset(1));
    }
    EXPECT_EQ(disk.opened, 0);
    EXPECT_EQ(end_of(*partitions[7]), 1);
    EXPECT_GT(disk.opened, 0);
    // Nor does stopping again open what nobody has used, and the next start is as clean.
    disk.opened = 0;
    partitions.erase(partitions.begin() + 7);
    for (const auto& partition : partitions) {
        ASSERT_TRUE(partition->close(Partition::Closing::clean, now()).value());
    }
    EXPECT_EQ(disk.opened, 0);
}

TEST_F(LogStoreTest, AfterACrashADormantLogIsRecoveredByWhoeverComesFirst) {
    open();
    ASSERT_TRUE(append(*add(name(0))));
    ASSERT_TRUE(append(*partitions[0]));
    std::filesystem::resize_file(path(0) + "/t-0/00000000000000000000.log", 100);
    open();
    const auto partition = add(name(0));
    EXPECT_EQ(end_of(*partition), 1) << "the second batch was torn";
}

TEST_F(LogStoreTest, ACleanStopMendsWhatACrashLeftAndNobodyTouched) {
    open();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(*add(name(i))));
    std::filesystem::resize_file(path(0) + "/t-1/00000000000000000000.log", 10);
    open();
    for (int i = 0; i < 3; ++i) add(name(i));
    EXPECT_EQ(end_of(*partitions[0]), 1);
    stop();
    open();
    EXPECT_TRUE(store->was_clean());
    for (int i = 0; i < 3; ++i) add(name(i));
    EXPECT_EQ(end_of(*partitions[1]), 0);
    EXPECT_EQ(end_of(*partitions[2]), 1);
}

TEST_F(LogStoreTest, RecoveringAtOnceIsForThoseWithMuchToRead) {
    open();
    ASSERT_TRUE(append(*add(name(0)), log::AppendOrigin::client, 50'000));
    ASSERT_TRUE(append(*add(name(1))));
    open();
    for (int i = 0; i < 2; ++i) {
        disk.opened = 0;
        const auto partition = add(name(i));
        partition->recover(10'000);
        EXPECT_EQ(disk.opened > 0, i == 0);
        partition->recover(0);
        EXPECT_GT(disk.opened, 0);
    }
}

TEST_F(LogStoreTest, TheRecoveryPointFollowsAFastLogAndOnlyTheRestIsReadAgain) {
    open();
    const auto partition = add(name(0));
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(append(*partition, log::AppendOrigin::client, 1'000));
    }
    EXPECT_GT(partition->unsecured_bytes(), 50'000U);
    EXPECT_EQ(partition->marks()->recovery_point, Offset(0));
    partition->secure();
    run_jobs();
    EXPECT_EQ(partition->marks()->recovery_point, Offset(100));
    EXPECT_EQ(partition->unsecured_bytes(), 0U);
    ASSERT_TRUE(append(*partition));
    checkpoint();
    open();
    const DormantLog as_found{DirectoryIndex{0}, true, true, Offset(100)};
    const auto log = store->open_log(name(0), as_found, {});
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_EQ((*log)->log_end_offset(), Offset(101));
    EXPECT_LT((*log)->recovery_report().scanned_bytes, 10'000U);
}

TEST_F(LogStoreTest, ATopicMadeAnewSeesNothingOfItsPredecessor) {
    open();
    const auto old = add(name(0, Uuid{1, 1}));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(*old));
    ASSERT_TRUE(old->delete_records(Offset(4), now().mono));
    checkpoint();
    ASSERT_TRUE(old->close(Partition::Closing::removed, now()));
    ASSERT_TRUE(store->remove_partition(old->name(), old->directory(), Millis(60'000)));
    partitions.clear();
    const auto anew = add(name(0, Uuid{2, 2}), LogStore::Known::created_now);
    ASSERT_TRUE(append(*anew));
    ASSERT_TRUE(append(*anew));
    EXPECT_EQ(end_of(*anew), 2);
    // The crash comes before the next checkpoint.
    open();
    const auto found = add(name(0, Uuid{2, 2}));
    EXPECT_EQ(end_of(*found), 2);
    EXPECT_EQ(found->marks()->log_start_offset, Offset(0));
}

TEST_F(LogStoreTest, ADirectoryOfAnotherTopicIdIsSetAside) {
    open();
    ASSERT_TRUE(append(*add(name(0, Uuid{1, 1}))));
    stop();
    open();
    EXPECT_EQ(end_of(*add(name(0, Uuid{2, 2}))), 0);
    std::size_t strays = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path(0))) {
        strays += entry.path().string().ends_with("-stray") ? 1 : 0;
    }
    EXPECT_EQ(strays, 1U);
}

// As long as it lives this process may open so many files more than it has open now.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t more) {
        getrlimit(RLIMIT_NOFILE, &before_);
        const std::filesystem::directory_iterator open("/proc/self/fd");
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(std::distance(begin(open), end(open))) + more;
        setrlimit(RLIMIT_NOFILE, &now);
    }
    ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST_F(LogStoreTest, FewFilesAreOpenHoweverManyPartitionsAreUsed) {
    const FewDescriptors limit(64 + 16);
    open();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(append(*add(name(i))));
    for (const auto& partition : partitions) ASSERT_TRUE(append(*partition));
    EXPECT_LE(files.open_files(), 64U);
    for (const auto& partition : partitions) EXPECT_EQ(end_of(*partition), 2);
    for (const auto& partition : partitions) ASSERT_TRUE(partition->upkeep(disk, now()));
    stop();
    open();
    for (int i = 0; i < 200; ++i) EXPECT_EQ(end_of(*add(name(i))), 2);
}

TEST_F(LogStoreTest, NewPartitionsGoWhereThereAreFewest) {
    open(3);
    std::array<int, 3> placed{};
    for (int i = 0; i < 30; ++i) {
        ++placed[static_cast<std::size_t>(add(name(i))->directory())];
    }
    EXPECT_EQ(placed, (std::array<int, 3>{10, 10, 10}));
}

TEST_F(LogStoreTest, AFailedDirectoryTakesOnlyItsPartitionsOffline) {
    open(2);
    const auto one = add(name(0));
    const auto two = add(name(1));
    ASSERT_TRUE(append(*one));
    ASSERT_TRUE(append(*two));
    disk.broken = path(1);
    EXPECT_FALSE(store->checkpoint(partitions)) << "and that makes it suspect";
    store->step();
    EXPECT_EQ(append(*two).error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    EXPECT_EQ(end_of(*two), -static_cast<std::int64_t>(ErrorCode::KAFKA_STORAGE_ERROR));
    EXPECT_TRUE(append(*one));
    EXPECT_TRUE(store->checkpoint(partitions)) << "of the directory that is left";
    const auto directories = store->directories();
    EXPECT_TRUE(directories[0].is_online);
    EXPECT_FALSE(directories[1].is_online);
    for (int i = 2; i < 6; ++i) {
        EXPECT_EQ(add(name(i), LogStore::Known::created_now)->directory(), DirectoryIndex{0});
    }
}

TEST_F(LogStoreTest, ADirectoryThatCannotBeReadAtTheStartIsLeftOut) {
    open(2);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(append(*add(name(i))));
    stop();
    disk.broken = path(1);
    open(2);
    EXPECT_EQ(end_of(*add(name(0))), 1);
    // Perhaps it is there: an empty log in its place would be a loss.
    const auto lost = add(name(1));
    EXPECT_THAT(append(*lost).error().detail, HasSubstr("failed"));
    EXPECT_TRUE(append(*add(name(2), LogStore::Known::created_now)));
    EXPECT_FALSE(store->was_clean());
    stop();
    disk.broken.clear();
    open(2);
    EXPECT_EQ(end_of(*add(name(1))), 1) << "nothing happened to it";
    EXPECT_EQ(end_of(*add(name(2))), 1);
}

TEST_F(LogStoreTest, NoDirectoryNoStart) {
    disk.broken = root;
    LogStore::Options options;
    options.paths = {path(0), path(1)};
    options.identity = {"cluster", BrokerId(1)};
    const auto opened = LogStore::open(disk, std::move(options), clock, random);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().detail, HasSubstr("no such device"));
}

}  // namespace
}  // namespace milena::replica
