// The image is a fold of its log: whatever was asked, replay gives the same state.
#include "protocol/msg/metadata_record.h"
#include "replication/metadata/loader.h"
#include "replication/metadata/record_codec.h"
#include "tests/unit/replication/metadata/test_cluster.h"

#include <cstdlib>
#include <set>

namespace milena::metadata {
namespace {

ImagePtr replay(const std::vector<RecordList>& log) {
    Loader loader(std::make_shared<Image>());
    for (const auto& records : log) {
        for (std::size_t i = 0; i < records.size(); ++i) {
            const auto status = loader.apply(records[i]);
            EXPECT_TRUE(status) << status.error().detail;
        }
    }
    return loader.take({}).image;
}

// One random admin request; most make sense, some do not.
Request random_request(TestCluster& cluster, BrokerEpoch epoch) {
    auto& random = cluster.random();
    const auto name = [&] { return "topic-" + std::to_string(random.below(12)); };
    switch (random.below(8)) {
        case 0:
        case 1: {
            CreateTopics request;
            for (auto n = 1 + random.below(3); n > 0; --n) {
                request.topics.push_back({.name = name(),
                                          .partitions = static_cast<std::int32_t>(random.below(5)),
                                          .replication_factor = 1});
                if (random.below(2) == 0) {
                    request.topics.back().settings = {{"retention.ms", "100"}};
                }
            }
            request.validate_only = random.below(8) == 0;
            return request;
        }
        case 2: {
            DeleteTopics request;
            const auto* topic = cluster.image().topic(name());
            if (topic && random.below(2) == 0) {
                request.topics.push_back({std::nullopt, topic->id});
            } else {
                request.topics.push_back({name(), {}});
            }
            return request;
        }
        case 3: {
            CreatePartitions request;
            request.topics.push_back(
                {name(), static_cast<std::int32_t>(random.below(12)), std::nullopt});
            return request;
        }
        case 4:
        case 5: {
            IncrementalAlterConfigs request;
            const auto op = static_cast<ConfigOp>(random.below(4));
            request.resources.push_back(
                {{ResourceType::topic, name()}, {{"cleanup.policy", op, "compact"}}});
            return request;
        }
        case 6: {
            AlterConfigs request;
            request.resources.push_back({{ResourceType::topic, name()}, {}});
            if (random.below(2) == 0) {
                request.resources[0].settings = {{"retention.ms", std::to_string(random.below(9))}};
            }
            return request;
        }
        default:
            return AllocateProducerIds{BrokerId(1), epoch};
    }
}

// Does the delta name every topic and setting that differs, and no other?
void check_delta(const Image& before, const Image& after, const Delta& delta) {
    std::set<TopicId> named;
    for (const auto& change : delta.topics) {
        const TopicId id = (change.after ? change.after : change.before)->id;
        EXPECT_TRUE(named.insert(id).second) << "named twice";
        EXPECT_EQ(change.before.get(), before.topic(id));
        EXPECT_EQ(change.after.get(), after.topic(id));
        for (const auto index : change.partitions) {
            const auto* old = change.before ? change.before->partition(index) : nullptr;
            ASSERT_NE(change.after, nullptr);
            EXPECT_NE(change.after->partition(index), old);
        }
    }
    const auto unchanged = [&](const auto& topic) {
        if (!named.contains(topic->id)) {
            EXPECT_EQ(before.topic(topic->id), after.topic(topic->id));
        }
    };
    before.topics_by_id.for_each(unchanged);
    after.topics_by_id.for_each(unchanged);
    const std::set<ConfigResource> configs(delta.configs.begin(), delta.configs.end());
    const auto same_config = [&](const auto& config) {
        const auto& [type, name] = config->resource;
        if (!configs.contains(config->resource)) {
            EXPECT_EQ(before.config(type, name), after.config(type, name)) << name;
        }
    };
    before.configs.for_each(same_config);
    after.configs.for_each(same_config);
}

TEST(Replay, TheImageEqualsTheFoldOfItsLogAtEveryStepOfRandomAdministration) {
    std::uint64_t first = 1;
    if (const char* seed = std::getenv("MILENA_SEED")) first = std::strtoull(seed, nullptr, 10);
    for (std::uint64_t seed = first; seed < first + 8; ++seed) {
        SCOPED_TRACE("MILENA_SEED=" + std::to_string(seed));
        TestCluster cluster(seed);
        const auto epoch = cluster.add_broker(1);
        for (int step = 0; step < 120; ++step) {
            const Image before = cluster.image();
            const auto decision = cluster.decide(random_request(cluster, epoch));
            const Delta delta = cluster.commit(decision.records);
            check_delta(before, cluster.image(), delta);
            ASSERT_TRUE(same_state(cluster.image(), *replay(cluster.log()))) << "step " << step;
            if (HasFailure()) return;
        }
        EXPECT_GT(cluster.log().size(), 40U);
    }
}

TEST(Replay, AnImageKeptFromBeforeNeverChanges) {
    TestCluster cluster;
    cluster.add_broker(1);
    cluster.create("a", 2);
    const Image before = cluster.image();
    const auto copy = replay(cluster.log());
    cluster.create("b");
    CreatePartitions grow;
    grow.topics = {{"a", 7, std::nullopt}};
    cluster.ask(grow);
    DeleteTopics remove;
    remove.topics = {{"b", {}}};
    cluster.ask(remove);
    EXPECT_TRUE(same_state(before, *copy));
    EXPECT_FALSE(same_state(before, cluster.image()));
}

// The delta of a topic deleted and created again under its name holds both.
TEST(Replay, ATopicReplacedInOneGoIsTwoChanges) {
    TestCluster cluster;
    cluster.add_broker(1);
    const TopicId old_id = cluster.create("a").id;
    const TopicId new_id{Uuid{7, 7}};
    RecordList records;
    msg::RemoveTopicRecord remove;
    remove.topic_id = old_id;
    add_record(records, remove, ApiVersion(0));
    msg::TopicRecord create;
    create.name = "a";
    create.topic_id = new_id;
    add_record(records, create, ApiVersion(0));
    Loader loader(std::make_shared<Image>(cluster.image()));
    for (std::size_t i = 0; i < records.size(); ++i) ASSERT_TRUE(loader.apply(records[i]));
    const auto change = loader.take({});
    ASSERT_EQ(change.delta.topics.size(), 2U);
    EXPECT_EQ(change.delta.topics[0].before->id, old_id);
    EXPECT_EQ(change.delta.topics[0].after, nullptr);
    EXPECT_EQ(change.delta.topics[1].before, nullptr);
    EXPECT_EQ(change.delta.topics[1].after->id, new_id);
    EXPECT_EQ(change.image->topic("a")->id, new_id);
}

class Transactions : public ::testing::Test {
  protected:
    template <class T>
    Status apply(const T& record) {
        RecordList records;
        add_record(records, record, ApiVersion(0));
        return loader.apply(records[0]);
    }
    Status create(std::string_view name, std::uint64_t id) {
        msg::TopicRecord record;
        record.name = name;
        record.topic_id = TopicId(Uuid{1, id});
        return apply(record);
    }
    Loader loader{std::make_shared<Image>()};
};

TEST_F(Transactions, TakeEffectAtTheirEndOnly) {
    ASSERT_TRUE(create("outside", 1));
    ASSERT_TRUE(apply(msg::BeginTransactionRecord{}));
    ASSERT_TRUE(create("inside", 2));
    EXPECT_TRUE(loader.in_transaction());
    auto change = loader.take({});
    EXPECT_NE(change.image->topic("outside"), nullptr);
    EXPECT_EQ(change.image->topic("inside"), nullptr);
    ASSERT_TRUE(apply(msg::EndTransactionRecord{}));
    change = loader.take({});
    EXPECT_NE(change.image->topic("inside"), nullptr);
    EXPECT_EQ(change.delta.topics.size(), 1U);
}

TEST_F(Transactions, LeaveNothingWhenAborted) {
    ASSERT_TRUE(apply(msg::BeginTransactionRecord{}));
    ASSERT_TRUE(create("inside", 2));
    ASSERT_TRUE(apply(msg::AbortTransactionRecord{}));
    EXPECT_TRUE(loader.take({}).image->topics_by_id.empty());
}

TEST_F(Transactions, CannotNestOrEndUnbegun) {
    EXPECT_EQ(apply(msg::EndTransactionRecord{}).error().code, ErrorCode::INVALID_RECORD);
    ASSERT_TRUE(apply(msg::BeginTransactionRecord{}));
    EXPECT_EQ(apply(msg::BeginTransactionRecord{}).error().code, ErrorCode::INVALID_RECORD);
}

TEST(Replay, RecordsThatContradictTheStateAreRefused) {
    const auto check = [](const auto& record) {
        RecordList records;
        add_record(records, record, ApiVersion(0));
        Loader loader(std::make_shared<Image>());
        const auto status = loader.apply(records[0]);
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, ErrorCode::INVALID_RECORD);
        EXPECT_FALSE(status.error().detail.empty());
    };
    check(msg::PartitionRecord{.partition_id = PartitionIndex(0)});
    check(msg::PartitionChangeRecord{});
    check(msg::RemoveTopicRecord{});
    check(msg::UnregisterBrokerRecord{});
    check(msg::FenceBrokerRecord{});
    check(msg::BrokerRegistrationChangeRecord{});
    check(msg::ClearElrRecord{.topic_name = "nope"});
}

TEST(Replay, APartitionIndexBeyondReasonCostsNoMemory) {
    RecordList records;
    msg::TopicRecord topic;
    topic.name = "t";
    topic.topic_id = TopicId(Uuid{1, 1});
    add_record(records, topic, ApiVersion(0));
    msg::PartitionRecord partition;
    partition.topic_id = topic.topic_id;
    partition.partition_id = PartitionIndex(0x7fffffff);
    add_record(records, partition, ApiVersion(0));
    Loader loader(std::make_shared<Image>());
    ASSERT_TRUE(loader.apply(records[0]));
    EXPECT_EQ(loader.apply(records[1]).error().code, ErrorCode::INVALID_RECORD);
}

TEST(Replay, BytesThatAreNoRecordAreRefused) {
    Loader loader(std::make_shared<Image>());
    for (const auto& bytes : std::vector<std::vector<std::uint8_t>>{
             {}, {1}, {2, 2, 0}, {1, 99, 0}, {1, 2, 9}, {1, 2, 0, 5}, {0xff, 0xff, 0xff}}) {
        EXPECT_FALSE(loader.apply(ByteView(bytes)));
    }
}

}  // namespace
}  // namespace milena::metadata
