#include "log/layout.h"

#include <gtest/gtest.h>

namespace milena::log {
namespace {

TEST(Layout, SegmentFileNamesBothWays) {
    const struct {
        SegmentFileName name;
        const char* text;
    } rows[] = {
        {{Offset{0}, FileKind::log, FileSuffix::none}, "00000000000000000000.log"},
        {{Offset{1234}, FileKind::offset_index, FileSuffix::none}, "00000000000000001234.index"},
        {{Offset{9}, FileKind::time_index, FileSuffix::deleted},
         "00000000000000000009.timeindex.deleted"},
        {{Offset{9}, FileKind::txn_index, FileSuffix::swap}, "00000000000000000009.txnindex.swap"},
        {{Offset{9223372036854775807}, FileKind::snapshot, FileSuffix::cleaned},
         "09223372036854775807.snapshot.cleaned"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(to_string(row.name), row.text);
        EXPECT_EQ(parse_segment_file(row.text), row.name) << row.text;
    }
}

TEST(Layout, OtherFilesAreNoSegmentFiles) {
    for (const char* text :
         {"", "leader-epoch-checkpoint", "partition.metadata", "0.log", "00000000000000000000",
          "00000000000000000000.", "00000000000000000000.logs", "0000000000000000000x.log",
          "-0000000000000000001.log", "00000000000000000000.log.damaged",
          "99999999999999999999.log", "00000000000000000000-0000000001.checkpoint", ".log",
          "00000000000000000000.log.swap.swap"}) {
        EXPECT_FALSE(parse_segment_file(text)) << text;
    }
}

TEST(Layout, PartitionDirectoriesBothWays) {
    const struct {
        const char* name;
        const char* topic;
        std::int32_t partition;
        DirectoryState state;
    } rows[] = {
        {"orders-0", "orders", 0, DirectoryState::live},
        {"my-topic.v1_x-12", "my-topic.v1_x", 12, DirectoryState::live},
        {"orders-3.0123456789abcdef0123456789abcdef-delete", "orders", 3,
         DirectoryState::to_delete},
        {"a.b-3.0123456789abcdef0123456789abcdef-stray", "a.b", 3, DirectoryState::stray},
        {"a-3.0123456789abcdef0123456789abcdef-future", "a", 3, DirectoryState::future},
        // Topics whose names look like marks.
        {"orders-delete-1", "orders-delete", 1, DirectoryState::live},
        {"x.0123456789abcdef0123456789abcdef-delete-7", "x.0123456789abcdef0123456789abcdef-delete",
         7, DirectoryState::live},
    };
    for (const auto& row : rows) {
        const auto parsed = parse_partition_directory(row.name);
        ASSERT_TRUE(parsed) << row.name;
        EXPECT_EQ(parsed->id, (TopicPartition{row.topic, PartitionIndex{row.partition}}));
        EXPECT_EQ(parsed->state, row.state) << row.name;
        if (row.state == DirectoryState::live) {
            EXPECT_EQ(partition_directory(parsed->id), row.name);
        }
    }
}

TEST(Layout, OtherDirectoriesAreNoPartitions) {
    for (const char* name :
         {"", "lost+found", "remote-log-index-cache", "-0", "orders-", "orders", "orders--1x",
          "orders-0-delete", "orders-0.short-delete", "orders-99999999999"}) {
        EXPECT_FALSE(parse_partition_directory(name)) << name;
    }
}

TEST(Layout, MarkedDirectoryFitsTheFileSystemUnlessItWillBeUsedAgain) {
    const TopicPartition id{std::string(249, 't'), PartitionIndex{12345}};
    const Uuid unique{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
    const auto doomed = marked_directory(id, unique, DirectoryState::to_delete);
    EXPECT_EQ(doomed.size(), 255U);
    EXPECT_TRUE(doomed.ends_with("-12345.0123456789abcdeffedcba9876543210-delete"));
    EXPECT_EQ(parse_partition_directory(doomed)->state, DirectoryState::to_delete);
    const auto moving = marked_directory(id, unique, DirectoryState::future);
    EXPECT_EQ(parse_partition_directory(moving)->id, id);
}

}  // namespace
}  // namespace milena::log
