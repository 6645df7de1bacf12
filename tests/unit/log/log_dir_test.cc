#include "log/log_dir.h"

#include "log/clean_shutdown.h"
#include "log/meta_properties.h"
#include "log/partition_metadata.h"
#include "protocol/base/logger.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPath = "/data/a";

class LogDirTest : public testing::Test {
  protected:
    LogDirTest() { set_log_level(LogLevel::off); }

    void open() {
        dir_.reset();
        dir_ = value_of(LogDir::open(disk_, kPath, {"cluster", BrokerId{1}}, random_));
    }
    TopicPartition id(const char* topic, int partition) const {
        return {topic, PartitionIndex{partition}};
    }
    std::vector<std::string> scan_names() {
        std::vector<std::string> names;
        for (const auto& found : value_of(dir_->scan(now_))) {
            names.push_back(partition_directory(found.id));
        }
        return names;
    }
    void remove_due(std::size_t max_files) {
        auto due = dir_->take_due(now_);
        expect_ok(dir_->remove_due(due, max_files));
        dir_->put_back(std::move(due), now_);
    }
    std::size_t files_below(const std::string& path) const {
        std::size_t count = 0;
        for (const auto& each : disk_.paths()) count += each.starts_with(path) ? 1 : 0;
        return count;
    }

    MemoryDisk disk_;
    SeededRandom random_{7};
    LogSettings settings_;
    LogTime now_{TimestampMs{1'000'000}, MonoTime{}};
    TopicId topic_id_{Uuid{1, 2}};
    std::unique_ptr<LogDir> dir_;
};

TEST_F(LogDirTest, AFreshDirectoryGetsAnIdThatStays) {
    open();
    EXPECT_EQ(dir_->shutdown(), Shutdown::unclean);
    EXPECT_EQ(dir_->cluster_id(), "cluster");
    const DirectoryId id = dir_->id();
    EXPECT_FALSE(id.value().is_reserved());
    disk_.lose_unsynced();
    open();
    EXPECT_EQ(dir_->id(), id);
    EXPECT_THAT(scan_names(), IsEmpty());
}

TEST_F(LogDirTest, ADirectoryOfOthersIsRefused) {
    open();
    dir_.reset();
    const auto cluster = LogDir::open(disk_, kPath, {"another", BrokerId{1}}, random_);
    ASSERT_FALSE(cluster);
    EXPECT_EQ(cluster.error().code, ErrorCode::INCONSISTENT_CLUSTER_ID);
    const auto node = LogDir::open(disk_, kPath, {"cluster", BrokerId{2}}, random_);
    ASSERT_FALSE(node);
    EXPECT_THAT(node.error().detail, HasSubstr("belongs to node 1"));
}

TEST_F(LogDirTest, OnlyOneOwner) {
    open();
    const auto second = LogDir::open(disk_, kPath, {"cluster", BrokerId{1}}, random_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().io, IoCause::locked);
}

TEST_F(LogDirTest, AMissingDirectoryIdIsAdded) {
    disk_.put("/data/a/meta.properties", "version=1\nnode.id=1\ncluster.id=cluster\n");
    open();
    EXPECT_EQ(value_of(read_meta_properties(disk_, kPath))->directory_id, dir_->id());
}

TEST_F(LogDirTest, PartitionsAreDurableWithTheirFirstSyncAndFoundAgain) {
    open();
    expect_ok(dir_->begin());
    auto log = value_of(dir_->create(id("orders", 3), topic_id_, settings_, now_));
    auto other = value_of(dir_->create(id("a-b", 0), topic_id_, settings_, now_));
    expect_ok(other->sync(SyncScope::data));
    value_of(dir_->create(id("never-used", 0), topic_id_, settings_, now_));
    auto batch = make_batch();
    value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    expect_ok(log->sync(SyncScope::data));
    log.reset();
    disk_.lose_unsynced();
    open();
    EXPECT_THAT(scan_names(), ElementsAre("a-b-0", "never-used-0", "orders-3"));
    EXPECT_EQ(value_of(dir_->topic_id_of(id("a-b", 0))), topic_id_);
    EXPECT_EQ(value_of(dir_->topic_id_of(id("never-used", 0))), std::nullopt) << "not synced";
    const auto found = value_of(dir_->scan(now_)).back();
    EXPECT_EQ(value_of(dir_->topic_id_of(found.id)), topic_id_);
    log = value_of(dir_->load(found, settings_, now_));
    EXPECT_EQ(log->log_end_offset(), Offset{1});
}

// A partition that could not be made may leave its directory behind, also over a clean stop.
TEST_F(LogDirTest, WhatWasBegunBeforeACleanStopIsDurableWithItsFirstSync) {
    open();
    expect_ok(dir_->begin());
    expect_ok(disk_.make_dir(std::string(kPath) + "/orders-3"));
    expect_ok(begin_partition_metadata(disk_, std::string(kPath) + "/orders-3", topic_id_));
    expect_ok(dir_->close({}, BrokerEpoch{33}));
    open();
    auto log = value_of(dir_->load(value_of(dir_->scan(now_)).back(), settings_, now_));
    auto batch = make_batch();
    value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    expect_ok(log->sync(SyncScope::data));
    log.reset();
    disk_.lose_unsynced();
    open();
    EXPECT_EQ(value_of(dir_->topic_id_of(id("orders", 3))), topic_id_);
}

// First uses of very many partitions must not each wait for the device.
TEST_F(LogDirTest, MakingAPartitionAndAppendingSyncsNothing) {
    open();
    int syncs = 0;
    disk_.fault = [&](Operation operation, const std::string&) -> std::optional<IoCause> {
        syncs += operation == Operation::sync || operation == Operation::sync_dir ? 1 : 0;
        return std::nullopt;
    };
    auto log = value_of(dir_->create(id("orders", 3), topic_id_, settings_, now_));
    auto batch = make_batch();
    value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    EXPECT_EQ(syncs, 0);
    // The process dies, the machine does not.
    log.reset();
    EXPECT_EQ(value_of(dir_->topic_id_of(id("orders", 3))), topic_id_);
    log = value_of(dir_->load(value_of(dir_->scan(now_)).front(), settings_, now_));
    EXPECT_EQ(log->log_end_offset(), Offset{1});
    expect_ok(log->sync(SyncScope::data));
    EXPECT_TRUE(disk_.has("/data/a/orders-3/partition.metadata"));
    EXPECT_FALSE(disk_.has("/data/a/orders-3/partition.metadata.new"));
    const int first = syncs;
    value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    expect_ok(log->sync(SyncScope::data));
    EXPECT_EQ(syncs, first + 1) << "once is enough";
}

TEST_F(LogDirTest, ADirectoryWithoutMetadataBelongsToNobody) {
    open();
    disk_.put("/data/a/orders-0/00000000000000000000.log", "");
    EXPECT_EQ(value_of(dir_->topic_id_of(id("orders", 0))), std::nullopt);
    EXPECT_FALSE(value_of(dir_->holds_records(id("orders", 0))));
    disk_.put("/data/a/orders-0/00000000000000000000.log", "x");
    EXPECT_TRUE(value_of(dir_->holds_records(id("orders", 0))));
    disk_.put("/data/a/orders-0/partition.metadata", "version: 7");
    EXPECT_FALSE(dir_->topic_id_of(id("orders", 0)));
}

TEST_F(LogDirTest, LinesOfLogsThatAreGoneAreForgottenForGood) {
    open();
    Checkpoints checkpoints;
    checkpoints.recovery_points = {{id("orders", 0), Offset{5}}, {id("other", 1), Offset{6}}};
    checkpoints.log_start_offsets = {{id("orders", 0), Offset{4}}};
    checkpoints.high_watermarks = {{id("orders", 0), Offset{5}}, {id("other", 1), Offset{6}}};
    expect_ok(dir_->write_checkpoints(checkpoints));
    expect_ok(dir_->forget_checkpoints({id("orders", 0)}));
    disk_.lose_unsynced();
    EXPECT_EQ(disk_.text("/data/a/recovery-point-offset-checkpoint"), "0\n1\nother 1 6\n");
    EXPECT_EQ(disk_.text("/data/a/log-start-offset-checkpoint"), "0\n0\n");
    EXPECT_EQ(disk_.text("/data/a/replication-offset-checkpoint"), "0\n1\nother 1 6\n");
}

TEST_F(LogDirTest, OnlyWhatWasWrittenToSinceTheCheckpointCountsAsToRecover) {
    open();
    expect_ok(dir_->begin());
    settings_.segment_bytes = 1'000;
    auto log = value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    for (int i = 0; i < 20; ++i) {
        auto batch = make_batch();
        value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    }
    const auto active = log->active_segment_base();
    const auto size = log->end_position().in_segment;
    const auto total = log->size_bytes();
    log.reset();
    open();
    value_of(dir_->scan(now_));
    EXPECT_EQ(dir_->bytes_to_recover({id("orders", 0)}), total) << "there is no checkpoint";
    const FoundPartition found{id("orders", 0), active + 1};
    EXPECT_EQ(dir_->bytes_to_recover(found), size) << "the segment with the recovery point";
    EXPECT_EQ(dir_->bytes_to_recover({id("nobody", 0)}), 0U);
    disk_.put("/data/a/recovery-point-offset-checkpoint", "0\n0\n");
    disk_.touch("/data/a/recovery-point-offset-checkpoint", TimestampMs{1'000'000'000});
    value_of(dir_->scan(now_));
    EXPECT_EQ(dir_->bytes_to_recover(found), 0U) << "nothing was written after the checkpoint";
}

TEST_F(LogDirTest, AProbeTellsWhetherTheDirectoryCanBeUsed) {
    open();
    expect_ok(dir_->probe());
    EXPECT_EQ(files_below("/data/a/.probe"), 0U);
    disk_.fault = [](Operation operation, const std::string&) {
        return operation == Operation::sync ? std::optional(IoCause::broken) : std::nullopt;
    };
    EXPECT_EQ(dir_->probe().error().io, IoCause::broken);
}

TEST_F(LogDirTest, ANameThatIsTakenByAnotherTopicIdIsRefused) {
    open();
    value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    const auto other = dir_->create(id("orders", 0), TopicId{Uuid{3, 4}}, settings_, now_);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::INCONSISTENT_TOPIC_ID);
}

TEST_F(LogDirTest, RemovalRenamesAtOnceAndDeletesAfterTheDelay) {
    open();
    value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    expect_ok(dir_->remove(id("orders", 0), Millis{1'000}, now_));
    EXPECT_THAT(scan_names(), IsEmpty());
    // The name is free at once.
    value_of(dir_->create(id("orders", 0), TopicId{Uuid{3, 4}}, settings_, now_));
    expect_ok(dir_->remove(id("orders", 0), Millis{1'000}, now_));
    const std::size_t before = files_below("/data/a/orders-0.");
    EXPECT_EQ(before, 4U);
    open();  // restarted: what is marked goes without waiting again
    EXPECT_THAT(scan_names(), IsEmpty());
    remove_due(3);
    EXPECT_EQ(files_below("/data/a/orders-0."), 1U) << "the budget was three files";
    remove_due(100);
    EXPECT_EQ(files_below("/data/a/orders-0."), 0U);
}

TEST_F(LogDirTest, TheDelayIsKept) {
    open();
    value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    expect_ok(dir_->remove(id("orders", 0), Millis{1'000}, now_));
    now_.mono += Millis{999};
    remove_due(100);
    EXPECT_EQ(files_below("/data/a/orders-0."), 2U);
    now_.mono += Millis{1};
    remove_due(100);
    EXPECT_EQ(files_below("/data/a/orders-0."), 0U);
}

TEST_F(LogDirTest, StrayAndForeignDirectoriesAreLeftAlone) {
    open();
    value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    expect_ok(dir_->mark_stray(id("orders", 0)));
    disk_.put("/data/a/__cluster_metadata-0/00000000000000000000.log", "x");
    disk_.put("/data/a/remote-log-index-cache/x", "x");
    disk_.put("/data/a/t-0.0123456789abcdef0123456789abcdef-future/x", "x");
    EXPECT_THAT(scan_names(), IsEmpty());
    remove_due(100);
    EXPECT_EQ(files_below("/data/a/orders-0."), 2U);
    EXPECT_EQ(files_below("/data/a/t-0."), 1U);
}

TEST_F(LogDirTest, ACleanShutdownIsRememberedAndEndsWithTheNextUse) {
    open();
    expect_ok(dir_->begin());
    auto log = value_of(dir_->create(id("orders", 0), topic_id_, settings_, now_));
    for (int i = 0; i < 5; ++i) {
        auto batch = make_batch();
        value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    }
    expect_ok(log->advance_log_start_offset(Offset{2}));
    expect_ok(log->close(now_));
    Checkpoints checkpoints;
    checkpoints.recovery_points[id("orders", 0)] = log->recovery_point();
    checkpoints.log_start_offsets[id("orders", 0)] = log->log_start_offset();
    checkpoints.high_watermarks[id("orders", 0)] = Offset{4};
    log.reset();
    expect_ok(dir_->close(checkpoints, BrokerEpoch{33}));
    disk_.lose_unsynced();

    open();
    EXPECT_EQ(dir_->shutdown(), Shutdown::clean);
    EXPECT_EQ(dir_->previous_broker_epoch(), BrokerEpoch{33});
    const auto found = value_of(dir_->scan(now_)).front();
    EXPECT_EQ(found.recovery_point, Offset{5});
    EXPECT_EQ(found.log_start_offset, Offset{2});
    EXPECT_EQ(found.high_watermark, Offset{4});
    log = value_of(dir_->load(found, settings_, now_));
    EXPECT_EQ(log->log_start_offset(), Offset{2});
    EXPECT_EQ(log->recovery_report().scanned_bytes, 0U);
    expect_ok(dir_->begin());
    disk_.lose_unsynced();
    open();
    EXPECT_EQ(dir_->shutdown(), Shutdown::unclean);
}

TEST_F(LogDirTest, UnchangedCheckpointsAreNotWrittenAgain) {
    open();
    Checkpoints checkpoints;
    checkpoints.high_watermarks[id("orders", 0)] = Offset{4};
    expect_ok(dir_->write_checkpoints(checkpoints));
    const auto before = disk_.operations;
    expect_ok(dir_->write_checkpoints(checkpoints));
    EXPECT_EQ(disk_.operations, before);
    checkpoints.high_watermarks[id("orders", 0)] = Offset{5};
    expect_ok(dir_->write_checkpoints(checkpoints));
    EXPECT_GT(disk_.operations, before);
    EXPECT_EQ(disk_.text("/data/a/replication-offset-checkpoint"), "0\n1\norders 0 5\n");
    EXPECT_EQ(disk_.text("/data/a/log-start-offset-checkpoint"), "0\n0\n");
}

TEST_F(LogDirTest, AMalformedCheckpointStopsTheScan) {
    open();
    disk_.put("/data/a/recovery-point-offset-checkpoint", "0\n1\n");
    const auto found = dir_->scan(now_);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().detail, HasSubstr("recovery-point-offset-checkpoint, line 2"));
}

}  // namespace
}  // namespace milena::log::test
