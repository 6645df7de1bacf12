// What librdkafka's consumer sees by assignment: positions, look-ups by time, waiting, errors.
#include "tests/clients/librdkafka/client.h"

namespace milena::clients {
namespace {

using std::chrono::steady_clock;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// A topic of one partition with records v0, v1, ... one second apart; the first at `start`.
std::string filled(Broker& broker, int count, std::int64_t start) {
    const std::string topic = create_topic(broker, "consume", 1);
    Producer producer(broker, {{"linger.ms", "5"}, {"batch.num.messages", "50"}});
    for (int i = 0; i < count; ++i) {
        producer.send({.topic = topic,
                       .key = "k",
                       .value = "v" + std::to_string(i),
                       .partition = 0,
                       .timestamp = start + i * 1000L});
    }
    EXPECT_TRUE(producer.flush());
    return topic;
}

TEST(ConsumeTest, reading_starts_where_it_is_told_to) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 1000, now_ms() - 2'000'000);
    struct Case {
        std::int64_t from;
        std::int64_t first;
    };
    const Case cases[] = {
        {RD_KAFKA_OFFSET_BEGINNING, 0}, {0, 0}, {250, 250}, {777, 777}, {999, 999},
        {RD_KAFKA_OFFSET_TAIL(10), 990}};
    for (const Case& c : cases) {
        Consumer consumer(broker);
        consumer.assign(topic, 0, c.from);
        const std::vector<Message> read = consumer.read(1);
        ASSERT_EQ(read.size(), 1U) << c.from;
        EXPECT_EQ(read[0].offset, c.first);
        EXPECT_EQ(read[0].value, "v" + std::to_string(c.first));
    }
}

TEST(ConsumeTest, seeking_goes_forth_and_back) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 300, now_ms() - 2'000'000);
    Consumer consumer(broker);
    consumer.assign(topic, 0, 0);
    ASSERT_EQ(consumer.read(10).size(), 10U);
    for (const std::int64_t offset : {299, 5, 150}) {
        const Partitions list(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0)->offset = offset;
        ASSERT_EQ(rd_kafka_seek_partitions(consumer.handle(), list.get(), 10 * kSeconds), nullptr);
        const std::vector<Message> read = consumer.read(1);
        ASSERT_EQ(read.size(), 1U);
        EXPECT_EQ(read[0].offset, offset);
    }
}

TEST(ConsumeTest, from_the_end_only_what_is_new_is_read) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 20, now_ms());
    Consumer consumer(broker, {{"enable.partition.eof", "true"}});
    consumer.assign(topic, 0, RD_KAFKA_OFFSET_END);
    // The end is found once librdkafka says that there is nothing more.
    ASSERT_EQ(consumer.next_error(), RD_KAFKA_RESP_ERR__PARTITION_EOF);
    Producer producer(broker);
    ASSERT_EQ(producer.send_now({.topic = topic, .key = "k", .value = "new", .partition = 0}).error,
              RD_KAFKA_RESP_ERR_NO_ERROR);
    const std::vector<Message> read = consumer.read(1);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].value, "new");
    EXPECT_EQ(read[0].offset, 20);
}

TEST(ConsumeTest, offsets_are_found_by_time) {
    Broker& broker = Broker::shared();
    const std::int64_t start = now_ms() - 2'000'000;
    const std::string topic = filled(broker, 1000, start);
    struct Case {
        std::int64_t time;
        std::int64_t offset;
    };
    const Case cases[] = {{0, 0},
                          {start, 0},
                          {start + 1, 1},
                          {start + 499'500, 500},
                          {start + 999'000, 999},
                          {start + 999'001, RD_KAFKA_OFFSET_END}};
    Consumer consumer(broker);
    for (const Case& c : cases) {
        const Partitions list(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0)->offset = c.time;
        ASSERT_EQ(rd_kafka_offsets_for_times(consumer.handle(), list.get(), 10 * kSeconds),
                  RD_KAFKA_RESP_ERR_NO_ERROR);
        EXPECT_EQ(list->elems[0].err, RD_KAFKA_RESP_ERR_NO_ERROR);
        EXPECT_EQ(list->elems[0].offset, c.offset) << c.time - start << " ms after the first";
    }
}

TEST(ConsumeTest, beginning_and_end_of_a_partition_are_known) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 17, now_ms());
    EXPECT_EQ(watermarks(broker, topic, 0), std::pair(std::int64_t{0}, std::int64_t{17}));
    EXPECT_EQ(watermarks(broker, create_topic(broker, "empty", 1), 0),
              std::pair(std::int64_t{0}, std::int64_t{0}));
}

TEST(ConsumeTest, an_offset_that_is_not_there_is_a_typed_error) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 5, now_ms());
    Consumer consumer(broker, {{"auto.offset.reset", "error"}});
    consumer.assign(topic, 0, 500);
    EXPECT_EQ(consumer.next_error(), RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
}

TEST(ConsumeTest, an_offset_that_is_not_there_can_mean_the_earliest) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 5, now_ms());
    Consumer consumer(broker, {{"auto.offset.reset", "earliest"}});
    consumer.assign(topic, 0, 500);
    const std::vector<Message> read = consumer.read(5);
    ASSERT_EQ(read.size(), 5U);
    EXPECT_EQ(read[0].offset, 0);
}

TEST(ConsumeTest, an_unknown_topic_is_an_error_in_the_metadata) {
    Broker& broker = Broker::shared();
    Consumer consumer(broker);
    using Topic = Owner<rd_kafka_topic_t, rd_kafka_topic_destroy>;
    const Topic topic(rd_kafka_topic_new(consumer.handle(), unique("missing").c_str(), nullptr));
    const rd_kafka_metadata_t* answer = nullptr;
    ASSERT_EQ(rd_kafka_metadata(consumer.handle(), 0, topic.get(), &answer, 10 * kSeconds),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(answer->topic_cnt, 1);
    EXPECT_EQ(answer->topics[0].err, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_metadata_destroy(answer);
}

TEST(ConsumeTest, many_partitions_are_read_at_once) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "wide", 12);
    Producer producer(broker, {{"linger.ms", "5"}});
    for (int i = 0; i < 1200; ++i) {
        producer.send({.topic = topic, .key = "k", .value = "v", .partition = i % 12});
    }
    ASSERT_TRUE(producer.flush());
    Consumer consumer(broker);
    const Partitions list(rd_kafka_topic_partition_list_new(12));
    for (std::int32_t p = 0; p < 12; ++p) {
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset = 0;
    }
    ASSERT_EQ(rd_kafka_assign(consumer.handle(), list.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    std::vector<int> next(12, 0);
    for (const Message& m : consumer.read(1200)) {
        EXPECT_EQ(m.offset, next[static_cast<std::size_t>(m.partition)]++);
    }
    EXPECT_EQ(next, std::vector<int>(12, 100));
}

TEST(ConsumeTest, a_small_fetch_limit_still_brings_large_messages) {
    Broker& broker = Broker::shared();
    const std::string topic = create_topic(broker, "small-fetch", 1);
    Producer producer(broker, {{"linger.ms", "0"}});
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(producer
                      .send_now({.topic = topic,
                                 .key = "k",
                                 .value = std::string(200'000, 'x'),
                                 .partition = 0})
                      .error,
                  RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    Consumer consumer(broker, {{"fetch.message.max.bytes", "1000"}});
    consumer.assign(topic, 0, 0);
    EXPECT_EQ(consumer.read(5).size(), 5U);
}

/// A consumer that waits must be woken by the message, not by the end of its wait.
TEST(ConsumeTest, a_waiting_consumer_gets_a_message_at_once) {
    Broker& broker = Broker::shared();
    const std::string topic = filled(broker, 1, now_ms());
    Consumer consumer(broker, {{"fetch.wait.max.ms", "5000"}});
    consumer.assign(topic, 0, 1);
    Producer producer(broker, {{"linger.ms", "0"}});
    ASSERT_EQ(
        producer.send_now({.topic = topic, .key = "k", .value = "warm", .partition = 0}).error,
        RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(consumer.read(1).size(), 1U);
    for (int i = 0; i < 10; ++i) {
        const auto sent = steady_clock::now();
        producer.send({.topic = topic, .key = "k", .value = "v", .partition = 0});
        ASSERT_EQ(consumer.read(1).size(), 1U);
        EXPECT_LT(steady_clock::now() - sent, std::chrono::seconds(2)) << "message " << i;
    }
    EXPECT_TRUE(producer.flush());
}

}  // namespace
}  // namespace milena::clients
