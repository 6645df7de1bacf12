#include "tools/client/producer.h"

#include "protocol/record/record_reader.h"
#include "tests/unit/tools/client/fake_broker.h"
#include "tools/client/machine.h"

#include <deque>

#include <gtest/gtest.h>

namespace milena::client {
namespace {

// A broker that notes the batches and answers what the test says next.
class ProducerTest : public testing::Test {
  protected:
    struct Seen {
        PartitionIndex partition;
        Sequence base_sequence;
        ProducerId producer;
        std::vector<std::string> values;
    };

    void SetUp() override {
        broker_.on<msg::MetadataRequest>(
            [this](const auto&, Arena& arena) { return broker_.metadata(arena, "t", 3); });
        broker_.on<msg::InitProducerIdRequest>([this](const auto&, Arena&) {
            msg::InitProducerIdResponse response;
            response.producer_id = ProducerId(next_producer_++);
            response.producer_epoch = ProducerEpoch(0);
            return response;
        });
        broker_.on<msg::ProduceRequest>(
            [this](const auto& request, Arena& arena) { return take(request, arena); });
        settings_.topic = "t";
    }

    msg::ProduceResponse take(const msg::ProduceRequest& request, Arena& arena) {
        using Response = msg::ProduceResponse;
        const auto& asked = request.topic_data[0].partition_data;
        Response response;
        response.responses = Array<Response::TopicProduceResponse>::make(arena, 1);
        response.responses[0].topic_id = request.topic_data[0].topic_id;
        auto& answers = response.responses[0].partition_responses;
        answers = Array<Response::PartitionProduceResponse>::make(arena, asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            note(asked[i].index, asked[i].records.bytes());
            answers[i].index = asked[i].index;
            if (errors_.empty()) continue;
            answers[i].error_code = errors_.front();
            errors_.pop_front();
        }
        return response;
    }

    void note(PartitionIndex index, ByteView bytes) {
        const BatchView batch(bytes);
        EXPECT_TRUE(batch.crc_matches());
        Seen seen{index, batch.base_sequence(), batch.producer_id(), {}};
        std::vector<std::uint8_t> buffer;
        Codecs codecs;
        RecordReader reader(batch, payload_of(batch, codecs, buffer, 1 << 20).value());
        while (reader.next()) seen.values.emplace_back(as_text(*reader.record().value));
        EXPECT_TRUE(reader.status().has_value());
        seen_.push_back(std::move(seen));
    }

    std::unique_ptr<Producer> open() {
        ClusterSettings config;
        config.bootstrap = {broker_.endpoint()};
        config.retry_backoff = Millis(1);
        cluster_ = std::make_unique<Cluster>(config, clock_);
        auto producer = std::make_unique<Producer>(
            *cluster_, settings_, random_,
            [this](PartitionIndex, std::int32_t records, const Error& error) {
                losses_.push_back(std::to_string(records) + " " + error.detail);
            });
        const auto status = producer->open();
        EXPECT_TRUE(status.has_value()) << status.error().detail;
        return producer;
    }
    static Status add(Producer& producer, std::string_view value,
                      std::optional<PartitionIndex> partition = PartitionIndex(0)) {
        Producer::Record record{};
        record.value = value;
        record.partition = partition;
        return producer.add(record);
    }
    // "sequence:value,value" of all batches that came, retries included.
    std::string seen() const {
        std::string out;
        for (const auto& batch : seen_) {
            out += (out.empty() ? "" : " ") + std::to_string(batch.base_sequence.value()) + ":";
            for (std::size_t i = 0; i < batch.values.size(); ++i) {
                out += (i == 0 ? "" : ",") + batch.values[i];
            }
        }
        return out;
    }

    MachineClock clock_;
    SeededRandom random_{1};
    ProducerSettings settings_;
    std::int64_t next_producer_ = 100;
    std::deque<ErrorCode> errors_;
    std::vector<Seen> seen_;
    std::vector<std::string> losses_;
    FakeBroker broker_;  // last: its thread uses what stands above
    std::unique_ptr<Cluster> cluster_;
};

TEST_F(ProducerTest, NumbersTheBatchesOfAPartition) {
    const auto producer = open();
    ASSERT_TRUE(add(*producer, "a"));
    ASSERT_TRUE(add(*producer, "b"));
    producer->flush();
    ASSERT_TRUE(add(*producer, "c"));
    producer->flush();
    producer->flush();
    EXPECT_EQ(seen(), "0:a,b 2:c");
    EXPECT_EQ(seen_[0].producer, ProducerId(100));
    EXPECT_EQ(producer->acknowledged(), 3u);
    EXPECT_EQ(producer->lost(), 0u);
}

TEST_F(ProducerTest, SendsABatchAgainAsItWasWhenTheFailureMayPass) {
    errors_ = {ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::NOT_ENOUGH_REPLICAS};
    const auto producer = open();
    const auto asked_before = broker_.count(ApiKey::Metadata);
    ASSERT_TRUE(add(*producer, "a"));
    producer->flush();
    ASSERT_TRUE(add(*producer, "b"));
    producer->flush();
    EXPECT_EQ(seen(), "0:a 0:a 0:a 1:b");
    EXPECT_EQ(broker_.count(ApiKey::Metadata), asked_before + 2);
    EXPECT_TRUE(losses_.empty());
}

TEST_F(ProducerTest, ABatchThatIsRefusedIsLostAndItsSequenceUsedAgain) {
    errors_ = {ErrorCode::MESSAGE_TOO_LARGE};
    const auto producer = open();
    ASSERT_TRUE(add(*producer, "a"));
    ASSERT_TRUE(add(*producer, "b"));
    producer->flush();
    ASSERT_TRUE(add(*producer, "c"));
    producer->flush();
    EXPECT_EQ(seen(), "0:a,b 0:c");
    EXPECT_EQ(losses_, (std::vector<std::string>{"2 MESSAGE_TOO_LARGE"}));
    EXPECT_EQ(producer->lost(), 2u);
    EXPECT_EQ(producer->acknowledged(), 1u);
}

TEST_F(ProducerTest, StartsOverWithANewIdWhenSequencesAreSpoiled) {
    errors_ = {ErrorCode::NONE, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER};
    const auto producer = open();
    for (const auto* value : {"a", "b", "c"}) {
        ASSERT_TRUE(add(*producer, value));
        producer->flush();
    }
    EXPECT_EQ(seen(), "0:a 1:b 0:c");
    EXPECT_EQ(seen_[1].producer, ProducerId(100));
    EXPECT_EQ(seen_[2].producer, ProducerId(101));
    EXPECT_EQ(producer->lost(), 1u);
}

TEST_F(ProducerTest, GivesUpAfterTheRetriesItMayMake) {
    settings_.retries = 2;
    errors_.assign(5, ErrorCode::NOT_ENOUGH_REPLICAS);
    const auto producer = open();
    ASSERT_TRUE(add(*producer, "a"));
    producer->flush();
    EXPECT_EQ(seen(), "0:a 0:a 0:a");
    EXPECT_EQ(losses_, (std::vector<std::string>{"1 NOT_ENOUGH_REPLICAS"}));
}

TEST_F(ProducerTest, ReconnectsWhenTheConnectionBreaks) {
    int calls = 0;
    broker_.on(ApiKey::Produce, [&](const FakeBroker::Request& request) -> FakeBroker::Answer {
        if (++calls == 1) return std::nullopt;
        Arena arena;
        return request.answer(take(request.as<msg::ProduceRequest>(arena), arena)).bytes;
    });
    const auto producer = open();
    ASSERT_TRUE(add(*producer, "a"));
    producer->flush();
    EXPECT_EQ(seen(), "0:a");
    EXPECT_EQ(producer->acknowledged(), 1u);
}

TEST_F(ProducerTest, SendsWhenABatchIsFull) {
    settings_.batch_bytes = 200;
    const auto producer = open();
    const std::string large(80, 'x');
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(add(*producer, large));
    // Two records would not fit, so each of the first two left when the next one came.
    EXPECT_EQ(producer->acknowledged(), 2u);
    producer->flush();
    EXPECT_EQ(producer->acknowledged(), 3u);
    EXPECT_EQ(seen_.size(), 3u);
}

TEST_F(ProducerTest, KeepsRecordsWithoutKeysTogetherUntilTheyAreSent) {
    const auto producer = open();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(add(*producer, "x", std::nullopt));
    producer->flush();
    ASSERT_EQ(seen_.size(), 1u);
    EXPECT_EQ(seen_[0].values.size(), 10u);
}

TEST_F(ProducerTest, SendsRecordsWithOneKeyToOnePartition) {
    const auto producer = open();
    Producer::Record record{};
    record.key = "foobar";
    record.value = "v";
    ASSERT_TRUE(producer->add(record));
    producer->flush();
    ASSERT_EQ(seen_.size(), 1u);
    EXPECT_EQ(seen_[0].partition, PartitionIndex((-790332482 & 0x7fffffff) % 3));
}

TEST_F(ProducerTest, RefusesAPartitionThatIsNotThere) {
    const auto producer = open();
    const auto status = add(*producer, "a", PartitionIndex(3));
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().detail, "topic 't' has no partition 3, only 0 to 2");
}

TEST_F(ProducerTest, DoesNotWaitForAnswersThatDoNotCome) {
    settings_.acks = Acks::none;
    broker_.on(ApiKey::Produce, [&](const FakeBroker::Request& request) -> FakeBroker::Answer {
        Arena arena;
        take(request.as<msg::ProduceRequest>(arena), arena);
        return std::vector<std::uint8_t>();
    });
    const auto producer = open();
    for (const auto* value : {"a", "b"}) {
        ASSERT_TRUE(add(*producer, value));
        producer->flush();
    }
    EXPECT_EQ(producer->acknowledged(), 2u);
    EXPECT_EQ(broker_.count(ApiKey::InitProducerId), 0);
}

}  // namespace
}  // namespace milena::client
