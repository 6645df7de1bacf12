#include "tools/kafka/topics_describe.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

client::PartitionDescription partition(std::int32_t index, std::int32_t leader,
                                       std::vector<BrokerId> replicas,
                                       std::vector<BrokerId> in_sync) {
    client::PartitionDescription p;
    p.index = PartitionIndex(index);
    p.leader = BrokerId(leader);
    p.replicas = std::move(replicas);
    p.in_sync = std::move(in_sync);
    return p;
}

client::ConfigEntry config(std::string name, std::string value, client::ConfigSource source) {
    client::ConfigEntry entry;
    entry.name = std::move(name);
    entry.value = std::move(value);
    entry.source = source;
    return entry;
}

// Topic a: partition 0 healthy, 1 with one of two replicas in sync, 2 without a leader.
TopicsReport report() {
    const BrokerId one{1}, two{2};
    TopicsReport r;
    client::TopicDescription a;
    a.name = "a";
    a.id = TopicId(Uuid{1, 2});
    a.partitions = {partition(0, 1, {one, two}, {one, two}), partition(1, 2, {two, one}, {two}),
                    partition(2, -1, {one, two}, {})};
    a.partitions[0].eligible_leaders = std::vector<BrokerId>{};
    a.partitions[0].last_known_eligible = std::vector<BrokerId>{one, two};
    r.topics = {a};
    r.configs["a"] = {config("min.insync.replicas", "2", client::ConfigSource::topic),
                      config("segment.bytes", "1", client::ConfigSource::built_in)};
    r.live_brokers = {one, two};
    return r;
}

constexpr std::string_view kTopic =
    "Topic: a\tTopicId: AAAAAAAAAAEAAAAAAAAAAg\tPartitionCount: 3\tReplicationFactor: 2\tConfigs: "
    "min.insync.replicas=2\n";
constexpr std::string_view kFirst =
    "\tTopic: a\tPartition: 0\tLeader: 1\tReplicas: 1,2\tIsr: 1,2\tElr: \tLastKnownElr: 1,2\n";
constexpr std::string_view kSecond =
    "\tTopic: a\tPartition: 1\tLeader: 2\tReplicas: 2,1\tIsr: 2\tElr: N/A\tLastKnownElr: N/A\n";
constexpr std::string_view kThird =
    "\tTopic: a\tPartition: 2\tLeader: none\tReplicas: 1,2\tIsr: \tElr: N/A\tLastKnownElr: N/A\n";

std::string lines(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const auto part : parts) out += part;
    return out;
}

TEST(TopicsDescribe, PrintsWhatTheFilterPicks) {
    const std::pair<DescribeFilter, std::string> cases[] = {
        {{}, lines({kTopic, kFirst, kSecond, kThird})},
        {{.under_replicated = true}, lines({kSecond, kThird})},
        {{.unavailable = true}, lines({kThird})},
        {{.under_min_isr = true}, lines({kSecond, kThird})},
        {{.at_min_isr = true}, lines({kFirst})},
        {{.unavailable = true, .at_min_isr = true}, lines({kFirst, kThird})},
        {{.only_overrides = true}, lines({kTopic})},
    };
    for (const auto& [filter, expected] : cases) {
        EXPECT_EQ(describe_text(report(), filter), expected);
    }
}

TEST(TopicsDescribe, ALeaderThatIsNotAliveIsUnavailable) {
    auto r = report();
    r.live_brokers = {BrokerId(1)};
    EXPECT_EQ(describe_text(r, {.unavailable = true}), lines({kSecond, kThird}));
}

TEST(TopicsDescribe, TopicsWithoutOverridesAreLeftOutOnlyWhenAskedFor) {
    auto r = report();
    r.configs["a"].erase(r.configs["a"].begin());
    EXPECT_EQ(describe_text(r, {.only_overrides = true}), "");
    EXPECT_NE(describe_text(r, {}).find("\tConfigs: \n"), std::string::npos);
}

TEST(TopicsDescribe, ReplicasThatAreBeingAddedDoNotCount) {
    auto r = report();
    auto& first = r.topics[0].partitions[0];
    first.replicas.push_back(BrokerId(3));
    r.topics[0].partitions.resize(1);
    r.reassignments[{"a", PartitionIndex(0)}] = {first.replicas, {BrokerId(3)}, {BrokerId(1)}};
    EXPECT_EQ(describe_text(r, {.under_replicated = true}), "");
    EXPECT_NE(describe_text(r, {}).find("ReplicationFactor: 2\t"), std::string::npos);
    EXPECT_NE(describe_text(r, {}).find("\tAdding Replicas: 3\tRemoving Replicas: 1\tElr: "),
              std::string::npos);
}

}  // namespace
}  // namespace milena::kafka_tools
