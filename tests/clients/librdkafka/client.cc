#include "tests/clients/librdkafka/client.h"

#include <atomic>
#include <thread>

namespace milena::clients {

namespace {

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto& reports = *static_cast<std::vector<Report>*>(opaque);
    const auto index = reinterpret_cast<std::size_t>(message->_private);
    reports[index] = {message->err, message->partition, message->offset};
}

std::vector<Header> headers_of(const rd_kafka_message_t* message) {
    std::vector<Header> out;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        Header header{.name = name, .value = std::nullopt};
        if (value != nullptr) header.value = std::string(static_cast<const char*>(value), size);
        out.push_back(std::move(header));
    }
    return out;
}

std::optional<std::string> text(const void* data, std::size_t size) {
    if (data == nullptr) return std::nullopt;
    return std::string(static_cast<const char*>(data), size);
}

Message message_of(const rd_kafka_message_t* m) {
    rd_kafka_timestamp_type_t type{};
    Message out{.topic = rd_kafka_topic_name(m->rkt),
                .key = text(m->key, m->key_len),
                .value = text(m->payload, m->len)};
    out.partition = m->partition;
    out.timestamp = rd_kafka_message_timestamp(m, &type);
    out.headers = headers_of(m);
    out.offset = m->offset;
    out.broker_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    return out;
}

}  // namespace

Handle make_client(rd_kafka_type_t type, const std::string& bootstrap, Settings settings) {
    settings.emplace("bootstrap.servers", bootstrap);
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char why[512] = "";
    for (const auto& [name, value] : settings) {
        EXPECT_EQ(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why),
                  RD_KAFKA_CONF_OK)
            << why;
    }
    Handle handle(rd_kafka_new(type, conf, why, sizeof why));
    EXPECT_NE(handle, nullptr) << why;
    return handle;
}

std::string unique(const std::string& tag) {
    static std::atomic<int> count = 0;
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    return tag + "-" + std::to_string(now & 0xffffffffff) + "-" + std::to_string(++count);
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

std::string create_topic(Broker& broker, const std::string& tag, int partitions,
                         const Settings& settings) {
    const std::string name = unique(tag);
    const Handle client = make_client(RD_KAFKA_PRODUCER, broker.bootstrap(), {});
    using NewTopic = Owner<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
    const NewTopic topic(rd_kafka_NewTopic_new(name.c_str(), partitions, 1, nullptr, 0));
    for (const auto& [key, value] : settings) {
        rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
    }
    const Queue queue(rd_kafka_queue_new(client.get()));
    rd_kafka_NewTopic_t* topics[] = {topic.get()};
    rd_kafka_CreateTopics(client.get(), topics, 1, nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), 30 * kSeconds));
    std::size_t count = 0;
    const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event.get()), &count);
    EXPECT_EQ(count, 1U) << rd_kafka_event_error_string(event.get());
    if (count == 1) {
        EXPECT_EQ(rd_kafka_topic_result_error(results[0]), RD_KAFKA_RESP_ERR_NO_ERROR)
            << rd_kafka_topic_result_error_string(results[0]);
    }
    for (std::int32_t p = 0; p < partitions; ++p) {
        std::int64_t low = -1;
        std::int64_t high = -1;
        EXPECT_TRUE(eventually([&] {
            return rd_kafka_query_watermark_offsets(client.get(), name.c_str(), p, &low, &high,
                                                    5 * kSeconds) == RD_KAFKA_RESP_ERR_NO_ERROR;
        })) << name
            << "-" << p << " does not answer";
    }
    return name;
}

Producer::Producer(Broker& broker, const Settings& settings) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char why[512] = "";
    Settings all = settings;
    all.emplace("bootstrap.servers", broker.bootstrap());
    for (const auto& [name, value] : all) {
        EXPECT_EQ(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why),
                  RD_KAFKA_CONF_OK)
            << why;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_conf_set_opaque(conf, &reports_);
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
    EXPECT_NE(handle_, nullptr) << why;
}

std::size_t Producer::send(const Message& m) {
    const std::size_t index = reports_.size();
    reports_.emplace_back();
    rd_kafka_headers_t* headers = rd_kafka_headers_new(m.headers.size());
    for (const Header& h : m.headers) {
        rd_kafka_header_add(headers, h.name.c_str(), -1, h.value ? h.value->data() : nullptr,
                            h.value ? static_cast<ssize_t>(h.value->size()) : 0);
    }
    const void* key = m.key ? m.key->data() : nullptr;
    const std::size_t key_size = m.key ? m.key->size() : 0;
    void* value = m.value ? const_cast<char*>(m.value->data()) : nullptr;
    const std::size_t value_size = m.value ? m.value->size() : 0;
    rd_kafka_resp_err_t error{};
    do {
        error = rd_kafka_producev(
            handle_.get(), RD_KAFKA_V_TOPIC(m.topic.c_str()), RD_KAFKA_V_PARTITION(m.partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(m.timestamp),
            RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_VALUE(value, value_size),
            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(index)),
            RD_KAFKA_V_END);
        // A full queue is waited out; reports are served meanwhile.
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(handle_.get(), 100);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
        reports_[index].error = error;
    }
    rd_kafka_poll(handle_.get(), 0);
    return index;
}

bool Producer::flush(int seconds) {
    return rd_kafka_flush(handle_.get(), seconds * kSeconds) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

Report Producer::send_now(const Message& message) {
    const std::size_t index = send(message);
    EXPECT_TRUE(flush());
    return reports_[index];
}

Consumer::Consumer(Broker& broker, const Settings& settings) {
    Settings all = settings;
    all.emplace("group.id", unique("no-group"));
    all.emplace("enable.auto.commit", "false");
    handle_ = make_client(RD_KAFKA_CONSUMER, broker.bootstrap(), all);
    rd_kafka_poll_set_consumer(handle_.get());
}

void Consumer::assign(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    const Partitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    EXPECT_EQ(rd_kafka_assign(handle_.get(), list.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
}

std::vector<Message> Consumer::read(std::size_t count, int seconds) {
    std::vector<Message> out;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (out.size() < count && std::chrono::steady_clock::now() < end) {
        rd_kafka_message_t* m = rd_kafka_consumer_poll(handle_.get(), 100);
        if (m == nullptr) continue;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            out.push_back(message_of(m));
        } else if (m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            ADD_FAILURE() << rd_kafka_err2name(m->err) << ": " << rd_kafka_message_errstr(m);
        }
        rd_kafka_message_destroy(m);
    }
    return out;
}

rd_kafka_resp_err_t Consumer::next_error(int seconds) {
    rd_kafka_message_t* m = rd_kafka_consumer_poll(handle_.get(), seconds * kSeconds);
    if (m == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_resp_err_t error = m->err;
    rd_kafka_message_destroy(m);
    return error;
}

std::pair<std::int64_t, std::int64_t> watermarks(Broker& broker, const std::string& topic,
                                                 std::int32_t partition) {
    const Handle client = make_client(RD_KAFKA_PRODUCER, broker.bootstrap(), {});
    std::int64_t low = -1;
    std::int64_t high = -1;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        client.get(), topic.c_str(), partition, &low, &high, 15 * kSeconds);
    EXPECT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2name(error);
    return {low, high};
}

std::vector<Message> read_all(Broker& broker, const std::string& topic, std::int32_t partition) {
    const auto [low, high] = watermarks(broker, topic, partition);
    Consumer consumer(broker);
    consumer.assign(topic, partition, RD_KAFKA_OFFSET_BEGINNING);
    return consumer.read(static_cast<std::size_t>(high - low));
}

}  // namespace milena::clients
