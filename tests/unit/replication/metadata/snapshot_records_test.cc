#include "replication/metadata/snapshot_records.h"

#include "protocol/msg/metadata_record.h"
#include "replication/metadata/record_codec.h"
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

TEST(SnapshotRecords, LeadToTheSameImageInListsOfAnySize) {
    TestCluster cluster;
    const auto epoch = cluster.add_broker(1, true, "rack-a");
    cluster.add_broker(2, false);
    for (int i = 0; i < 30; ++i) cluster.create("topic-" + std::to_string(i), 1 + i % 4, 2);
    IncrementalAlterConfigs alter;
    alter.resources = {{{ResourceType::topic, "topic-3"}, {{"retention.ms", ConfigOp::set, "5"}}},
                       {{ResourceType::broker, "1"}, {{"x", ConfigOp::set, ""}}}};
    cluster.ask(alter);
    cluster.ask(AllocateProducerIds{BrokerId(1), epoch});
    RegisterController controller;
    controller.id = BrokerId(1);
    controller.endpoints = {{"CONTROLLER", "::1", 9093, SecurityProtocol::ssl}};
    cluster.ask(controller);
    RecordList kept;
    msg::UserScramCredentialRecord scram;
    scram.name = "user";
    scram.iterations = 4096;
    add_record(kept, scram, ApiVersion(0));
    std::vector<BrokerId> replicas{BrokerId(2)};
    msg::PartitionChangeRecord change;
    change.topic_id = cluster.image().topic("topic-7")->id;
    change.partition_id = PartitionIndex(0);
    change.leader_recovery_state = 1;
    change.eligible_leader_replicas = Array<BrokerId>(replicas);
    change.last_known_elr = Array<BrokerId>(replicas);
    change.removing_replicas = Array<BrokerId>(replicas);
    add_record(kept, change, ApiVersion(2));
    cluster.commit(kept);

    for (const std::size_t max_records : {1, 7, 10'000}) {
        for (const std::size_t max_bytes : {1, 1000, 1'000'000}) {
            Loader loader(std::make_shared<Image>());
            std::size_t lists = 0;
            write_image(cluster.image(), max_records, max_bytes, [&](const RecordList& records) {
                ++lists;
                EXPECT_LE(records.size(), max_records);
                for (std::size_t i = 0; i < records.size(); ++i) {
                    const auto status = loader.apply(records[i]);
                    ASSERT_TRUE(status) << status.error().detail;
                }
            });
            EXPECT_TRUE(same_state(cluster.image(), *loader.take({}).image));
            EXPECT_EQ(lists == 1, max_records == 10'000 && max_bytes == 1'000'000);
        }
    }
}

TEST(SnapshotRecords, AnEmptyImageHasNone) {
    write_image(Image{}, 10, 10, [](const RecordList&) { FAIL(); });
}

}  // namespace
}  // namespace milena::metadata
