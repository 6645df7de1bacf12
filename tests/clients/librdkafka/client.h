// librdkafka for tests: owners for its handles, producers and consumers that fail the test with
// librdkafka's own words.
#pragma once

#include "tests/clients/support/broker.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace milena::clients {

using Settings = std::map<std::string, std::string>;

template <auto function>
struct Deleter {
    template <typename T>
    void operator()(T* handle) const {
        function(handle);
    }
};
template <typename T, auto function>
using Owner = std::unique_ptr<T, Deleter<function>>;

using Partitions = Owner<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using Queue = Owner<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Event = Owner<rd_kafka_event_t, rd_kafka_event_destroy>;
using Handle = Owner<rd_kafka_t, rd_kafka_destroy>;

inline constexpr int kSeconds = 1000;

struct Header {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const Header&) const = default;
};

/// What is sent, and what is read: offset and partition are the broker's then.
struct Message {
    std::string topic;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::int32_t partition = RD_KAFKA_PARTITION_UA;
    std::int64_t timestamp = 0;  // milliseconds; 0: now
    std::vector<Header> headers = {};
    std::int64_t offset = -1;
    bool broker_time = false;  // read: the timestamp is when the broker appended it
};

/// What became of a message that was sent.
struct Report {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    std::int32_t partition = -1;
    std::int64_t offset = -1;
};

Handle make_client(rd_kafka_type_t type, const std::string& bootstrap, Settings settings);
/// A topic name that no other test has; `tag` stays readable in it.
std::string unique(const std::string& tag);
/// Creates a topic and waits until each of its partitions answers offset queries.
std::string create_topic(Broker& broker, const std::string& tag, int partitions,
                         const Settings& settings = {});
/// Calls `condition` until it is true; false when it was not within the time.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds limit = std::chrono::seconds(30));

class Producer {
  public:
    explicit Producer(Broker& broker, const Settings& settings = {});

    /// Queues a message; its report stands under the index returned once flush() is done.
    std::size_t send(const Message& message);
    /// Waits until all reports are there; false when some are not after `seconds`.
    bool flush(int seconds = 30);
    /// Sends one message and waits for its report.
    Report send_now(const Message& message);
    const std::vector<Report>& reports() const { return reports_; }
    rd_kafka_t* handle() const { return handle_.get(); }

  private:
    std::vector<Report> reports_;
    Handle handle_;  // last: its end calls back into reports_
};

class Consumer {
  public:
    explicit Consumer(Broker& broker, const Settings& settings = {});

    void assign(const std::string& topic, std::int32_t partition, std::int64_t offset);
    /// The next `count` messages, fewer when they do not come within `seconds`.
    std::vector<Message> read(std::size_t count, int seconds = 30);
    /// The first error event within `seconds`; NO_ERROR when a message or nothing comes.
    rd_kafka_resp_err_t next_error(int seconds = 10);
    rd_kafka_t* handle() const { return handle_.get(); }

  private:
    Handle handle_;
};

/// Beginning and end of a partition.
std::pair<std::int64_t, std::int64_t> watermarks(Broker& broker, const std::string& topic,
                                                 std::int32_t partition);
/// All of a partition from its beginning to its present end.
std::vector<Message> read_all(Broker& broker, const std::string& topic, std::int32_t partition);

}  // namespace milena::clients
