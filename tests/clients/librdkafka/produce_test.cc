// What librdkafka's producer sees: acknowledgements, codecs, idempotence, sizes, errors.
#include "tests/clients/librdkafka/client.h"

namespace milena::clients {
namespace {

Message text(const std::string& topic, const std::string& value, std::int32_t partition = 0) {
    return {.topic = topic, .key = "k", .value = value, .partition = partition};
}

/// Sends `count` numbered messages; each must be acknowledged.
void send_numbered(Producer& producer, const std::string& topic, int count) {
    const std::size_t first = producer.reports().size();
    for (int i = 0; i < count; ++i) producer.send(text(topic, "v" + std::to_string(i)));
    ASSERT_TRUE(producer.flush());
    for (std::size_t i = first; i < producer.reports().size(); ++i) {
        ASSERT_EQ(producer.reports()[i].error, RD_KAFKA_RESP_ERR_NO_ERROR)
            << "message " << i << ": " << rd_kafka_err2name(producer.reports()[i].error);
    }
}

void expect_numbered(const std::vector<Message>& read, int count) {
    ASSERT_EQ(read.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        EXPECT_EQ(read[at].value, "v" + std::to_string(i));
        EXPECT_EQ(read[at].offset, i);
    }
}

class ProduceWithAcks : public testing::TestWithParam<const char*> {};

TEST_P(ProduceWithAcks, every_message_arrives_once_and_in_order) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "acks", 1);
    Producer producer(broker, {{"acks", GetParam()}, {"linger.ms", "1"}});
    send_numbered(producer, topic, 500);
    // With acks=0 the report precedes the append.
    EXPECT_TRUE(eventually([&] { return watermarks(broker, topic, 0).second == 500; }));
    expect_numbered(read_all(broker, topic, 0), 500);
}

INSTANTIATE_TEST_SUITE_P(Acks, ProduceWithAcks, testing::Values("0", "1", "all"));

class ProduceWithCodec : public testing::TestWithParam<const char*> {};

TEST_P(ProduceWithCodec, compressed_batches_come_back_as_they_were_sent) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "codec", 1);
    Producer producer(broker, {{"compression.codec", GetParam()}, {"linger.ms", "50"}});
    const std::string filler(300, 'x');
    for (int i = 0; i < 300; ++i) producer.send(text(topic, std::to_string(i) + filler));
    ASSERT_TRUE(producer.flush());
    const std::vector<Message> read = read_all(broker, topic, 0);
    ASSERT_EQ(read.size(), 300U);
    for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(read[i].value, std::to_string(i) + filler);
}

INSTANTIATE_TEST_SUITE_P(Codecs, ProduceWithCodec,
                         testing::Values("none", "gzip", "snappy", "lz4", "zstd"));

class RecompressTo : public testing::TestWithParam<const char*> {};

TEST_P(RecompressTo, a_topic_s_own_codec_changes_no_record) {
    Broker& broker = Broker::shared();
    const std::string topic =
        create_topic(broker, "recompress", 1, {{"compression.type", GetParam()}});
    Producer producer(broker, {{"compression.codec", "lz4"}, {"linger.ms", "20"}});
    send_numbered(producer, topic, 200);
    expect_numbered(read_all(broker, topic, 0), 200);
}

INSTANTIATE_TEST_SUITE_P(Types, RecompressTo,
                         testing::Values("uncompressed", "gzip", "snappy", "lz4", "zstd"));

TEST(ProduceTest, an_idempotent_producer_has_no_gap_and_no_duplicate) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "idempotent", 1);
    Producer producer(
        broker, {{"enable.idempotence", "true"}, {"linger.ms", "0"}, {"batch.num.messages", "7"}});
    send_numbered(producer, topic, 2000);
    expect_numbered(read_all(broker, topic, 0), 2000);
}

TEST(ProduceTest, headers_nulls_and_timestamps_are_kept) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "fields", 1);
    const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
    std::vector<Message> sent = {
        {.topic = topic, .key = "k", .value = "v", .partition = 0, .timestamp = now - 5000},
        {.topic = topic, .key = std::nullopt, .value = "v", .partition = 0, .timestamp = now},
        {.topic = topic, .key = "k", .value = std::nullopt, .partition = 0, .timestamp = now},
        {.topic = topic,
         .key = std::string("\0\xff", 2),
         .value = std::string("a\0b", 3),
         .partition = 0,
         .timestamp = now - 1,
         .headers = {{"one", "1"}, {"one", "2"}, {"none", std::nullopt}, {"", "empty name"}}},
    };
    Producer producer(broker);
    for (const Message& m : sent) producer.send(m);
    ASSERT_TRUE(producer.flush());
    const std::vector<Message> read = read_all(broker, topic, 0);
    ASSERT_EQ(read.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(read[i].key, sent[i].key) << i;
        EXPECT_EQ(read[i].value, sent[i].value) << i;
        EXPECT_EQ(read[i].headers, sent[i].headers) << i;
        EXPECT_EQ(read[i].timestamp, sent[i].timestamp) << i;
        EXPECT_FALSE(read[i].broker_time);
    }
}

TEST(ProduceTest, a_topic_of_log_append_time_stamps_records_itself) {
    Broker& broker = Broker::shared();
    const std::string topic =
        create_topic(broker, "append-time", 1, {{"message.timestamp.type", "LogAppendTime"}});
    Producer producer(broker);
    Message m = text(topic, "v");
    m.timestamp = 1;
    ASSERT_EQ(producer.send_now(m).error, RD_KAFKA_RESP_ERR_NO_ERROR);
    const std::vector<Message> read = read_all(broker, topic, 0);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_TRUE(read[0].broker_time);
    EXPECT_GT(read[0].timestamp, 1'700'000'000'000);
}

TEST(ProduceTest, messages_go_to_the_partition_they_name) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "partitions", 3);
    Producer producer(broker);
    for (int i = 0; i < 30; ++i) producer.send(text(topic, std::to_string(i), i % 3));
    ASSERT_TRUE(producer.flush());
    for (int i = 0; i < 30; ++i) {
        const Report& report = producer.reports()[static_cast<std::size_t>(i)];
        EXPECT_EQ(report.partition, i % 3);
        EXPECT_EQ(report.offset, i / 3);
    }
    for (std::int32_t p = 0; p < 3; ++p) EXPECT_EQ(read_all(broker, topic, p).size(), 10U);
}

TEST(ProduceTest, messages_of_900_kb_pass) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "large", 1);
    Producer producer(broker);
    for (char c = 'a'; c < 'a' + 8; ++c) producer.send(text(topic, std::string(900'000, c)));
    ASSERT_TRUE(producer.flush());
    const std::vector<Message> read = read_all(broker, topic, 0);
    ASSERT_EQ(read.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(read[i].value, std::string(900'000, static_cast<char>('a' + i)));
    }
}

TEST(ProduceTest, a_message_over_the_topic_s_limit_is_refused_and_the_next_one_passes) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "limit", 1, {{"max.message.bytes", "10000"}});
    Producer producer(broker);
    EXPECT_EQ(producer.send_now(text(topic, std::string(50'000, 'x'))).error,
              RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    EXPECT_EQ(producer.send_now(text(topic, "small")).error, RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(ProduceTest, a_null_key_is_refused_by_a_compacted_topic) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "compacted", 1, {{"cleanup.policy", "compact"}});
    Producer producer(broker);
    Message m = text(topic, "v");
    m.key = std::nullopt;
    EXPECT_EQ(producer.send_now(m).error, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    EXPECT_EQ(producer.send_now(text(topic, "v")).error, RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(ProduceTest, a_timestamp_that_the_topic_does_not_allow_is_refused) {
    Broker& broker = Broker::shared();
    const std::string topic =
        create_topic(broker, "times", 1, {{"message.timestamp.before.max.ms", "1000"}});
    Producer producer(broker);
    Message m = text(topic, "v");
    m.timestamp = 1'700'000'000'000;
    EXPECT_EQ(producer.send_now(m).error, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
}

TEST(ProduceTest, an_unknown_partition_is_an_error_of_the_message) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "one-partition", 1);
    Producer producer(broker, {{"message.timeout.ms", "3000"}});
    const Report report = producer.send_now(text(topic, "v", 7));
    EXPECT_EQ(report.error, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        << rd_kafka_err2name(report.error);
}

TEST(ProduceTest, a_topic_is_created_by_the_first_message) {
    Broker& broker = Broker::shared();
    const std::string topic = unique("auto");
    Producer producer(broker);
    Message m = text(topic, "v");
    m.partition = RD_KAFKA_PARTITION_UA;
    EXPECT_EQ(producer.send_now(m).error, RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(read_all(broker, topic, 0).size(), 1U);
}

TEST(ProduceTest, several_producers_at_once_lose_nothing) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "many", 2);
    std::vector<std::unique_ptr<Producer>> producers;
    for (int i = 0; i < 8; ++i) {
        producers.push_back(std::make_unique<Producer>(
            broker, Settings{{"linger.ms", "1"}, {"enable.idempotence", "true"}}));
    }
    for (int i = 0; i < 250; ++i) {
        for (auto& p : producers) p->send(text(topic, "v", i % 2));
    }
    for (auto& p : producers) ASSERT_TRUE(p->flush());
    EXPECT_EQ(watermarks(broker, topic, 0).second, 1000);
    EXPECT_EQ(watermarks(broker, topic, 1).second, 1000);
}

}  // namespace
}  // namespace milena::clients
