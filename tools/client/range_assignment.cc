#include "tools/client/range_assignment.h"

#include "protocol/base/assert.h"
#include "protocol/msg/records/consumer_protocol_assignment.h"
#include "protocol/msg/records/consumer_protocol_subscription.h"
#include "protocol/wire/versioned.h"

#include <algorithm>

namespace milena::client {
namespace {

// Every member of Kafka 2.4 and newer reads it.
constexpr ApiVersion kVersion{1};

// Static members first, by instance id; then the others by member id.
bool comes_first(const Subscriber& a, const Subscriber& b) {
    if (a.instance_id && b.instance_id) return *a.instance_id < *b.instance_id;
    if (a.instance_id || b.instance_id) return a.instance_id.has_value();
    return a.member_id < b.member_id;
}

}  // namespace

std::map<std::string, TopicPartitions> assign_ranges(std::vector<Subscriber> subscribers,
                                                     const PartitionCounts& counts) {
    std::ranges::sort(subscribers, comes_first);
    std::map<std::string, std::vector<const Subscriber*>> by_topic;
    std::map<std::string, TopicPartitions> assignment;
    for (const auto& subscriber : subscribers) {
        assignment[subscriber.member_id];
        for (const auto& topic : subscriber.topics) by_topic[topic].push_back(&subscriber);
    }
    for (const auto& [topic, readers] : by_topic) {
        const auto found = counts.find(topic);
        if (found == counts.end()) continue;
        const auto each = found->second / static_cast<std::int32_t>(readers.size());
        auto more = found->second % static_cast<std::int32_t>(readers.size());
        std::int32_t next = 0;
        for (const auto* reader : readers) {
            const auto end = next + each + (more-- > 0 ? 1 : 0);
            if (next == end) continue;
            auto& partitions = assignment[reader->member_id][topic];
            for (; next < end; ++next) partitions.emplace_back(next);
        }
    }
    return assignment;
}

std::vector<std::uint8_t> subscription_bytes(const std::vector<std::string>& topics) {
    std::vector<std::string_view> names(topics.begin(), topics.end());
    msg::ConsumerProtocolSubscription subscription;
    subscription.topics = Array<std::string_view>(names);
    std::vector<std::uint8_t> bytes;
    const auto status = append_versioned(subscription, kVersion, bytes);
    MILENA_ASSERT(status.has_value());
    return bytes;
}

Result<std::vector<std::string>> subscribed_topics(ByteView subscription) {
    Arena arena;
    MILENA_ASSIGN(const auto parsed, decode_versioned<msg::ConsumerProtocolSubscription>(
                                         subscription, arena, NewerVersion::kReadAsNewestKnown));
    return std::vector<std::string>(parsed.topics.begin(), parsed.topics.end());
}

std::vector<std::uint8_t> assignment_bytes(const TopicPartitions& assignment) {
    using Message = msg::ConsumerProtocolAssignment;
    auto partitions = assignment;
    std::vector<Message::TopicPartition> topics;
    for (auto& [name, indexes] : partitions) {
        auto& topic = topics.emplace_back();
        topic.topic = name;
        topic.partitions = Array<PartitionIndex>(indexes);
    }
    Message message;
    message.assigned_partitions = Array<Message::TopicPartition>(topics);
    std::vector<std::uint8_t> bytes;
    const auto status = append_versioned(message, kVersion, bytes);
    MILENA_ASSERT(status.has_value());
    return bytes;
}

Result<TopicPartitions> assigned_partitions(ByteView assignment) {
    TopicPartitions found;
    if (assignment.empty()) return found;
    Arena arena;
    MILENA_ASSIGN(const auto parsed, decode_versioned<msg::ConsumerProtocolAssignment>(
                                         assignment, arena, NewerVersion::kReadAsNewestKnown));
    for (const auto& topic : parsed.assigned_partitions) {
        auto& partitions = found[std::string(topic.topic)];
        partitions.assign(topic.partitions.begin(), topic.partitions.end());
        std::ranges::sort(partitions);
    }
    return found;
}

}  // namespace milena::client
