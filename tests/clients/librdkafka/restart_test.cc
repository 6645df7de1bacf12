// What a client finds after the broker was killed or stopped: everything that was acknowledged.
#include "tests/clients/librdkafka/client.h"

#include <set>

namespace milena::clients {
namespace {

class RestartTest : public testing::Test {
  protected:
    void SetUp() override {
        if (Broker::external()) GTEST_SKIP() << "MILENA_BOOTSTRAP: that broker is not restarted";
    }
};

std::string cluster_id(Broker& broker) {
    const Handle client = make_client(RD_KAFKA_PRODUCER, broker.bootstrap(), {});
    char* id = rd_kafka_clusterid(client.get(), 10 * kSeconds);
    std::string out = id == nullptr ? "" : id;
    if (id != nullptr) rd_kafka_mem_free(client.get(), id);
    return out;
}

/// The values at the offsets that were acknowledged must be those that were sent.
void expect_acknowledged(Broker& broker, const std::string& topic,
                         const std::vector<Report>& reports) {
    std::map<std::int64_t, std::string> read;
    for (const Message& m : read_all(broker, topic, 0)) read[m.offset] = m.value.value_or("");
    std::size_t acknowledged = 0;
    for (std::size_t i = 0; i < reports.size(); ++i) {
        if (reports[i].error != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        ++acknowledged;
        ASSERT_EQ(read[reports[i].offset], "v" + std::to_string(i))
            << "acknowledged at offset " << reports[i].offset;
    }
    EXPECT_GT(acknowledged, 0U);
}

TEST_F(RestartTest, what_was_acknowledged_survives_kill_9_under_load) {
    Broker broker;
    const std::string topic = create_topic(broker, "killed", 1);
    for (int round = 0; round < 3; ++round) {
        Producer producer(broker, {{"acks", "all"},
                                   {"linger.ms", "0"},
                                   {"batch.num.messages", "20"},
                                   {"message.timeout.ms", "60000"},
                                   {"retries", "0"}});
        const std::string own = create_topic(broker, "killed", 1);
        for (int i = 0; i < 400; ++i) {
            producer.send(
                {.topic = own, .key = "k", .value = "v" + std::to_string(i), .partition = 0});
        }
        // Some are acknowledged and some are under way when the broker dies.
        ASSERT_TRUE(eventually([&] {
            rd_kafka_poll(producer.handle(), 10);
            return producer.reports()[50].error == RD_KAFKA_RESP_ERR_NO_ERROR;
        }));
        broker.kill();
        rd_kafka_purge(producer.handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        producer.flush();
        broker.start();
        expect_acknowledged(broker, own, producer.reports());
    }
}

TEST_F(RestartTest, an_idempotent_producer_goes_on_over_kill_9_without_gap_or_duplicate) {
    Broker broker;
    const std::string topic = create_topic(broker, "goes-on", 1);
    Producer producer(broker, {{"enable.idempotence", "true"},
                               {"linger.ms", "0"},
                               {"batch.num.messages", "20"},
                               {"reconnect.backoff.max.ms", "200"}});
    for (int i = 0; i < 1000; ++i) {
        producer.send(
            {.topic = topic, .key = "k", .value = "v" + std::to_string(i), .partition = 0});
        if (i == 500) {
            ASSERT_TRUE(eventually([&] {
                rd_kafka_poll(producer.handle(), 10);
                return producer.reports()[100].error == RD_KAFKA_RESP_ERR_NO_ERROR;
            }));
            broker.kill();
            broker.start();
        }
    }
    ASSERT_TRUE(producer.flush(60));
    const std::vector<Message> read = read_all(broker, topic, 0);
    ASSERT_EQ(read.size(), 1000U);
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].value, "v" + std::to_string(i));
    }
}

TEST_F(RestartTest, topics_settings_offsets_and_ids_survive_a_stop) {
    Broker broker;
    const std::string id = cluster_id(broker);
    const std::string topic =
        create_topic(broker, "kept", 3, {{"max.message.bytes", "20000"}, {"segment.ms", "600000"}});
    Producer producer(broker);
    for (int i = 0; i < 90; ++i) {
        producer.send({.topic = topic, .key = "k", .value = "v", .partition = i % 3});
    }
    ASSERT_TRUE(producer.flush());
    for (int round = 0; round < 2; ++round) {
        ASSERT_EQ(broker.stop(), 0) << broker.log();
        broker.start();
        EXPECT_EQ(cluster_id(broker), id);
        for (std::int32_t p = 0; p < 3; ++p) {
            EXPECT_EQ(watermarks(broker, topic, p), std::pair(std::int64_t{0}, std::int64_t{30}));
            EXPECT_EQ(read_all(broker, topic, p).size(), 30U);
        }
    }
    Producer after(broker);
    const Message large{
        .topic = topic, .key = "k", .value = std::string(30'000, 'x'), .partition = 0};
    EXPECT_EQ(after.send_now(large).error, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    EXPECT_EQ(after.send_now({.topic = topic, .key = "k", .value = "v", .partition = 0}).offset,
              30);
}

TEST_F(RestartTest, sigterm_under_load_ends_the_broker_in_time_and_loses_nothing) {
    Broker broker;
    const std::string topic = create_topic(broker, "stopped", 1);
    Producer producer(broker, {{"acks", "all"}, {"linger.ms", "0"}, {"batch.num.messages", "10"}});
    Consumer waiting(broker, {{"fetch.wait.max.ms", "10000"}});
    waiting.assign(topic, 0, RD_KAFKA_OFFSET_END);
    for (int i = 0; i < 2000; ++i) {
        producer.send(
            {.topic = topic, .key = "k", .value = "v" + std::to_string(i), .partition = 0});
    }
    ASSERT_TRUE(eventually([&] {
        rd_kafka_poll(producer.handle(), 1);
        return producer.reports()[100].error == RD_KAFKA_RESP_ERR_NO_ERROR;
    }));
    const auto asked = std::chrono::steady_clock::now();
    ASSERT_EQ(broker.stop(), 0) << broker.log();
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(5));
    rd_kafka_purge(producer.handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    producer.flush();
    broker.start();
    expect_acknowledged(broker, topic, producer.reports());
}

TEST_F(RestartTest, a_consumer_goes_on_where_it_was_when_the_broker_comes_back) {
    Broker broker;
    const std::string topic = create_topic(broker, "resumes", 1);
    Consumer consumer(broker, {{"reconnect.backoff.max.ms", "200"}});
    consumer.assign(topic, 0, 0);
    for (int round = 0; round < 3; ++round) {
        Producer producer(broker);
        ASSERT_EQ(
            producer.send_now({.topic = topic, .key = "k", .value = "v", .partition = 0}).error,
            RD_KAFKA_RESP_ERR_NO_ERROR);
        const std::vector<Message> read = consumer.read(1);
        ASSERT_EQ(read.size(), 1U);
        EXPECT_EQ(read[0].offset, round);
        broker.kill();
        broker.start();
    }
}

}  // namespace
}  // namespace milena::clients
