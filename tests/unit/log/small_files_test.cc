// partition.metadata, meta.properties and the clean-shutdown marker.

#include "log/clean_shutdown.h"
#include "log/meta_properties.h"
#include "log/partition_metadata.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::HasSubstr;

const Uuid kId = *Uuid::parse("FdQsSiTZS3W47ZRX6odI-A");

TEST(PartitionMetadata, IsWrittenAsKafkaWritesIt) {
    MemoryDisk disk;
    expect_ok(disk.make_dir("/d/t-0"));
    EXPECT_EQ(value_of(read_partition_metadata(disk, "/d/t-0")), std::nullopt);
    expect_ok(write_partition_metadata(disk, "/d/t-0", TopicId{kId}));
    EXPECT_EQ(disk.text("/d/t-0/partition.metadata"),
              "version: 0\ntopic_id: FdQsSiTZS3W47ZRX6odI-A");
    EXPECT_EQ(value_of(read_partition_metadata(disk, "/d/t-0")), TopicId{kId});
}

TEST(PartitionMetadata, WhatMakesNoSenseIsAnErrorThatNamesTheFile) {
    for (const char* text : {"", "version: 0", "version: 1\ntopic_id: FdQsSiTZS3W47ZRX6odI-A",
                             "version: 0\ntopic_id: short", "version: 0\ntopic: x",
                             "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"}) {
        MemoryDisk disk;
        disk.put("/d/t-0/partition.metadata", text);
        const auto read = read_partition_metadata(disk, "/d/t-0");
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().detail, HasSubstr("/d/t-0/partition.metadata"));
    }
}

TEST(PartitionMetadata, OfANewPartitionIsDurableOnceItIsSettled) {
    MemoryDisk disk;
    expect_ok(disk.make_dir("/d/t-0"));
    expect_ok(disk.sync_dir("/d/t-0"));
    expect_ok(begin_partition_metadata(disk, "/d/t-0", TopicId{kId}));
    EXPECT_EQ(value_of(read_partition_metadata(disk, "/d/t-0")), TopicId{kId});
    expect_ok(settle_partition_metadata(disk, "/d/t-0"));
    expect_ok(disk.sync_dir("/d/t-0"));
    disk.lose_unsynced();
    EXPECT_EQ(disk.text("/d/t-0/partition.metadata"),
              "version: 0\ntopic_id: FdQsSiTZS3W47ZRX6odI-A");
    EXPECT_EQ(disk.paths().size(), 1U);
    expect_ok(settle_partition_metadata(disk, "/d/t-0"));
    EXPECT_EQ(value_of(read_partition_metadata(disk, "/d/t-0")), TopicId{kId});
}

TEST(PartitionMetadata, WhatWasNotSyncedMayBeAnythingAndCountsAsNothing) {
    for (const char* text : {"", "version: 0", "\x01garbage"}) {
        MemoryDisk disk;
        disk.put("/d/t-0/partition.metadata.new", text);
        EXPECT_EQ(value_of(read_partition_metadata(disk, "/d/t-0")), std::nullopt);
        expect_ok(begin_partition_metadata(disk, "/d/t-0", TopicId{kId}));
        EXPECT_EQ(value_of(read_partition_metadata(disk, "/d/t-0")), TopicId{kId});
    }
}

TEST(MetaProperties, BothWays) {
    MemoryDisk disk;
    expect_ok(disk.make_dir("/d"));
    EXPECT_EQ(value_of(read_meta_properties(disk, "/d")), std::nullopt);
    const MetaProperties meta{"MkU3OEVBNTcwNTJENDM2Qk", BrokerId{3}, DirectoryId{kId}};
    expect_ok(write_meta_properties(disk, "/d", meta));
    EXPECT_EQ(value_of(read_meta_properties(disk, "/d")), meta);
}

TEST(MetaProperties, ReadsWhatKafkaWrites) {
    MemoryDisk disk;
    // Provenance: Apache Kafka 4.2.0, StorageTool format.
    disk.put("/d/meta.properties",
             "#\n#Sat Nov 21 09:06:15 UTC 2026\nnode.id=1\ndirectory.id=DRojDH6rJoWHzFoASjzYRQ\n"
             "version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n");
    const auto meta = value_of(read_meta_properties(disk, "/d"));
    ASSERT_TRUE(meta);
    EXPECT_EQ(meta->cluster_id, "MkU3OEVBNTcwNTJENDM2Qk");
    EXPECT_EQ(meta->node_id, BrokerId{1});
    EXPECT_EQ(meta->directory_id, DirectoryId{*Uuid::parse("DRojDH6rJoWHzFoASjzYRQ")});
}

TEST(MetaProperties, ReadsTheOldVersion) {
    MemoryDisk disk;
    disk.put("/d/meta.properties", "version=0\nbroker.id=5\ncluster.id=abc\n");
    const auto meta = value_of(read_meta_properties(disk, "/d"));
    EXPECT_EQ(meta, (MetaProperties{"abc", BrokerId{5}, std::nullopt}));
}

TEST(MetaProperties, WhatMakesNoSenseIsAnError) {
    for (const char* text :
         {"", "version=2\n", "version=1\nnode.id=1\n", "version=1\ncluster.id=x\n",
          "version=1\ncluster.id=x\nnode.id=-4\n", "version=1\ncluster.id=x\nnode.id=1x\n",
          "version=1\ncluster.id=x\nnode.id=1\ndirectory.id=bad\n",
          "version=1\ncluster.id=x\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAA\n"}) {
        MemoryDisk disk;
        disk.put("/d/meta.properties", text);
        const auto read = read_meta_properties(disk, "/d");
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, ErrorCode::INVALID_CONFIG);
    }
}

TEST(CleanShutdown, BothWaysAndGoneAfterRemoval) {
    MemoryDisk disk;
    expect_ok(disk.make_dir("/d"));
    EXPECT_FALSE(value_of(read_clean_shutdown(disk, "/d")));
    expect_ok(write_clean_shutdown(disk, "/d", BrokerEpoch{77}));
    EXPECT_EQ(disk.text("/d/.kafka_cleanshutdown"), R"({"version":0,"brokerEpoch":77})");
    EXPECT_EQ(value_of(read_clean_shutdown(disk, "/d"))->broker_epoch, BrokerEpoch{77});
    expect_ok(remove_clean_shutdown(disk, "/d"));
    expect_ok(remove_clean_shutdown(disk, "/d"));
    EXPECT_FALSE(value_of(read_clean_shutdown(disk, "/d")));
    disk.lose_unsynced();
    EXPECT_FALSE(value_of(read_clean_shutdown(disk, "/d"))) << "the removal must be durable";
}

TEST(CleanShutdown, AnUnreadableMarkerStillMeansClean) {
    for (const char* text : {"", "{", R"({"version":0})", R"({"brokerEpoch":"x"})"}) {
        MemoryDisk disk;
        disk.put("/d/.kafka_cleanshutdown", text);
        const auto marker = value_of(read_clean_shutdown(disk, "/d"));
        ASSERT_TRUE(marker) << text;
        EXPECT_EQ(marker->broker_epoch, std::nullopt) << text;
    }
}

}  // namespace
}  // namespace milena::log::test
