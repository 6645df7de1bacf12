#include "tools/client/cluster.h"

#include "tests/unit/tools/client/fake_broker.h"
#include "tools/client/machine.h"
#include "tools/client/offsets.h"

#include <gtest/gtest.h>

namespace milena::client {
namespace {

class ClusterTest : public testing::Test {
  protected:
    ClusterSettings settings() {
        ClusterSettings out;
        out.bootstrap = {broker_.endpoint()};
        out.retry_backoff = Millis(1);
        out.warn = [this](std::string_view warning) { warnings_.emplace_back(warning); };
        return out;
    }
    void serve_metadata(int partitions) {
        broker_.on<msg::MetadataRequest>([this, partitions](const auto&, Arena& arena) {
            return broker_.metadata(arena, "t", partitions);
        });
    }

    MachineClock clock_;
    FakeBroker broker_;
    std::vector<std::string> warnings_;
};

TEST_F(ClusterTest, TriesTheNextBootstrapAddress) {
    serve_metadata(1);
    auto config = settings();
    {
        const FakeBroker gone;
        config.bootstrap.insert(config.bootstrap.begin(), gone.endpoint());
    }
    Cluster cluster(config, clock_);
    const auto topics = cluster.topics(Cluster::AllTopics{});
    ASSERT_TRUE(topics.has_value()) << topics.error().detail;
    EXPECT_EQ(topics->at(0).name, "t");
    EXPECT_EQ(cluster.brokers().at(BrokerId(1)), broker_.endpoint());
}

TEST_F(ClusterTest, NamesEveryAddressThatFailed) {
    ClusterSettings config;
    for (int i = 0; i < 2; ++i) {
        const FakeBroker gone;
        config.bootstrap.push_back(gone.endpoint());
    }
    Cluster cluster(config, clock_);
    const auto topics = cluster.topics(Cluster::AllTopics{});
    ASSERT_FALSE(topics.has_value());
    EXPECT_EQ(topics.error().code, ErrorCode::BROKER_NOT_AVAILABLE);
    for (const auto& endpoint : config.bootstrap) {
        EXPECT_NE(topics.error().detail.find(endpoint.to_string()), std::string::npos)
            << topics.error().detail;
    }
}

TEST_F(ClusterTest, OpensANewConnectionWhenTheOldOneBreaks) {
    int calls = 0;
    broker_.on(ApiKey::Metadata, [&](const FakeBroker::Request& request) -> FakeBroker::Answer {
        if (++calls == 1) return std::nullopt;
        Arena arena;
        return request.answer(broker_.metadata(arena, "t", 1)).bytes;
    });
    Cluster cluster(settings(), clock_);
    EXPECT_TRUE(cluster.topics(Cluster::AllTopics{}).has_value());
    EXPECT_EQ(calls, 2);
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("closed the connection"), std::string::npos) << warnings_[0];
}

TEST_F(ClusterTest, WaitsForATopicAndItsLeaders) {
    int calls = 0;
    broker_.on<msg::MetadataRequest>([&](const auto& request, Arena& arena) {
        EXPECT_TRUE(request.allow_auto_topic_creation);
        auto response = broker_.metadata(arena, "t", 2);
        if (++calls == 1) {
            response.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
            response.topics[0].partitions = {};
        } else if (calls == 2) {
            response.topics[0].partitions[1].leader_id = kNoBroker;
        }
        return response;
    });
    Cluster cluster(settings(), clock_);
    const auto topic =
        cluster.topic_with_leaders("t", true, clock_.now() + std::chrono::seconds(20));
    ASSERT_TRUE(topic.has_value()) << topic.error().detail;
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(topic->partitions.size(), 2u);
}

TEST_F(ClusterTest, SaysThatATopicDoesNotExistWhenTheTimeIsOver) {
    broker_.on<msg::MetadataRequest>([&](const auto&, Arena& arena) {
        auto response = broker_.metadata(arena, "t", 0);
        response.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        return response;
    });
    Cluster cluster(settings(), clock_);
    const auto topic = cluster.topic_with_leaders("t", false, clock_.now());
    ASSERT_FALSE(topic.has_value());
    EXPECT_EQ(topic.error().detail, "topic 't' does not exist");
}

TEST_F(ClusterTest, ExplainsAnAdvertisedAddressThatCannotBeReached) {
    Endpoint gone;
    {
        const FakeBroker other;
        gone = other.endpoint();
    }
    broker_.on<msg::MetadataRequest>([&](const auto&, Arena& arena) {
        auto response = broker_.metadata(arena, "t", 1);
        response.brokers[0].port = gone.port;
        return response;
    });
    Cluster cluster(settings(), clock_);
    ASSERT_TRUE(cluster.topics(Cluster::AllTopics{}).has_value());
    const auto leader = cluster.broker(BrokerId(1));
    ASSERT_FALSE(leader.has_value());
    EXPECT_TRUE(leader.error().detail.starts_with("broker 1 gives " + gone.to_string() +
                                                  " as its address (advertised.listeners), but: "))
        << leader.error().detail;
}

TEST_F(ClusterTest, AsksForOffsetsAgainWhenTheLeaderHasMoved) {
    serve_metadata(2);
    int calls = 0;
    broker_.on<msg::ListOffsetsRequest>([&](const auto& request, Arena& arena) {
        using Response = msg::ListOffsetsResponse;
        ++calls;
        Response response;
        response.topics = Array<Response::ListOffsetsTopicResponse>::make(arena, 1);
        response.topics[0].name = "t";
        const auto& asked = request.topics[0].partitions;
        auto& answers = response.topics[0].partitions;
        answers = Array<Response::ListOffsetsPartitionResponse>::make(arena, asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            answers[i].partition_index = asked[i].partition_index;
            answers[i].offset = Offset(10 + asked[i].partition_index.value());
            if (calls == 1 && asked[i].partition_index == PartitionIndex(1)) {
                answers[i].error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            }
        }
        return response;
    });
    Cluster cluster(settings(), clock_);
    const auto offsets =
        list_offsets(cluster, "t", {{PartitionIndex(0), kLatest}, {PartitionIndex(1), kLatest}},
                     Isolation::read_uncommitted, cluster.operation_deadline());
    ASSERT_TRUE(offsets.has_value()) << offsets.error().detail;
    EXPECT_EQ(*offsets, (std::map<PartitionIndex, Offset>{{PartitionIndex(0), Offset(10)},
                                                          {PartitionIndex(1), Offset(11)}}));
    EXPECT_EQ(calls, 2);
}

TEST_F(ClusterTest, APartitionThatDoesNotExistIsNotWaitedForForEver) {
    serve_metadata(1);
    auto config = settings();
    config.operation_timeout = Millis(20);
    Cluster cluster(config, clock_);
    const auto offsets = list_offsets(cluster, "t", {{PartitionIndex(5), kLatest}},
                                      Isolation::read_uncommitted, cluster.operation_deadline());
    ASSERT_FALSE(offsets.has_value());
    EXPECT_EQ(offsets.error().detail, "partition 5 of topic 't': UNKNOWN_TOPIC_OR_PARTITION");
}

}  // namespace
}  // namespace milena::client
