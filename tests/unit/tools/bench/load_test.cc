#include "protocol/record/batch_view.h"
#include "tests/unit/tools/client/fake_broker.h"
#include "tools/bench/fetch_load.h"
#include "tools/bench/latency_load.h"
#include "tools/bench/produce_load.h"
#include "tools/client/machine.h"
#include "tools/client/offsets.h"

#include <gtest/gtest.h>

namespace milena::bench {
namespace {

using client::FakeBroker;

// A topic "t" in memory: produced batches are kept and given out again.
class LoadTest : public testing::Test {
  protected:
    void SetUp() override {
        broker_.on<msg::MetadataRequest>([this](const auto&, Arena& arena) {
            return broker_.metadata(arena, "t", partitions_);
        });
        broker_.on<msg::ListOffsetsRequest>([this](const auto& request, Arena& arena) {
            using Response = msg::ListOffsetsResponse;
            const auto& asked = request.topics[0].partitions;
            Response response;
            response.topics = Array<Response::ListOffsetsTopicResponse>::make(arena, 1);
            response.topics[0].name = "t";
            auto& answers = response.topics[0].partitions;
            answers = Array<Response::ListOffsetsPartitionResponse>::make(arena, asked.size());
            for (std::size_t i = 0; i < asked.size(); ++i) {
                answers[i].partition_index = asked[i].partition_index;
                const bool latest = asked[i].timestamp == client::kLatest;
                answers[i].offset = Offset(latest ? end(asked[i].partition_index) : 0);
            }
            return response;
        });
        broker_.on<msg::ProduceRequest>(
            [this](const auto& request, Arena& arena) { return take(request, arena); });
        broker_.on<msg::FetchRequest>(
            [this](const auto& request, Arena& arena) { return give(request, arena); });
        client::ClusterSettings config;
        config.bootstrap = {broker_.endpoint()};
        cluster_ = std::make_unique<client::Cluster>(config, clock_);
    }

    std::int64_t end(PartitionIndex index) const {
        const auto at = logs_.find(index);
        return at == logs_.end() ? 0 : static_cast<std::int64_t>(at->second.size());
    }

    msg::ProduceResponse take(const msg::ProduceRequest& request, Arena& arena) {
        using Response = msg::ProduceResponse;
        Response response;
        response.responses = Array<Response::TopicProduceResponse>::make(arena, 1);
        response.responses[0].topic_id = request.topic_data[0].topic_id;
        auto& answers = response.responses[0].partition_responses;
        answers = Array<Response::PartitionProduceResponse>::make(arena, 1);
        const auto& asked = request.topic_data[0].partition_data[0];
        answers[0].index = asked.index;
        if (error_ != ErrorCode::NONE) {
            answers[0].error_code = error_;
            return response;
        }
        // One record a batch, so that an offset is an index.
        const auto bytes = asked.records.bytes();
        auto& log = logs_[asked.index];
        answers[0].base_offset = Offset(static_cast<std::int64_t>(log.size()));
        log.emplace_back(bytes.begin(), bytes.end());
        set_base_offset(log.back(), answers[0].base_offset);
        return response;
    }

    msg::FetchResponse give(const msg::FetchRequest& request, Arena& arena) {
        using Response = msg::FetchResponse;
        const auto& asked = request.topics[0].partitions[0];
        Response response;
        response.responses = Array<Response::FetchableTopicResponse>::make(arena, 1);
        response.responses[0].topic_id = request.topics[0].topic_id;
        auto& answers = response.responses[0].partitions;
        answers = Array<Response::PartitionData>::make(arena, 1);
        answers[0].partition_index = asked.partition;
        answers[0].high_watermark = Offset(end(asked.partition));
        answers[0].log_start_offset = Offset(0);
        answers[0].aborted_transactions = Array<Response::AbortedTransaction>::null();
        given_.clear();
        for (auto i = asked.fetch_offset.value(); i < end(asked.partition); ++i) {
            const auto& batch = logs_[asked.partition][static_cast<std::size_t>(i)];
            given_.insert(given_.end(), batch.begin(), batch.end());
        }
        answers[0].records = Records(ByteView(given_));
        return response;
    }

    ProduceLoad produce_load() {
        ProduceLoad load;
        load.topic = "t";
        load.connections = 3;
        load.in_flight = 4;
        load.batch = {1, 100, Codec::none};
        load.measure.duration = std::chrono::milliseconds(100);
        return load;
    }

    client::MachineClock clock_;
    int partitions_ = 2;
    std::map<PartitionIndex, std::vector<std::vector<std::uint8_t>>> logs_;
    std::vector<std::uint8_t> given_;
    ErrorCode error_ = ErrorCode::NONE;
    FakeBroker broker_;  // last: its thread uses what stands above
    std::unique_ptr<client::Cluster> cluster_;
};

TEST_F(LoadTest, ProducesToEveryPartitionUntilTheTimeIsOver) {
    const auto figures = run_produce_load(*cluster_, produce_load());
    ASSERT_TRUE(figures.has_value()) << figures.error().detail;
    const auto written = end(PartitionIndex(0)) + end(PartitionIndex(1));
    EXPECT_GT(figures->requests, 0u);
    EXPECT_LE(figures->requests, static_cast<std::uint64_t>(written));
    EXPECT_EQ(figures->records, figures->requests);
    EXPECT_EQ(figures->bytes, figures->requests * logs_[PartitionIndex(0)][0].size());
    EXPECT_GE(figures->seconds, 0.09);
    EXPECT_GT(end(PartitionIndex(0)), 0);
    EXPECT_GT(end(PartitionIndex(1)), 0);
}

TEST_F(LoadTest, ProducesAtTheRateAskedFor) {
    auto load = produce_load();
    load.requests_per_second = 200;
    load.measure.duration = std::chrono::milliseconds(200);
    const auto figures = run_produce_load(*cluster_, load);
    ASSERT_TRUE(figures.has_value()) << figures.error().detail;
    // Every due request is sent and measured, however late.
    EXPECT_EQ(figures->latency.count(), 40u);
    EXPECT_EQ(end(PartitionIndex(0)) + end(PartitionIndex(1)), 40);
}

TEST_F(LoadTest, StopsAfterSoManyBytes) {
    auto load = produce_load();
    load.stop_after_bytes = 5000;
    load.measure.duration = std::chrono::hours(1);
    ASSERT_TRUE(run_produce_load(*cluster_, load).has_value());
    const auto written =
        static_cast<std::uint64_t>(end(PartitionIndex(0)) + end(PartitionIndex(1)));
    const auto size = logs_[PartitionIndex(0)][0].size();
    EXPECT_GE(written * size, 5000u);
    EXPECT_LE(written * size, 5000u + 12 * size);
}

TEST_F(LoadTest, NoticesThatABatchIsRefused) {
    error_ = ErrorCode::MESSAGE_TOO_LARGE;
    const auto figures = run_produce_load(*cluster_, produce_load());
    ASSERT_FALSE(figures.has_value());
    EXPECT_TRUE(figures.error().detail.ends_with("of 't': MESSAGE_TOO_LARGE"))
        << figures.error().detail;
}

TEST_F(LoadTest, NoticesThatTheBrokerGoesAway) {
    broker_.on(ApiKey::Produce, [](const auto&) { return std::nullopt; });
    const auto figures = run_produce_load(*cluster_, produce_load());
    ASSERT_FALSE(figures.has_value());
    EXPECT_EQ(figures.error().code, ErrorCode::NETWORK_EXCEPTION);
}

TEST_F(LoadTest, SendsWithoutAnswersWhenNoneAreWanted) {
    broker_.on(ApiKey::Produce, [this](const FakeBroker::Request& request) -> FakeBroker::Answer {
        Arena arena;
        take(request.as<msg::ProduceRequest>(arena), arena);
        return std::vector<std::uint8_t>();
    });
    auto load = produce_load();
    load.acks = 0;
    const auto figures = run_produce_load(*cluster_, load);
    ASSERT_TRUE(figures.has_value()) << figures.error().detail;
    EXPECT_GT(figures->requests, 0u);
}

TEST_F(LoadTest, FetchesRoundAndRound) {
    auto fill = produce_load();
    fill.stop_after_bytes = 100'000;
    fill.measure.duration = std::chrono::hours(1);
    ASSERT_TRUE(run_produce_load(*cluster_, fill).has_value());
    FetchLoad load;
    load.topic = "t";
    load.connections = 2;
    load.measure.duration = std::chrono::milliseconds(100);
    const auto figures = run_fetch_load(*cluster_, load);
    ASSERT_TRUE(figures.has_value()) << figures.error().detail;
    EXPECT_GT(figures->requests, 1u);
    EXPECT_EQ(figures->bytes, figures->records * logs_[PartitionIndex(0)][0].size());
}

TEST_F(LoadTest, RefusesToFetchFromAnEmptyTopic) {
    FetchLoad load;
    load.topic = "t";
    const auto figures = run_fetch_load(*cluster_, load);
    ASSERT_FALSE(figures.has_value());
    EXPECT_NE(figures.error().detail.find("partitions without records"), std::string::npos);
}

TEST_F(LoadTest, MeasuresEveryRecordFromProducerToConsumer) {
    partitions_ = 1;
    LatencyLoad load;
    load.topic = "t";
    load.requests_per_second = 200;
    load.batch = {1, 100, Codec::none};
    load.measure.duration = std::chrono::milliseconds(200);
    const auto figures = run_latency_load(*cluster_, load);
    ASSERT_TRUE(figures.has_value()) << figures.error().detail;
    EXPECT_EQ(figures->end_to_end.latency.count(), 40u);
    EXPECT_EQ(figures->acknowledge.count(), 40u);
    EXPECT_GT(figures->end_to_end.latency.min(), 0u);
}

TEST_F(LoadTest, LatencyNeedsOnePartitionAndAnswers) {
    LatencyLoad load;
    load.topic = "t";
    EXPECT_FALSE(run_latency_load(*cluster_, load).has_value());
    partitions_ = 1;
    load.acks = 0;
    EXPECT_FALSE(run_latency_load(*cluster_, load).has_value());
}

}  // namespace
}  // namespace milena::bench
