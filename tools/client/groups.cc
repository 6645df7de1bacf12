#include "tools/client/groups.h"

#include "protocol/msg/records/consumer_protocol_assignment.h"
#include "protocol/wire/versioned.h"
#include "tools/client/group_calls.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace milena::client {
namespace {

constexpr ApiVersion kStateFilter{4};
constexpr ApiVersion kTypeFilter{5};

std::optional<std::string> owned(const NullableString& text) {
    return text.is_null() ? std::nullopt : std::optional(std::string(*text));
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

// "consumer" is shown as "Consumer".
std::string capitalised(std::string_view word) {
    std::string out(word);
    if (!out.empty()) {
        out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    }
    return out;
}

// What the assignment of a classic consumer says; empty for other kinds of groups.
TopicPartitions classic_assignment(ByteView bytes) {
    TopicPartitions found;
    Arena arena;
    auto parsed = decode_versioned<msg::ConsumerProtocolAssignment>(
        bytes, arena, NewerVersion::kReadAsNewestKnown);
    if (!parsed) return found;
    for (const auto& topic : parsed->assigned_partitions) {
        auto& partitions = found[std::string(topic.topic)];
        partitions.assign(topic.partitions.begin(), topic.partitions.end());
        std::ranges::sort(partitions);
    }
    return found;
}

template <class Assignment>
TopicPartitions consumer_assignment(const Assignment& from) {
    TopicPartitions found;
    for (const auto& topic : from.topic_partitions) {
        auto& partitions = found[std::string(topic.topic_name)];
        partitions.assign(topic.partitions.begin(), topic.partitions.end());
        std::ranges::sort(partitions);
    }
    return found;
}

Status list_on(Cluster& cluster, BrokerId id, const std::vector<std::string>& states,
               const std::vector<std::string>& types, std::vector<GroupListing>& found) {
    MILENA_ASSIGN(Connection* const connection, cluster.broker(id));
    MILENA_ASSIGN(const auto version,
                  connection->version_of(ApiKey::ListGroups, msg::ListGroupsRequest::kMaxVersion));
    auto state_views = views(states);
    auto type_views = views(types);
    msg::ListGroupsRequest request;
    if (version >= kStateFilter) request.states_filter = Array<std::string_view>(state_views);
    if (version >= kTypeFilter) request.types_filter = Array<std::string_view>(type_views);
    const auto deadline = cluster.operation_deadline();
    while (true) {
        const auto reply = connection->call(request, cluster.request_deadline());
        if (!reply) {
            cluster.forget(connection);
            return std::unexpected(reply.error());
        }
        const auto code = (*reply)->message.error_code;
        if (code != ErrorCode::NONE) {
            if (coordinator_may_come(cluster, code, deadline)) continue;
            return fail(code, fmt::format("broker {} cannot list its groups: {}", id.value(),
                                          error_name(code)));
        }
        for (const auto& group : (*reply)->message.groups) {
            found.push_back({std::string(group.group_id), std::string(group.protocol_type),
                             std::string(group.group_state), capitalised(group.group_type)});
        }
        return {};
    }
}

Result<GroupDescription> describe_classic(Cluster& cluster, const std::string& group) {
    std::string_view name = group;
    msg::DescribeGroupsRequest request;
    request.groups = Array<std::string_view>(&name, 1);
    MILENA_ASSIGN(const auto reply,
                  ask_coordinator<msg::DescribeGroupsRequest>(
                      cluster, group, [&](ApiVersion) -> const auto& { return request; },
                      [](const auto& message) {
                          return message.groups.empty() ? ErrorCode::GROUP_ID_NOT_FOUND
                                                        : message.groups[0].error_code;
                      }));
    const auto& from = reply->message.groups[0];
    GroupDescription description;
    description.id = group;
    description.type = "Classic";
    description.state = from.group_state;
    description.assignor = from.protocol_data;
    for (const auto& member : from.members) {
        auto& out = description.members.emplace_back();
        out.id = member.member_id;
        out.instance_id = owned(member.group_instance_id);
        out.client_id = member.client_id;
        out.host = member.client_host;
        out.assignment = classic_assignment(member.member_assignment);
    }
    if (description.state == "Dead")
        return std::unexpected(group_error(group, ErrorCode::GROUP_ID_NOT_FOUND));
    return description;
}

Result<GroupDescription> describe_consumer(Cluster& cluster, const std::string& group) {
    std::string_view name = group;
    msg::ConsumerGroupDescribeRequest request;
    request.group_ids = Array<std::string_view>(&name, 1);
    MILENA_ASSIGN(const auto reply,
                  ask_coordinator<msg::ConsumerGroupDescribeRequest>(
                      cluster, group, [&](ApiVersion) -> const auto& { return request; },
                      [](const auto& message) {
                          return message.groups.empty() ? ErrorCode::GROUP_ID_NOT_FOUND
                                                        : message.groups[0].error_code;
                      }));
    const auto& from = reply->message.groups[0];
    GroupDescription description;
    description.id = group;
    description.type = "Consumer";
    description.state = from.group_state;
    description.assignor = from.assignor_name;
    description.epoch = from.group_epoch;
    description.target_epoch = from.assignment_epoch;
    for (const auto& member : from.members) {
        auto& out = description.members.emplace_back();
        out.id = member.member_id;
        out.instance_id = owned(member.instance_id);
        out.client_id = member.client_id;
        out.host = member.client_host;
        out.epoch = member.member_epoch;
        out.assignment = consumer_assignment(member.assignment);
        out.target_assignment = consumer_assignment(member.target_assignment);
    }
    return description;
}

// From v10 on topics go by id.
struct TopicIds {
    std::map<std::string, TopicId> by_name;
    std::map<TopicId, std::string> by_id;
};

TopicIds ids_of(const std::vector<TopicInfo>& topics) {
    TopicIds ids;
    for (const auto& topic : topics) {
        if (topic.error != ErrorCode::NONE) continue;
        ids.by_name.emplace(topic.name, topic.id);
        ids.by_id.emplace(topic.id, topic.name);
    }
    return ids;
}

constexpr ApiVersion kRequireStable{7};
constexpr ApiVersion kSeveralGroups{8};

// A transaction that is under way may move a position.
template <class Topics>
ErrorCode first_unstable(const Topics& topics) {
    for (const auto& topic : topics) {
        for (const auto& partition : topic.partitions) {
            if (partition.error_code == ErrorCode::UNSTABLE_OFFSET_COMMIT)
                return partition.error_code;
        }
    }
    return ErrorCode::NONE;
}

template <class Topics, class NameOf>
CommittedOffsets read_offsets(const Topics& topics, NameOf&& name_of) {
    CommittedOffsets found;
    for (const auto& topic : topics) {
        for (const auto& partition : topic.partitions) {
            if (partition.committed_offset < Offset(0)) continue;
            found[{name_of(topic), partition.partition_index}] = {
                partition.committed_offset, partition.committed_leader_epoch,
                std::string(partition.metadata.value_or_empty())};
        }
    }
    return found;
}

}  // namespace

Result<std::vector<GroupListing>> list_groups(Cluster& cluster,
                                              const std::vector<std::string>& states,
                                              const std::vector<std::string>& types) {
    MILENA_TRY(cluster.topics({}, false));
    std::vector<BrokerId> ids;
    for (const auto& [id, endpoint] : cluster.brokers()) ids.push_back(id);
    std::vector<GroupListing> found;
    for (const auto id : ids) MILENA_TRY(list_on(cluster, id, states, types, found));
    return found;
}

Result<GroupDescription> describe_group(Cluster& cluster, const std::string& group) {
    MILENA_ASSIGN(const auto coordinator, find_coordinator(cluster, group));
    auto description = describe_consumer(cluster, group);
    if (!description && (description.error().code == ErrorCode::GROUP_ID_NOT_FOUND ||
                         description.error().code == ErrorCode::UNSUPPORTED_VERSION)) {
        description = describe_classic(cluster, group);
    }
    if (!description) return description;
    description->coordinator = coordinator.id;
    description->coordinator_endpoint = coordinator.endpoint;
    return description;
}

Result<CommittedOffsets> committed_offsets(Cluster& cluster, const std::string& group,
                                           Stability stability) {
    using Request = msg::OffsetFetchRequest;
    MILENA_ASSIGN(const auto topics, cluster.topics(Cluster::AllTopics{}));
    const auto ids = ids_of(topics);
    Request::OffsetFetchRequestGroup asked;
    asked.group_id = group;
    asked.topics = decltype(asked.topics)::null();
    Request request;
    bool several = false;
    MILENA_ASSIGN(const auto reply,
                  ask_coordinator<Request>(
                      cluster, group,
                      [&](ApiVersion version) -> const Request& {
                          several = version >= kSeveralGroups;
                          request = {};
                          request.require_stable =
                              stability == Stability::stable && version >= kRequireStable;
                          if (several) {
                              request.groups = decltype(request.groups)(&asked, 1);
                          } else {
                              request.group_id = group;
                              request.topics = decltype(request.topics)::null();
                          }
                          return request;
                      },
                      [&](const msg::OffsetFetchResponse& message) {
                          if (several && message.groups.empty())
                              return ErrorCode::UNKNOWN_SERVER_ERROR;
                          const auto code =
                              several ? message.groups[0].error_code : message.error_code;
                          if (code != ErrorCode::NONE) return code;
                          return several ? first_unstable(message.groups[0].topics)
                                         : first_unstable(message.topics);
                      }));
    if (!several) {
        return read_offsets(reply->message.topics,
                            [](const auto& topic) { return std::string(topic.name); });
    }
    return read_offsets(reply->message.groups[0].topics, [&](const auto& topic) {
        const auto known = ids.by_id.find(topic.topic_id);
        return topic.name.empty() && known != ids.by_id.end() ? known->second
                                                              : std::string(topic.name);
    });
}

Result<PartitionErrors> commit_offsets(Cluster& cluster, const std::string& group,
                                       const CommittedOffsets& offsets, const MemberClaim& claim) {
    using Request = msg::OffsetCommitRequest;
    std::vector<std::string> names;
    for (const auto& [where, committed] : offsets) {
        if (names.empty() || names.back() != where.first) names.push_back(where.first);
    }
    MILENA_ASSIGN(const auto found, cluster.topics(names, false));
    const auto ids = ids_of(found);
    std::map<std::string, std::vector<Request::OffsetCommitRequestPartition>> by_topic;
    for (const auto& [where, committed] : offsets) {
        Request::OffsetCommitRequestPartition partition;
        partition.partition_index = where.second;
        partition.committed_offset = committed.offset;
        partition.committed_leader_epoch = committed.leader_epoch;
        partition.committed_metadata = committed.metadata;
        by_topic[where.first].push_back(partition);
    }
    std::vector<Request::OffsetCommitRequestTopic> topics;
    for (auto& [name, partitions] : by_topic) {
        auto& topic = topics.emplace_back();
        topic.name = name;
        if (const auto id = ids.by_name.find(name); id != ids.by_name.end()) {
            topic.topic_id = id->second;
        }
        topic.partitions = decltype(topic.partitions)(partitions);
    }
    Request request;
    request.group_id = group;
    request.member_id = claim.member_id;
    request.generation_id_or_member_epoch = claim.generation;
    if (claim.instance_id) request.group_instance_id = *claim.instance_id;
    request.topics = decltype(request.topics)(topics);
    MILENA_ASSIGN(const auto reply,
                  ask_coordinator<Request>(
                      cluster, group, [&](ApiVersion) -> const Request& { return request; },
                      [](const msg::OffsetCommitResponse& message) {
                          // The coordinator itself refuses every partition alike.
                          const bool any =
                              !message.topics.empty() && !message.topics[0].partitions.empty();
                          const auto code =
                              any ? message.topics[0].partitions[0].error_code : ErrorCode::NONE;
                          const bool moved = code == ErrorCode::NOT_COORDINATOR ||
                                             code == ErrorCode::COORDINATOR_NOT_AVAILABLE ||
                                             code == ErrorCode::COORDINATOR_LOAD_IN_PROGRESS;
                          return moved ? code : ErrorCode::NONE;
                      }));
    PartitionErrors errors;
    for (const auto& topic : reply->message.topics) {
        const auto known = ids.by_id.find(topic.topic_id);
        const auto name = topic.name.empty() && known != ids.by_id.end() ? known->second
                                                                         : std::string(topic.name);
        for (const auto& partition : topic.partitions) {
            errors[{name, partition.partition_index}] = partition.error_code;
        }
    }
    return errors;
}

Result<PartitionErrors> delete_offsets(Cluster& cluster, const std::string& group,
                                       const TopicPartitions& partitions) {
    using Request = msg::OffsetDeleteRequest;
    std::vector<std::vector<Request::OffsetDeleteRequestPartition>> lists;
    std::vector<Request::OffsetDeleteRequestTopic> topics;
    lists.reserve(partitions.size());
    for (const auto& [name, indexes] : partitions) {
        auto& list = lists.emplace_back();
        for (const auto index : indexes) list.push_back({index});
        auto& topic = topics.emplace_back();
        topic.name = name;
        topic.partitions = decltype(topic.partitions)(list);
    }
    Request request;
    request.group_id = group;
    request.topics = decltype(request.topics)(topics);
    MILENA_ASSIGN(const auto reply,
                  ask_coordinator<Request>(
                      cluster, group, [&](ApiVersion) -> const Request& { return request; },
                      [](const msg::OffsetDeleteResponse& message) { return message.error_code; }));
    PartitionErrors errors;
    for (const auto& topic : reply->message.topics) {
        for (const auto& partition : topic.partitions) {
            errors[{std::string(topic.name), partition.partition_index}] = partition.error_code;
        }
    }
    return errors;
}

Status delete_group(Cluster& cluster, const std::string& group) {
    std::string_view name = group;
    msg::DeleteGroupsRequest request;
    request.groups_names = Array<std::string_view>(&name, 1);
    MILENA_TRY(ask_coordinator<msg::DeleteGroupsRequest>(
        cluster, group, [&](ApiVersion) -> const auto& { return request; },
        [](const msg::DeleteGroupsResponse& message) {
            return message.results.empty() ? ErrorCode::UNKNOWN_SERVER_ERROR
                                           : message.results[0].error_code;
        }));
    return {};
}

}  // namespace milena::client
