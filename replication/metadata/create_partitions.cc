// CreatePartitions: more partitions for topics that exist (metadata/.../
// ReplicationControlManager.java). Difference from Kafka: a request for more than 10,000 new
// partitions is refused with POLICY_VIOLATION and a reason, where Kafka says UNKNOWN_SERVER_ERROR.
#include "replication/metadata/new_partitions.h"

#include <set>

namespace milena::metadata {
namespace {

using Topic = CreatePartitions::Topic;

Result<std::vector<Replicas>> plan(const DecideContext& context, const Topic& topic,
                                   const TopicImage& found) {
    const auto current = static_cast<std::int32_t>(found.partitions.size());
    const std::string name = "topic '" + topic.name + "'";
    if (topic.count <= current) {
        return fail(ErrorCode::INVALID_PARTITIONS,
                    name + " has " + std::to_string(current) + " partitions already, and " +
                        std::to_string(topic.count) +
                        " are not more; partitions cannot be taken away");
    }
    const std::int32_t added = topic.count - current;
    const auto factor = found.partitions.empty()
                            ? static_cast<std::size_t>(context.options.default_replication_factor)
                            : found.partitions.front()->replicas.size();
    if (added > kMaxPartitionsPerRequest) {
        return fail(ErrorCode::POLICY_VIOLATION,
                    name + " would get " + std::to_string(added) + " partitions more; at most " +
                        std::to_string(kMaxPartitionsPerRequest) + " may be added at once");
    }
    if (!topic.assignments) {
        return place_new_partitions(context, added, static_cast<std::int16_t>(factor));
    }
    if (topic.assignments->size() != static_cast<std::size_t>(added)) {
        return fail(ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                    name + " would get " + std::to_string(added) +
                        " partitions more, but replicas are given for " +
                        std::to_string(topic.assignments->size()));
    }
    std::int32_t index = current;
    for (const auto& replicas : *topic.assignments) {
        MILENA_TRY(check_new_replicas(context.image, replicas, factor, PartitionIndex(index++)));
    }
    return *topic.assignments;
}

Status add_partitions(const DecideContext& context, const Topic& topic, RecordList& records) {
    const TopicImage* found = context.image.topic(topic.name);
    if (!found) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    "there is no topic '" + topic.name + "'");
    }
    MILENA_ASSIGN(const auto replicas, plan(context, topic, *found));
    const std::size_t before = records.size();
    auto index = static_cast<std::int32_t>(found->partitions.size());
    for (const auto& brokers : replicas) {
        add_new_partition(records, context.image, found->id, PartitionIndex(index++), brokers);
    }
    if (auto size = check_size(records); !size) {
        records.truncate(before);
        return size;
    }
    return {};
}

}  // namespace

Decision decide(const CreatePartitions& request, const DecideContext& context) {
    std::set<std::string_view> seen;
    std::set<std::string_view> twice;
    for (const auto& topic : request.topics) {
        if (!seen.insert(topic.name).second) twice.insert(topic.name);
    }
    CreatePartitions::Reply reply;
    RecordList records;
    for (const auto name : twice) {
        reply.topics.push_back(
            {std::string(name),
             {ErrorCode::INVALID_REQUEST,
              "topic '" + std::string(name) + "' stands more than once in the request"}});
    }
    for (const auto& topic : request.topics) {
        if (twice.contains(topic.name)) continue;
        const Status status = add_partitions(context, topic, records);
        reply.topics.push_back({topic.name, status ? success() : status.error()});
    }
    if (request.validate_only) records = {};
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
