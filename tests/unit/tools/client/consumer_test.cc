#include "tools/client/consumer.h"

#include "protocol/record/batch_builder.h"
#include "protocol/record/control_record.h"
#include "tests/unit/tools/client/fake_broker.h"
#include "tools/client/machine.h"

#include <gtest/gtest.h>

namespace milena::client {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct BatchSpec {
    std::int64_t base_offset = 0;
    std::vector<std::string> values;
    std::int64_t producer = -1;
    bool transactional = false;
    Codec codec = Codec::none;
};

Bytes batch(const BatchSpec& spec) {
    BatchTraits traits;
    traits.base_offset = Offset(spec.base_offset);
    traits.producer_id = ProducerId(spec.producer);
    traits.producer_epoch = ProducerEpoch(spec.producer >= 0 ? 0 : -1);
    traits.transactional = spec.transactional;
    traits.compression = Compression::standard(spec.codec);
    BatchBuilder builder(traits);
    for (const auto& value : spec.values) {
        const RecordHeader header{"h", NullableBytes()};
        builder.add(TimestampMs(5), NullableBytes(), NullableBytes(as_bytes(value)),
                    std::span(&header, 1));
    }
    Codecs codecs;
    const auto bytes = builder.finish(codecs);
    return {bytes.begin(), bytes.end()};
}

Bytes marker(std::int64_t offset, std::int64_t producer, ControlType type) {
    BatchTraits traits;
    traits.base_offset = Offset(offset);
    traits.producer_id = ProducerId(producer);
    traits.producer_epoch = ProducerEpoch(0);
    traits.transactional = true;
    const auto value = transaction_marker_value({type, 0});
    const ControlRecord record{type, value};
    return build_control_batch(traits, TimestampMs(5), std::span(&record, 1));
}

Bytes join(const std::vector<Bytes>& parts) {
    Bytes out;
    for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
}

class ConsumerTest : public testing::Test {
  protected:
    using PartitionData = msg::FetchResponse::PartitionData;

    void SetUp() override {
        broker_.on<msg::MetadataRequest>(
            [this](const auto&, Arena& arena) { return broker_.metadata(arena, "t", 2); });
        broker_.on<msg::FetchRequest>(
            [this](const auto& request, Arena& arena) { return fetch(request, arena); });
        broker_.on<msg::ListOffsetsRequest>([](const auto&, Arena& arena) {
            using Response = msg::ListOffsetsResponse;
            Response response;
            response.topics = Array<Response::ListOffsetsTopicResponse>::make(arena, 1);
            response.topics[0].name = "t";
            response.topics[0].partitions =
                Array<Response::ListOffsetsPartitionResponse>::make(arena, 1);
            response.topics[0].partitions[0].offset = Offset(4);
            return response;
        });
    }

    // Gives `log_` to whoever asks from its beginning or its middle, nothing behind its end.
    msg::FetchResponse fetch(const msg::FetchRequest& request, Arena& arena) {
        using Response = msg::FetchResponse;
        const auto& asked = request.topics[0].partitions;
        Response response;
        response.responses = Array<Response::FetchableTopicResponse>::make(arena, 1);
        response.responses[0].topic_id = request.topics[0].topic_id;
        auto& answers = response.responses[0].partitions;
        answers = Array<PartitionData>::make(arena, asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            answers[i].partition_index = asked[i].partition;
            answers[i].records = Records(ByteView());
            offsets_asked_.push_back(asked[i].fetch_offset.value());
            if (asked[i].partition != PartitionIndex(0)) continue;
            if (error_ != ErrorCode::NONE) {
                answers[i].error_code = std::exchange(error_, ErrorCode::NONE);
            } else if (asked[i].fetch_offset < end_) {
                answers[i].records = Records(ByteView(log_));
                answers[i].aborted_transactions = Array<Response::AbortedTransaction>(aborted_);
            }
        }
        return response;
    }

    std::unique_ptr<Consumer> open(std::int64_t offset) {
        ClusterSettings config;
        config.bootstrap = {broker_.endpoint()};
        config.retry_backoff = Millis(1);
        cluster_ = std::make_unique<Cluster>(config, clock_);
        auto consumer = std::make_unique<Consumer>(*cluster_, settings_);
        consumer->assign({"t", PartitionIndex(0)}, Offset(offset));
        return consumer;
    }
    // "offset=value ..." of one poll, or the error.
    std::string poll(Consumer& consumer, std::size_t most = 1000) {
        std::string out;
        std::size_t count = 0;
        const auto result = consumer.poll(
            clock_.now() + std::chrono::seconds(20), [&](const ConsumedRecord& record) {
                out +=
                    std::to_string(record.offset.value()) + "=" + std::string(*record.value) + " ";
                return ++count < most;
            });
        return result ? out : result.error().detail;
    }
    Offset position(const Consumer& consumer) const {
        return consumer.positions().at({"t", PartitionIndex(0)});
    }

    MachineClock clock_;
    ConsumerSettings settings_;
    Bytes log_;
    Offset end_{100};
    std::vector<msg::FetchResponse::AbortedTransaction> aborted_;
    ErrorCode error_ = ErrorCode::NONE;
    std::vector<std::int64_t> offsets_asked_;
    FakeBroker broker_;  // last: its thread uses what stands above
    std::unique_ptr<Cluster> cluster_;
};

TEST_F(ConsumerTest, GivesRecordsFromTheOffsetOnAlsoInTheMiddleOfABatch) {
    log_ = join({batch({.base_offset = 0, .values = {"a", "b", "c"}}),
                 batch({.base_offset = 3, .values = {"d"}, .codec = Codec::zstd})});
    const auto consumer = open(1);
    EXPECT_EQ(poll(*consumer), "1=b 2=c 3=d ");
    EXPECT_EQ(position(*consumer), Offset(4));
}

TEST_F(ConsumerTest, StopsWhereTheHandlerStopsAndGoesOnThere) {
    log_ = batch({.base_offset = 0, .values = {"a", "b", "c"}});
    const auto consumer = open(0);
    EXPECT_EQ(poll(*consumer, 2), "0=a 1=b ");
    EXPECT_EQ(position(*consumer), Offset(2));
    EXPECT_EQ(poll(*consumer), "2=c ");
}

TEST_F(ConsumerTest, PassesOverABatchThatIsCutOffAndControlBatches) {
    auto whole = batch({.base_offset = 0, .values = {"a"}});
    auto cut = batch({.base_offset = 2, .values = {"lost"}});
    cut.resize(cut.size() - 3);
    log_ = join({whole, marker(1, 7, ControlType::commit), cut});
    const auto consumer = open(0);
    EXPECT_EQ(poll(*consumer), "0=a ");
    EXPECT_EQ(position(*consumer), Offset(2));
}

TEST_F(ConsumerTest, LeavesOutAbortedTransactionsWhenAskedTo) {
    log_ =
        join({batch({.base_offset = 0, .values = {"plain"}}),
              batch({.base_offset = 1, .values = {"bad"}, .producer = 7, .transactional = true}),
              batch({.base_offset = 2, .values = {"good"}, .producer = 8, .transactional = true}),
              marker(3, 7, ControlType::abort), marker(4, 8, ControlType::commit),
              batch({.base_offset = 5, .values = {"next"}, .producer = 7, .transactional = true}),
              marker(6, 7, ControlType::commit)});
    EXPECT_EQ(poll(*open(0)), "0=plain 1=bad 2=good 5=next ");

    msg::FetchResponse::AbortedTransaction aborted;
    aborted.producer_id = ProducerId(7);
    aborted.first_offset = Offset(1);
    aborted_ = {aborted};
    settings_.isolation = Isolation::read_committed;
    const auto consumer = open(0);
    EXPECT_EQ(poll(*consumer), "0=plain 2=good 5=next ");
    EXPECT_EQ(position(*consumer), Offset(7));
}

TEST_F(ConsumerTest, MovesToWhereItMayReadWhenTheOffsetIsGone) {
    log_ = batch({.base_offset = 4, .values = {"e"}});
    error_ = ErrorCode::OFFSET_OUT_OF_RANGE;
    const auto consumer = open(99);
    EXPECT_EQ(poll(*consumer), "4=e ");
    EXPECT_EQ(offsets_asked_, (std::vector<std::int64_t>{99, 4}));
}

TEST_F(ConsumerTest, FailsWhenTheOffsetIsGoneAndItMayNotMove) {
    settings_.reset.reset();
    error_ = ErrorCode::OFFSET_OUT_OF_RANGE;
    EXPECT_EQ(poll(*open(99)),
              "partition 0 of topic 't' cannot be read: OFFSET_OUT_OF_RANGE: offset 99 is not "
              "there");
}

TEST_F(ConsumerTest, FindsTheNewLeader) {
    log_ = batch({.base_offset = 0, .values = {"a"}});
    error_ = ErrorCode::NOT_LEADER_OR_FOLLOWER;
    const auto consumer = open(0);
    EXPECT_EQ(poll(*consumer), "0=a ");
    EXPECT_EQ(broker_.count(ApiKey::Metadata), 2);
}

TEST_F(ConsumerTest, EndsAtAFailureThatDoesNotPass) {
    error_ = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    EXPECT_EQ(poll(*open(0)),
              "partition 0 of topic 't' cannot be read: TOPIC_AUTHORIZATION_FAILED");
}

TEST_F(ConsumerTest, NoticesDamagedBatches) {
    log_ = batch({.base_offset = 0, .values = {"a"}});
    log_.back() ^= 1;
    EXPECT_EQ(poll(*open(0)),
              "the batch at offset 0 of partition 0 of topic 't' is damaged (its checksum is "
              "wrong)");
}

TEST_F(ConsumerTest, ComesBackWithNothingWhenTheTimeIsOver) {
    broker_.on(ApiKey::Fetch, [](const auto&) { return Bytes(); });
    const auto consumer = open(0);
    const auto result =
        consumer->poll(clock_.now() + Millis(20), [](const ConsumedRecord&) { return true; });
    ASSERT_TRUE(result.has_value()) << result.error().detail;
    EXPECT_EQ(*result, 0u);
}

}  // namespace
}  // namespace milena::client
