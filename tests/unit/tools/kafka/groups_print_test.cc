// The tables are those that ConsumerGroupCommand of Kafka 4.2 printed for such a group.
#include "tools/kafka/groups_print.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

client::GroupDescription group() {
    client::GroupDescription group;
    group.id = "cg1";
    group.type = "Classic";
    group.state = "Stable";
    group.assignor = "range";
    group.coordinator = BrokerId(1);
    group.coordinator_endpoint = {"127.0.0.1", 19092};
    client::GroupMember member;
    member.id = "me-61f82931-52f5-465f-8366-8be3b7237ca7";
    member.client_id = "me";
    member.host = "/127.0.0.1";
    member.assignment["cgt"] = {PartitionIndex(0), PartitionIndex(1), PartitionIndex(2)};
    group.members.push_back(std::move(member));
    return group;
}

TEST(GroupsPrint, ListsNamesAlone) {
    EXPECT_EQ(
        list_text({{"a", "consumer", "Stable", "Classic"}, {"b", "", "Empty", "Consumer"}}, {}),
        "a\nb\n");
}

TEST(GroupsPrint, ListsTypesAndStates) {
    EXPECT_EQ(list_text({{"cg1", "consumer", "Stable", "Classic"}}, {true, true}),
              "GROUP                     TYPE                 STATE               \n"
              "cg1                       Classic              Stable              \n");
    EXPECT_EQ(list_text({}, {false, true}), "GROUP                     STATE               \n");
}

TEST(GroupsPrint, ShowsPositionsAndLag) {
    const auto described = group();
    PositionRow owned{"cgt", 0, {}, 4, 6, &described.members[0]};
    PositionRow alone{"cgt", 1, 7, 3, {}, nullptr};
    EXPECT_EQ(positions_text("cg1", {owned}, false),
              "\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG    "
              "         CONSUMER-ID                             HOST            CLIENT-ID"
              "\ncg1             cgt             0          4               6               2      "
              "         me-61f82931-52f5-465f-8366-8be3b7237ca7 /127.0.0.1      me\n");
    EXPECT_EQ(positions_text("cg1", {alone}, true),
              "\nGROUP           TOPIC           PARTITION  LEADER-EPOCH    CURRENT-OFFSET  "
              "LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID"
              "\ncg1             cgt             1          7               3               -      "
              "         -               -               -               -\n");
}

TEST(GroupsPrint, ShowsMembers) {
    EXPECT_EQ(members_text(group(), true),
              "\nGROUP           CONSUMER-ID                             HOST            CLIENT-ID "
              "      #PARTITIONS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    "
              "TARGET-ASSIGNMENT   "
              "\ncg1             me-61f82931-52f5-465f-8366-8be3b7237ca7 /127.0.0.1      me        "
              "      3               -               cgt:0,1,2            -               -        "
              "           \n");
    auto with_instance = group();
    with_instance.members[0].instance_id = "i1";
    EXPECT_NE(members_text(with_instance, false).find("GROUP-INSTANCE-ID"), std::string::npos);
    EXPECT_EQ(members_text(group(), false).find("GROUP-INSTANCE-ID"), std::string::npos);
}

TEST(GroupsPrint, ShowsTheState) {
    EXPECT_EQ(state_text(group(), false),
              "\nGROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE              "
              "  #MEMBERS"
              "\ncg1             127.0.0.1:19092  (1)      range                Stable             "
              "  1\n");
}

TEST(GroupsPrint, AGroupThatHasNoAssignorYetShowsADash) {
    auto described = group();
    described.assignor.clear();
    EXPECT_NE(state_text(described, false).find(" -                    Stable"), std::string::npos);
}

TEST(GroupsPrint, RemarksOnGroupsThatAreNotStable) {
    auto described = group();
    EXPECT_EQ(state_remark(described), "");
    described.state = "Empty";
    EXPECT_EQ(state_remark(described), "\nConsumer group 'cg1' has no active members.\n");
    described.state = "PreparingRebalance";
    EXPECT_EQ(state_remark(described), "\nWarning: Consumer group 'cg1' is rebalancing.\n");
}

TEST(GroupsPrint, ShowsNewOffsets) {
    const GroupOffsets one{{"cg1", {{{"cgt", PartitionIndex(1)}, {Offset(3), {}, {}}}}}};
    EXPECT_EQ(new_offsets_text(one),
              "\nGROUP           TOPIC           PARTITION  NEW-OFFSET"
              "\ncg1             cgt             1          3\n");
    EXPECT_EQ(new_offsets_csv(one), "cgt,1,3\n");
    auto two = one;
    two["cg2"] = one.at("cg1");
    EXPECT_EQ(new_offsets_csv(two), "cg1,cgt,1,3\ncg2,cgt,1,3\n");
}

TEST(GroupsPrint, ShowsWhatWasDeleted) {
    EXPECT_EQ(
        deleted_offsets_text({{{"cgt", PartitionIndex(0)}, ErrorCode::NONE},
                              {{"no", PartitionIndex(-1)}, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION}}),
        "\nTOPIC           PARTITION  STATUS         "
        "\ncgt             0          Successful     "
        "\nno              -          Error: "
        "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does "
        "not host this topic-partition.\n");
}

}  // namespace
}  // namespace milena::kafka_tools
