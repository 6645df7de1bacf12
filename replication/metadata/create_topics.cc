// CreateTopics. Order of checks as Kafka's (metadata/.../ReplicationControlManager.java, core/.../
// ControllerApis.scala): the request as a whole, then per topic name, existence, settings,
// partitions and replicas. A topic is created whole or not at all; the others are not affected.
#include "protocol/msg/records/config_record.h"
#include "protocol/msg/records/topic_record.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/topic_names.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace milena::metadata {
namespace {

using Topic = CreateTopics::Topic;
using TopicReply = CreateTopics::Reply::Topic;

// A topic that passed every check.
struct Plan {
    ConfigMap settings;
    std::vector<Replicas> partitions;
    std::int16_t replication_factor = 0;
};

Status check_name(const Image& image, const std::string& name) {
    MILENA_TRY(check_topic_name(name));
    if (image.topic(name)) {
        return fail(ErrorCode::TOPIC_ALREADY_EXISTS, "Topic '" + name + "' already exists.");
    }
    if (!may_collide(name)) return {};
    const NameGroup* group = image.name_groups.find(folded_name(name));
    if (!group) return {};
    return fail(ErrorCode::INVALID_TOPIC_EXCEPTION,
                "topic name '" + name + "' collides with topic '" + group->names.front() +
                    "': '.' and '_' are the same in metric names");
}

Result<ConfigMap> plan_settings(const DecideContext& context, const Topic& topic) {
    ConfigMap settings;
    for (const auto& [name, value] : topic.settings) {
        if (!value) {
            return fail(ErrorCode::INVALID_CONFIG,
                        "topic setting '" + name + "' has no value; leave it out instead");
        }
        settings.insert_or_assign(name, *value);
    }
    if (!settings.empty()) {
        MILENA_TRY(context.rules.validate({ResourceType::topic, topic.name}, settings));
    }
    return settings;
}

Result<std::vector<Replicas>> plan_manual(const Image& image, const Topic& topic) {
    if (topic.replication_factor != -1 || topic.partitions != -1) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "replicas are given for topic '" + topic.name +
                        "', so number of partitions and replication factor must both be -1");
    }
    std::vector<Replicas> partitions(topic.assignments.size());
    std::set<PartitionIndex> seen;
    for (const auto& assignment : topic.assignments) {
        const auto factor = topic.assignments.front().brokers.size();
        MILENA_TRY(check_new_replicas(image, assignment.brokers, factor, assignment.index));
        if (!seen.insert(assignment.index).second) {
            return fail(ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                        "partition " + std::to_string(assignment.index.value()) +
                            " is assigned more than once");
        }
    }
    for (const auto& assignment : topic.assignments) {
        const auto i = static_cast<std::size_t>(assignment.index.value());
        if (assignment.index.value() < 0 || i >= partitions.size()) {
            return fail(ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                        "the assigned partitions do not run from 0 to " +
                            std::to_string(partitions.size() - 1) + " without a gap");
        }
        partitions[i] = assignment.brokers;
    }
    return partitions;
}

Result<std::vector<Replicas>> plan_automatic(const DecideContext& context, const Topic& topic) {
    if (topic.replication_factor < -1 || topic.replication_factor == 0) {
        return fail(ErrorCode::INVALID_REPLICATION_FACTOR,
                    "replication factor " + std::to_string(topic.replication_factor) +
                        " for topic '" + topic.name +
                        "' is not possible; give 1 or more, or -1 for the default");
    }
    if (topic.partitions < -1 || topic.partitions == 0) {
        return fail(ErrorCode::INVALID_PARTITIONS,
                    std::to_string(topic.partitions) + " partitions for topic '" + topic.name +
                        "' are not possible; give 1 or more, or -1 for the default");
    }
    return place_new_partitions(
        context, topic.partitions == -1 ? context.options.num_partitions : topic.partitions,
        topic.replication_factor == -1 ? context.options.default_replication_factor
                                       : topic.replication_factor);
}

Result<Plan> plan_topic(const DecideContext& context, const Topic& topic) {
    Plan plan;
    MILENA_TRY(check_name(context.image, topic.name));
    MILENA_ASSIGN(plan.settings, plan_settings(context, topic));
    MILENA_ASSIGN(plan.partitions, topic.assignments.empty() ? plan_automatic(context, topic)
                                                             : plan_manual(context.image, topic));
    plan.replication_factor = static_cast<std::int16_t>(plan.partitions.front().size());
    return plan;
}

void add_topic(RecordList& records, const Image& image, const std::string& name, TopicId id,
               const Plan& plan) {
    msg::TopicRecord topic;
    topic.name = name;
    topic.topic_id = id;
    add_record(records, topic, ApiVersion(0));
    for (const auto& [setting, value] : plan.settings) {
        msg::ConfigRecord config;
        config.resource_type = static_cast<std::int8_t>(ResourceType::topic);
        config.resource_name = name;
        config.name = setting;
        config.value = value;
        add_record(records, config, ApiVersion(0));
    }
    for (std::size_t i = 0; i < plan.partitions.size(); ++i) {
        add_new_partition(records, image, id, PartitionIndex(static_cast<std::int32_t>(i)),
                          plan.partitions[i]);
    }
}

Status check_partition_count(const DecideContext& context,
                             const std::vector<const Topic*>& topics) {
    std::int64_t total = 0;
    for (const Topic* topic : topics) {
        if (!topic->assignments.empty()) {
            total += static_cast<std::int64_t>(topic->assignments.size());
        } else {
            total += topic->partitions == -1 ? context.options.num_partitions
                                             : std::max(topic->partitions, 0);
        }
    }
    if (total <= kMaxPartitionsPerRequest) return {};
    return fail(ErrorCode::POLICY_VIOLATION,
                "the request asks for " + std::to_string(total) + " partitions; at most " +
                    std::to_string(kMaxPartitionsPerRequest) + " may be created at once");
}

TopicReply refused(const std::string& name, Error error) {
    TopicReply reply;
    reply.name = name;
    reply.error = std::move(error);
    return reply;
}

TopicReply create_topic(const DecideContext& context, const Topic& topic, RecordList& records) {
    auto plan = plan_topic(context, topic);
    if (!plan) return refused(topic.name, std::move(plan).error());
    TopicId id;
    do {
        id = TopicId(context.random.uuid());
    } while (context.image.topic(id));
    add_topic(records, context.image, topic.name, id, *plan);
    return {topic.name, id, success(), static_cast<std::int32_t>(plan->partitions.size()),
            plan->replication_factor};
}

}  // namespace

Decision decide(const CreateTopics& request, const DecideContext& context) {
    std::set<std::string_view> seen;
    std::set<std::string_view> twice;
    for (const auto& topic : request.topics) {
        if (!seen.insert(topic.name).second) twice.insert(topic.name);
    }
    // Refused whatever else the request holds; answered last, as Kafka does.
    std::vector<TopicReply> impossible;
    std::vector<const Topic*> topics;
    for (const auto name : twice) {
        impossible.push_back(
            refused(std::string(name),
                    {ErrorCode::INVALID_REQUEST,
                     "topic '" + std::string(name) + "' stands more than once in the request"}));
    }
    for (const auto& topic : request.topics) {
        if (twice.contains(topic.name)) continue;
        if (topic.name == kClusterMetadataTopic) {
            impossible.push_back(refused(topic.name, {ErrorCode::INVALID_REQUEST,
                                                      "'" + topic.name +
                                                          "' is the log of the cluster's metadata "
                                                          "and cannot be created as a topic"}));
        } else {
            topics.push_back(&topic);
        }
    }

    CreateTopics::Reply reply;
    RecordList records;
    Status whole = check_partition_count(context, topics);
    for (const Topic* topic : topics) {
        if (!whole) break;
        reply.topics.push_back(create_topic(context, *topic, records));
        whole = check_size(records);
    }
    if (!whole) {
        records = {};
        reply.topics.clear();
        for (const Topic* topic : topics) {
            reply.topics.push_back(refused(topic->name, whole.error()));
        }
    }
    std::move(impossible.begin(), impossible.end(), std::back_inserter(reply.topics));
    if (request.validate_only) records = {};
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
