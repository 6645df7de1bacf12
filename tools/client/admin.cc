#include "tools/client/admin.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::client {
namespace {

constexpr std::int8_t kTopicResource = 2;
constexpr std::int32_t kClusterDefault = -1;

Error broker_error(ErrorCode code, const NullableString& message, std::string_view what) {
    if (message.has_value() && !(*message).empty()) return {code, std::string(*message)};
    return {code, fmt::format("{}: {}", what, error_name(code))};
}

// The first result's failure, if any.
template <class Results>
Status first_failure(const Results& results) {
    for (const auto& result : results) {
        if (result.error_code == ErrorCode::NONE) continue;
        std::string_view name;
        if constexpr (requires { result.name.value_or_empty(); }) {
            name = result.name.value_or_empty();
        } else {
            name = result.name;
        }
        return std::unexpected(
            broker_error(result.error_code, result.error_message, fmt::format("topic '{}'", name)));
    }
    return {};
}

// Sends until the answer's own error does not pass by waiting. `status` looks into the answer.
template <class Request, class CheckAnswer>
Result<ReplyTo<Request>> call_checked(Cluster& cluster, const Request& request,
                                      CheckAnswer status) {
    const auto deadline = cluster.operation_deadline();
    while (true) {
        MILENA_ASSIGN(auto reply, cluster.call(request));
        const Status outcome = status(reply->message);
        if (outcome) return reply;
        const auto code = outcome.error().code;
        // A missing topic or a quota does not heal while an operator waits.
        const bool final_answer = code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION ||
                                  code == ErrorCode::UNKNOWN_TOPIC_ID ||
                                  code == ErrorCode::THROTTLING_QUOTA_EXCEEDED;
        if (final_answer || !cluster.try_again(outcome.error(), deadline)) {
            return std::unexpected(outcome.error());
        }
    }
}

std::vector<BrokerId> to_brokers(std::span<const std::int32_t> ids) {
    std::vector<BrokerId> brokers;
    for (const auto id : ids) brokers.emplace_back(id);
    return brokers;
}

std::vector<BrokerId> to_vector(const Array<BrokerId>& ids) {
    return {ids.begin(), ids.end()};
}

std::optional<std::vector<BrokerId>> to_optional(const Array<BrokerId>& ids) {
    if (ids.is_null()) return std::nullopt;
    return to_vector(ids);
}

}  // namespace

Result<CreatedTopic> create_topic(Cluster& cluster, const NewTopic& topic) {
    using Request = msg::CreateTopicsRequest;
    Request::CreatableTopic wanted;
    wanted.name = topic.name;
    wanted.num_partitions = topic.partitions.value_or(kClusterDefault);
    wanted.replication_factor =
        topic.replication_factor.value_or(static_cast<std::int16_t>(kClusterDefault));
    std::vector<std::vector<BrokerId>> brokers;
    std::vector<Request::CreatableReplicaAssignment> assignments;
    for (const auto& ids : topic.assignment) brokers.push_back(to_brokers(ids));
    for (std::size_t i = 0; i < brokers.size(); ++i) {
        assignments.push_back(
            {PartitionIndex(static_cast<std::int32_t>(i)), Array<BrokerId>(brokers[i])});
    }
    if (!assignments.empty()) {
        wanted.num_partitions = kClusterDefault;
        wanted.replication_factor = static_cast<std::int16_t>(kClusterDefault);
    }
    wanted.assignments = Array<Request::CreatableReplicaAssignment>(assignments);
    std::vector<Request::CreatableTopicConfig> configs;
    for (const auto& [name, value] : topic.configs) configs.push_back({name, value});
    wanted.configs = Array<Request::CreatableTopicConfig>(configs);
    Request request;
    request.topics = Array<Request::CreatableTopic>(&wanted, 1);
    request.timeout_ms = cluster.settings().request_timeout;
    MILENA_ASSIGN(const auto reply, call_checked(cluster, request, [](const auto& message) {
                      return first_failure(message.topics);
                  }));
    CreatedTopic created;
    for (const auto& result : reply->message.topics) {
        created.id = result.topic_id;
        created.partitions = result.num_partitions;
        created.replication_factor = result.replication_factor;
    }
    return created;
}

Status grow_topic(Cluster& cluster, const std::string& name, std::int32_t count,
                  const Assignment& assignment) {
    using Request = msg::CreatePartitionsRequest;
    Request::CreatePartitionsTopic wanted;
    wanted.name = name;
    wanted.count = count;
    std::vector<std::vector<BrokerId>> brokers;
    std::vector<Request::CreatePartitionsAssignment> assignments;
    for (const auto& ids : assignment) brokers.push_back(to_brokers(ids));
    for (auto& ids : brokers) assignments.push_back({Array<BrokerId>(ids)});
    wanted.assignments = assignments.empty()
                             ? Array<Request::CreatePartitionsAssignment>::null()
                             : Array<Request::CreatePartitionsAssignment>(assignments);
    Request request;
    request.topics = Array<Request::CreatePartitionsTopic>(&wanted, 1);
    request.timeout_ms = cluster.settings().request_timeout;
    MILENA_TRY(call_checked(cluster, request,
                            [](const auto& message) { return first_failure(message.results); }));
    return {};
}

Status delete_topics(Cluster& cluster, std::span<const std::string> names) {
    using Request = msg::DeleteTopicsRequest;
    std::vector<Request::DeleteTopicState> topics;
    std::vector<std::string_view> old_style;  // versions before 6
    for (const auto& name : names) {
        topics.push_back({name, TopicId()});
        old_style.push_back(name);
    }
    Request request;
    request.topics = Array<Request::DeleteTopicState>(topics);
    request.topic_names = Array<std::string_view>(old_style);
    request.timeout_ms = cluster.settings().request_timeout;
    MILENA_TRY(call_checked(cluster, request,
                            [](const auto& message) { return first_failure(message.responses); }));
    return {};
}

namespace {

Result<std::vector<TopicDescription>> describe_by_metadata(Cluster& cluster,
                                                           std::span<const std::string> names) {
    MILENA_ASSIGN(const auto topics, cluster.topics(names, false));
    std::vector<TopicDescription> descriptions;
    for (const auto& topic : topics) {
        if (topic.error != ErrorCode::NONE) {
            return fail(topic.error,
                        fmt::format("topic '{}': {}", topic.name, error_name(topic.error)));
        }
        TopicDescription description{topic.name, topic.id, topic.internal, {}};
        for (const auto& partition : topic.partitions) {
            PartitionDescription p;
            p.index = partition.index;
            p.leader = partition.leader;
            p.replicas = partition.replicas;
            p.in_sync = partition.in_sync;
            description.partitions.push_back(std::move(p));
        }
        descriptions.push_back(std::move(description));
    }
    return descriptions;
}

PartitionDescription to_description(
    const msg::DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition& from) {
    PartitionDescription p;
    p.index = from.partition_index;
    p.leader = from.leader_id;
    p.replicas = to_vector(from.replica_nodes);
    p.in_sync = to_vector(from.isr_nodes);
    p.offline = to_vector(from.offline_replicas);
    p.eligible_leaders = to_optional(from.eligible_leader_replicas);
    p.last_known_eligible = to_optional(from.last_known_elr);
    return p;
}

// Adds one page to what is there; a topic may go on from the page before.
void add_page(std::map<std::string, TopicDescription, std::less<>>& into,
              const msg::DescribeTopicPartitionsResponse& page) {
    for (const auto& topic : page.topics) {
        const auto name = topic.name.value_or_empty();
        auto& description = into[std::string(name)];
        description.name = name;
        description.id = topic.topic_id;
        description.internal = topic.is_internal;
        for (const auto& partition : topic.partitions) {
            description.partitions.push_back(to_description(partition));
        }
    }
}

Result<std::vector<TopicDescription>> describe_by_pages(Cluster& cluster,
                                                        std::span<const std::string> names,
                                                        std::int32_t page) {
    using Request = msg::DescribeTopicPartitionsRequest;
    // The broker wants the names sorted and goes on behind the cursor.
    std::vector<std::string> sorted(names.begin(), names.end());
    std::ranges::sort(sorted);
    std::vector<Request::TopicRequest> wanted;
    for (const auto& name : sorted) wanted.push_back({name});
    Request request;
    request.topics = Array<Request::TopicRequest>(wanted);
    request.response_partition_limit = page;

    std::map<std::string, TopicDescription, std::less<>> found;
    std::string cursor_topic;
    while (true) {
        MILENA_ASSIGN(const auto reply, call_checked(cluster, request, [](const auto& message) {
                          for (const auto& topic : message.topics) {
                              if (topic.error_code == ErrorCode::NONE) continue;
                              return Status(std::unexpected(broker_error(
                                  topic.error_code, NullableString(),
                                  fmt::format("topic '{}'", topic.name.value_or_empty()))));
                          }
                          return Status();
                      }));
        add_page(found, reply->message);
        const auto& next = reply->message.next_cursor;
        if (!next) break;
        cursor_topic = next->topic_name;
        request.cursor = Request::Cursor{cursor_topic, next->partition_index};
    }
    std::vector<TopicDescription> descriptions;
    for (const auto& name : names) {
        const auto at = found.find(name);
        if (at != found.end()) descriptions.push_back(std::move(at->second));
    }
    return descriptions;
}

}  // namespace

Result<std::vector<TopicDescription>> describe_topics(Cluster& cluster,
                                                      std::span<const std::string> names,
                                                      std::int32_t page) {
    if (names.empty()) return std::vector<TopicDescription>{};
    MILENA_ASSIGN(const Connection* connection, cluster.any_broker());
    return connection->speaks(ApiKey::DescribeTopicPartitions)
               ? describe_by_pages(cluster, names, page)
               : describe_by_metadata(cluster, names);
}

Result<std::map<std::string, std::vector<ConfigEntry>>> topic_configs(
    Cluster& cluster, std::span<const std::string> names) {
    using Request = msg::DescribeConfigsRequest;
    std::vector<Request::DescribeConfigsResource> resources;
    for (const auto& name : names) {
        Request::DescribeConfigsResource resource;
        resource.resource_type = kTopicResource;
        resource.resource_name = name;
        resource.configuration_keys = Array<std::string_view>::null();
        resources.push_back(resource);
    }
    Request request;
    request.resources = Array<Request::DescribeConfigsResource>(resources);
    MILENA_ASSIGN(const auto reply, call_checked(cluster, request, [](const auto& message) {
                      for (const auto& result : message.results) {
                          if (result.error_code == ErrorCode::NONE) continue;
                          return Status(std::unexpected(broker_error(
                              result.error_code, result.error_message,
                              fmt::format("the settings of topic '{}'", result.resource_name))));
                      }
                      return Status();
                  }));
    std::map<std::string, std::vector<ConfigEntry>> all;
    for (const auto& result : reply->message.results) {
        auto& entries = all[std::string(result.resource_name)];
        for (const auto& config : result.configs) {
            ConfigEntry entry;
            entry.name = config.name;
            if (config.value.has_value()) entry.value = std::string(*config.value);
            entry.source = static_cast<ConfigSource>(config.config_source);
            entry.read_only = config.read_only;
            entry.sensitive = config.is_sensitive;
            entries.push_back(std::move(entry));
        }
    }
    return all;
}

Status alter_topic_configs(Cluster& cluster, const std::string& topic,
                           std::span<const ConfigChange> changes) {
    using Request = msg::IncrementalAlterConfigsRequest;
    std::vector<Request::AlterableConfig> configs;
    for (const auto& change : changes) {
        Request::AlterableConfig config;
        config.name = change.name;
        config.config_operation = static_cast<std::int8_t>(change.operation);
        if (change.operation != ConfigOperation::unset) config.value = change.value;
        configs.push_back(config);
    }
    Request::AlterConfigsResource resource;
    resource.resource_type = kTopicResource;
    resource.resource_name = topic;
    resource.configs = Array<Request::AlterableConfig>(configs);
    Request request;
    request.resources = Array<Request::AlterConfigsResource>(&resource, 1);
    MILENA_TRY(call_checked(cluster, request, [&](const auto& message) {
        for (const auto& response : message.responses) {
            if (response.error_code == ErrorCode::NONE) continue;
            return Status(std::unexpected(broker_error(response.error_code, response.error_message,
                                                       fmt::format("topic '{}'", topic))));
        }
        return Status();
    }));
    return {};
}

Result<Reassignments> reassignments(Cluster& cluster) {
    using Request = msg::ListPartitionReassignmentsRequest;
    MILENA_ASSIGN(const Connection* connection, cluster.any_broker());
    if (!connection->speaks(ApiKey::ListPartitionReassignments)) return Reassignments{};
    Request request;
    request.topics = Array<Request::ListPartitionReassignmentsTopics>::null();
    MILENA_ASSIGN(const auto reply, cluster.call(request));
    const auto& message = reply->message;
    if (message.error_code == ErrorCode::CLUSTER_AUTHORIZATION_FAILED) return Reassignments{};
    if (message.error_code != ErrorCode::NONE) {
        return std::unexpected(
            broker_error(message.error_code, message.error_message, "reassignments"));
    }
    Reassignments all;
    for (const auto& topic : message.topics) {
        for (const auto& partition : topic.partitions) {
            all.emplace(
                std::pair(std::string(topic.name), partition.partition_index),
                Reassignment{to_vector(partition.replicas), to_vector(partition.adding_replicas),
                             to_vector(partition.removing_replicas)});
        }
    }
    return all;
}

Result<std::set<BrokerId>> live_brokers(Cluster& cluster) {
    MILENA_TRY(cluster.topics(std::span<const std::string>(), false));
    std::set<BrokerId> ids;
    for (const auto& [id, endpoint] : cluster.brokers()) ids.insert(id);
    return ids;
}

}  // namespace milena::client
