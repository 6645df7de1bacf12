#include "broker/coordinator/group/consumer/blobs.h"

#include "broker/coordinator/group/consumer/state.h"
#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/msg/records/consumer_protocol_assignment.h"
#include "protocol/msg/records/consumer_protocol_subscription.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/versioned.h"

#include <algorithm>

namespace milena::coordinator::group::consumer {

namespace {

template <class Element>
PartitionSet with_ids(const Array<Element>& topics, const metadata::Image& image) {
    std::vector<TopicIdPartition> items;
    for (const Element& entry : topics) {
        const metadata::TopicImage* topic = image.topic(entry.topic);
        if (!topic) continue;
        for (const PartitionIndex partition : entry.partitions)
            items.push_back({topic->id, partition});
    }
    return PartitionSet(std::move(items));
}

}  // namespace

std::optional<ClassicSubscription> read_subscription(const Blob& bytes,
                                                     const metadata::Image& image) {
    Arena arena;
    const auto message = decode_versioned<msg::ConsumerProtocolSubscription>(
        bytes, arena, NewerVersion::kReadAsNewestKnown, kRequestLimits);
    if (!message) return std::nullopt;
    ClassicSubscription subscription;
    subscription.topics.assign(message->topics.begin(), message->topics.end());
    normalize(subscription.topics);
    subscription.owned = with_ids(message->owned_partitions, image);
    if (message->rack_id.has_value()) subscription.rack = std::string(*message->rack_id);
    subscription.has_user_data = !message->user_data.value_or_empty().empty();
    subscription.version = leading_int16(bytes).value_or(0);
    return subscription;
}

std::optional<PartitionSet> read_assignment(const Blob& bytes, const metadata::Image& image) {
    if (bytes.empty()) return PartitionSet();
    Arena arena;
    const auto message = decode_versioned<msg::ConsumerProtocolAssignment>(
        bytes, arena, NewerVersion::kReadAsNewestKnown, kRequestLimits);
    if (!message) return std::nullopt;
    return with_ids(message->assigned_partitions, image);
}

Blob write_assignment(const PartitionSet& partitions, std::int16_t version,
                      const metadata::Image& image) {
    using Message = msg::ConsumerProtocolAssignment;
    Arena arena;
    std::vector<Message::TopicPartition> topics;
    partitions.for_each_topic([&](TopicId id, auto items) {
        const metadata::TopicImage* topic = image.topic(id);
        if (!topic) return;
        auto& entry = topics.emplace_back();
        entry.topic = topic->name;
        entry.partitions = Array<PartitionIndex>::make(arena, items.size());
        for (std::size_t i = 0; i < items.size(); ++i) entry.partitions[i] = items[i].partition;
    });
    Message message;
    message.assigned_partitions = Array<Message::TopicPartition>(topics);
    Blob bytes;
    const auto known = std::clamp(version, Message::kMinVersion, Message::kMaxVersion);
    MILENA_ASSERT(append_versioned(message, ApiVersion{known}, bytes));
    return bytes;
}

}  // namespace milena::coordinator::group::consumer
