// What librdkafka's admin calls see: topics, partitions, settings, records deleted, metadata.
#include "tests/clients/librdkafka/client.h"

namespace milena::clients {
namespace {

using NewTopic = Owner<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using DeleteTopic = Owner<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>;
using NewPartitions = Owner<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>;
using Resource = Owner<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using DeleteRecords = Owner<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>;
using Metadata = Owner<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;

class AdminTest : public testing::Test {
  protected:
    Event answer() { return Event(rd_kafka_queue_poll(queue_.get(), 30 * kSeconds)); }

    static rd_kafka_resp_err_t first_error(const rd_kafka_topic_result_t** results,
                                           std::size_t count) {
        return count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
    }

    rd_kafka_resp_err_t create(const std::string& name, int partitions, int replication,
                               const Settings& settings = {}) {
        char why[512] = "";
        const NewTopic topic(
            rd_kafka_NewTopic_new(name.c_str(), partitions, replication, why, 512));
        EXPECT_NE(topic, nullptr) << why;
        for (const auto& [k, v] : settings) {
            rd_kafka_NewTopic_set_config(topic.get(), k.c_str(), v.c_str());
        }
        rd_kafka_NewTopic_t* topics[] = {topic.get()};
        rd_kafka_CreateTopics(client_.get(), topics, 1, nullptr, queue_.get());
        const Event event = answer();
        std::size_t count = 0;
        const auto** results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event.get()), &count);
        return first_error(results, count);
    }

    rd_kafka_resp_err_t remove(const std::string& name) {
        const DeleteTopic topic(rd_kafka_DeleteTopic_new(name.c_str()));
        rd_kafka_DeleteTopic_t* topics[] = {topic.get()};
        rd_kafka_DeleteTopics(client_.get(), topics, 1, nullptr, queue_.get());
        const Event event = answer();
        std::size_t count = 0;
        const auto** results = rd_kafka_DeleteTopics_result_topics(
            rd_kafka_event_DeleteTopics_result(event.get()), &count);
        return first_error(results, count);
    }

    rd_kafka_resp_err_t grow(const std::string& name, std::size_t to) {
        const NewPartitions wanted(rd_kafka_NewPartitions_new(name.c_str(), to, nullptr, 0));
        rd_kafka_NewPartitions_t* all[] = {wanted.get()};
        rd_kafka_CreatePartitions(client_.get(), all, 1, nullptr, queue_.get());
        const Event event = answer();
        std::size_t count = 0;
        const auto** results = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event.get()), &count);
        return first_error(results, count);
    }

    /// Settings of a resource by name; empty with the error told when it cannot be described.
    std::pair<rd_kafka_resp_err_t, Settings> describe(rd_kafka_ResourceType_t type,
                                                      const std::string& name) {
        const Resource resource(rd_kafka_ConfigResource_new(type, name.c_str()));
        rd_kafka_ConfigResource_t* all[] = {resource.get()};
        rd_kafka_DescribeConfigs(client_.get(), all, 1, nullptr, queue_.get());
        const Event event = answer();
        std::size_t count = 0;
        const auto** results = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event.get()), &count);
        if (count != 1) return {rd_kafka_event_error(event.get()), {}};
        Settings out;
        std::size_t entries = 0;
        const auto** configs = rd_kafka_ConfigResource_configs(results[0], &entries);
        for (std::size_t i = 0; i < entries; ++i) {
            const char* value = rd_kafka_ConfigEntry_value(configs[i]);
            out[rd_kafka_ConfigEntry_name(configs[i])] = value == nullptr ? "<null>" : value;
        }
        return {rd_kafka_ConfigResource_error(results[0]), out};
    }

    rd_kafka_resp_err_t alter(const std::string& topic, const Settings& settings) {
        const Resource resource(
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
        for (const auto& [k, v] : settings) {
            rd_kafka_ConfigResource_set_config(resource.get(), k.c_str(), v.c_str());
        }
        rd_kafka_ConfigResource_t* all[] = {resource.get()};
        rd_kafka_AlterConfigs(client_.get(), all, 1, nullptr, queue_.get());
        const Event event = answer();
        std::size_t count = 0;
        const auto** results = rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(event.get()), &count);
        return count == 1 ? rd_kafka_ConfigResource_error(results[0])
                          : rd_kafka_event_error(event.get());
    }

    /// Deletes records before an offset; the error, and where the log begins then.
    std::pair<rd_kafka_resp_err_t, std::int64_t> delete_before(const std::string& topic,
                                                               std::int64_t offset) {
        const Partitions list(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0)->offset = offset;
        const DeleteRecords wanted(rd_kafka_DeleteRecords_new(list.get()));
        rd_kafka_DeleteRecords_t* all[] = {wanted.get()};
        rd_kafka_DeleteRecords(client_.get(), all, 1, nullptr, queue_.get());
        const Event event = answer();
        const auto* result = rd_kafka_event_DeleteRecords_result(event.get());
        const auto* offsets = rd_kafka_DeleteRecords_result_offsets(result);
        return {offsets->elems[0].err, offsets->elems[0].offset};
    }

    Metadata metadata() {
        const rd_kafka_metadata_t* out = nullptr;
        EXPECT_EQ(rd_kafka_metadata(client_.get(), 1, nullptr, &out, 10 * kSeconds),
                  RD_KAFKA_RESP_ERR_NO_ERROR);
        return Metadata(out);
    }

    /// Partition count of a topic in the metadata; -1 when it is not there.
    int partitions_of(const std::string& topic) {
        const Metadata all = metadata();
        for (int i = 0; i < all->topic_cnt; ++i) {
            if (all->topics[i].topic == topic) return all->topics[i].partition_cnt;
        }
        return -1;
    }

    Broker& broker_ = Broker::shared();
    Handle client_ = make_client(RD_KAFKA_PRODUCER, broker_.bootstrap(), {});
    Queue queue_{rd_kafka_queue_new(client_.get())};
};

TEST_F(AdminTest, a_topic_is_created_listed_grown_and_deleted) {
    const std::string topic = unique("life");
    ASSERT_EQ(create(topic, 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(eventually([&] { return partitions_of(topic) == 2; }));
    EXPECT_EQ(grow(topic, 5), RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(eventually([&] { return partitions_of(topic) == 5; }));
    EXPECT_EQ(remove(topic), RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(eventually([&] { return partitions_of(topic) == -1; }));
    EXPECT_EQ(remove(topic), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    // The name is free again, and the new topic is empty.
    EXPECT_EQ(create(topic, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(eventually([&] { return partitions_of(topic) == 1; }));
}

TEST_F(AdminTest, topics_that_cannot_be_are_refused_with_their_error) {
    const std::string there = create_topic(broker_, "there", 1);
    EXPECT_EQ(create(there, 1, 1), RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
    EXPECT_EQ(create("bad topic!", 1, 1), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    EXPECT_EQ(create(unique("rf"), 1, 9), RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR);
    EXPECT_EQ(create(unique("cfg"), 1, 1, {{"no.such.config", "1"}}),
              RD_KAFKA_RESP_ERR_INVALID_CONFIG);
    EXPECT_EQ(create(unique("cfg"), 1, 1, {{"retention.ms", "soon"}}),
              RD_KAFKA_RESP_ERR_INVALID_CONFIG);
    EXPECT_EQ(grow(there, 1), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS);
    EXPECT_EQ(grow(unique("missing"), 4), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

TEST_F(AdminTest, a_topic_s_settings_are_described_and_altered) {
    const std::string topic = create_topic(broker_, "settings", 1, {{"retention.ms", "3600000"}});
    auto [error, settings] = describe(RD_KAFKA_RESOURCE_TOPIC, topic);
    ASSERT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(settings["retention.ms"], "3600000");
    EXPECT_EQ(settings["cleanup.policy"], "delete");
    EXPECT_EQ(settings["segment.bytes"], "1073741824");
    ASSERT_EQ(alter(topic, {{"max.message.bytes", "5000"}}), RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(eventually([&] {
        Settings now = describe(RD_KAFKA_RESOURCE_TOPIC, topic).second;
        return now["max.message.bytes"] == "5000" && now["retention.ms"] == "604800000";
    }));
    EXPECT_EQ(alter(topic, {{"max.message.bytes", "-5"}}), RD_KAFKA_RESP_ERR_INVALID_CONFIG);
    EXPECT_EQ(describe(RD_KAFKA_RESOURCE_TOPIC, unique("missing")).first,
              RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

TEST_F(AdminTest, a_broker_s_settings_are_described) {
    const std::string node = std::to_string(metadata()->brokers[0].id);
    auto [error, settings] = describe(RD_KAFKA_RESOURCE_BROKER, node);
    ASSERT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(settings["num.partitions"], "1");
    EXPECT_EQ(settings["log.retention.hours"], "168");
    EXPECT_EQ(settings["auto.create.topics.enable"], "true");
}

TEST_F(AdminTest, deleted_records_are_gone) {
    const std::string topic = create_topic(broker_, "deleted", 1);
    Producer producer(broker_);
    for (int i = 0; i < 100; ++i) {
        producer.send({.topic = topic, .key = "k", .value = "v", .partition = 0});
    }
    ASSERT_TRUE(producer.flush());
    EXPECT_EQ(delete_before(topic, 40), std::pair(RD_KAFKA_RESP_ERR_NO_ERROR, std::int64_t{40}));
    EXPECT_EQ(watermarks(broker_, topic, 0), std::pair(std::int64_t{40}, std::int64_t{100}));
    const std::vector<Message> left = read_all(broker_, topic, 0);
    ASSERT_EQ(left.size(), 60U);
    EXPECT_EQ(left[0].offset, 40);
    EXPECT_EQ(delete_before(topic, 101).first, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    EXPECT_EQ(delete_before(topic, RD_KAFKA_OFFSET_END),
              std::pair(RD_KAFKA_RESP_ERR_NO_ERROR, std::int64_t{100}));
    EXPECT_EQ(watermarks(broker_, topic, 0), std::pair(std::int64_t{100}, std::int64_t{100}));
}

TEST_F(AdminTest, the_cluster_names_itself_and_its_broker) {
    char* id = rd_kafka_clusterid(client_.get(), 10 * kSeconds);
    ASSERT_NE(id, nullptr);
    EXPECT_EQ(std::string(id).size(), 22U) << id;
    rd_kafka_mem_free(client_.get(), id);
    EXPECT_GE(rd_kafka_controllerid(client_.get(), 10 * kSeconds), 0);
    const Metadata all = metadata();
    ASSERT_EQ(all->broker_cnt, 1);
    EXPECT_GT(all->brokers[0].port, 0);
}

}  // namespace
}  // namespace milena::clients
