#include "log/checkpoint.h"

#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TopicPartition id(const char* topic, int partition) {
    return {topic, PartitionIndex{partition}};
}

TEST(Checkpoint, OffsetsBothWays) {
    MemoryDisk disk;
    const OffsetCheckpoint offsets{{id("a", 0), Offset{5}},
                                   {id("a", 10), Offset{0}},
                                   {id("topic.with-all_signs", 2), Offset{9223372036854775807}}};
    disk.put("/d/c", offset_checkpoint_text(offsets));
    EXPECT_EQ(disk.text("/d/c"),
              "0\n3\na 0 5\na 10 0\ntopic.with-all_signs 2 9223372036854775807\n");
    EXPECT_EQ(value_of(read_offset_checkpoint(disk, "/d/c")), offsets);
}

TEST(Checkpoint, EpochsBothWays) {
    MemoryDisk disk;
    const std::vector<EpochEntry> entries{{LeaderEpoch{0}, Offset{0}},
                                          {LeaderEpoch{7}, Offset{42}}};
    disk.put("/d/c", epoch_checkpoint_text(entries));
    EXPECT_EQ(disk.text("/d/c"), "0\n2\n0 0\n7 42\n");
    EXPECT_EQ(value_of(read_epoch_checkpoint(disk, "/d/c")), entries);
}

TEST(Checkpoint, MissingAndZeroLengthFilesHaveNoEntries) {
    MemoryDisk disk;
    EXPECT_THAT(value_of(read_offset_checkpoint(disk, "/d/c")), IsEmpty());
    disk.put("/d/c", "");
    EXPECT_THAT(value_of(read_offset_checkpoint(disk, "/d/c")), IsEmpty());
    EXPECT_THAT(value_of(read_epoch_checkpoint(disk, "/d/c")), IsEmpty());
}

TEST(Checkpoint, MalformedOffsetFilesAreErrorsThatNameTheLine) {
    const struct {
        const char* text;
        const char* complaint;
    } rows[] = {
        {"1\n0\n", "line 1"},
        {"x\n0\n", "line 1"},
        {"0\n", "line 2"},
        {"0\nmany\n", "line 2"},
        {"0\n2\na 0 5\n", "line 2"},
        {"0\n1\na 0\n", "line 3"},
        {"0\n1\na x 5\n", "line 3"},
        {"0\n1\na 0 5 6\n", "line 3"},
        {"0\n1\na 0 5x\n", "line 3"},
        {"0\n2\na 0 5\nb zero 1\n", "line 4"},
    };
    for (const auto& row : rows) {
        MemoryDisk disk;
        disk.put("/d/c", row.text);
        const auto read = read_offset_checkpoint(disk, "/d/c");
        ASSERT_FALSE(read) << row.text;
        EXPECT_EQ(read.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
        EXPECT_THAT(read.error().detail, HasSubstr(row.complaint)) << row.text;
    }
}

TEST(Checkpoint, EpochsThatDoNotAscendAreMalformed) {
    for (const char* text : {"0\n2\n1 5\n1 6\n", "0\n2\n2 5\n1 6\n", "0\n2\n1 5\n2 4\n",
                             "0\n1\n-1 5\n", "0\n1\n1 -5\n"}) {
        MemoryDisk disk;
        disk.put("/d/c", text);
        EXPECT_FALSE(read_epoch_checkpoint(disk, "/d/c")) << text;
    }
}

}  // namespace
}  // namespace milena::log::test
