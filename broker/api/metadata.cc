// Metadata (3), v0-13. KIP-516 (topic ids), KIP-430 (authorized operations).
// Errors per topic: UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, UNKNOWN_TOPIC_ID,
// INVALID_REQUEST (by id before v12); per partition: LEADER_NOT_AVAILABLE, LISTENER_NOT_FOUND.
// Differences from Kafka: none known. Rules: semantics F1-F6.
#include "protocol/msg/metadata.h"

#include "broker/api/authorized_operations.h"
#include "broker/api/auto_create.h"
#include "broker/api/handler.h"
#include "broker/api/partition_view.h"
#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "replication/metadata/topic_names.h"

#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

namespace milena::api {
namespace {

using TopicAnswer = msg::MetadataResponse::MetadataResponseTopic;
using PartitionAnswer = msg::MetadataResponse::MetadataResponsePartition;

struct Builder {
    Services& services;
    const Request<msg::MetadataRequest>& request;
    const metadata::Image& image;

    PartitionAnswer partition(PartitionIndex index, const metadata::PartitionImage& from) const {
        const auto& listener = request.connection.peer().listener;
        const auto leader = leader_view(image, from, listener, request.version >= ApiVersion(6));
        PartitionAnswer answer;
        answer.error_code = leader.error;
        answer.partition_index = index;
        answer.leader_id = leader.id;
        answer.leader_epoch = from.leader_epoch;
        answer.replica_nodes = copy_nodes(request.arena, from.replicas);
        answer.isr_nodes = copy_nodes(request.arena, from.isr);
        answer.offline_replicas = offline_replicas(request.arena, image, from, listener);
        return answer;
    }

    TopicAnswer topic(const metadata::TopicImage& from) const {
        TopicAnswer answer;
        answer.name = request.arena.copy(from.name);
        answer.topic_id = from.id;
        answer.is_internal = is_internal_topic(from.name);
        answer.partitions = Array<PartitionAnswer>::make(request.arena, from.partitions.size());
        for (std::size_t i = 0; i < from.partitions.size(); ++i) {
            answer.partitions[i] =
                partition(PartitionIndex(static_cast<std::int32_t>(i)), *from.partitions[i]);
        }
        if (request.body.include_topic_authorized_operations) {
            answer.topic_authorized_operations = kAllTopicOperations;
        }
        return answer;
    }

    TopicAnswer missing(NullableString name, TopicId id, ErrorCode error) const {
        TopicAnswer answer;
        answer.error_code = error;
        answer.name = name;
        answer.topic_id = id;
        answer.is_internal = is_internal_topic(name.value_or_empty());
        return answer;
    }
};

bool asks_for_all(const Request<msg::MetadataRequest>& request) {
    const auto& topics = request.body.topics;
    return topics.is_null() || (request.version == ApiVersion(0) && topics.empty());
}

std::vector<TopicAnswer> all_topics(const Builder& build) {
    std::vector<TopicAnswer> answers;
    answers.reserve(build.image.topics_by_name.size());
    build.image.topics_by_name.for_each(
        [&](const auto& topic) { answers.push_back(build.topic(*topic)); });
    return answers;
}

// Any id in the request makes it one by ids; names are not looked at then.
std::vector<TopicAnswer> topics_by_id(const Builder& build) {
    std::vector<TopicAnswer> answers;
    boost::unordered_flat_set<TopicId, std::hash<TopicId>> seen;
    for (const auto& asked : build.request.body.topics) {
        if (asked.topic_id.value().is_zero() || !seen.insert(asked.topic_id).second) continue;
        const auto* topic = build.image.topic(asked.topic_id);
        answers.push_back(topic != nullptr
                              ? build.topic(*topic)
                              : build.missing({}, asked.topic_id, ErrorCode::UNKNOWN_TOPIC_ID));
    }
    return answers;
}

std::vector<TopicAnswer> topics_by_name(const Builder& build) {
    std::vector<TopicAnswer> answers;
    std::vector<std::string> to_create;
    boost::unordered_flat_set<std::string_view> seen;
    for (const auto& asked : build.request.body.topics) {
        const auto name = asked.name.value_or_empty();
        if (!seen.insert(name).second) continue;
        if (const auto* topic = build.image.topic(name)) {
            answers.push_back(build.topic(*topic));
        } else if (!metadata::check_topic_name(name)) {
            answers.push_back(build.missing(asked.name, {}, ErrorCode::INVALID_TOPIC_EXCEPTION));
        } else {
            answers.push_back(build.missing(asked.name, {}, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
            to_create.emplace_back(name);
        }
    }
    if (build.request.body.allow_auto_topic_creation) {
        auto_create_topics(build.services, std::move(to_create));
    }
    return answers;
}

ErrorCode refused(const Request<msg::MetadataRequest>& request) {
    if (request.version < ApiVersion(10) || request.body.topics.is_null()) return ErrorCode::NONE;
    for (const auto& topic : request.body.topics) {
        const bool by_id = topic.name.is_null() || !topic.topic_id.value().is_zero();
        if (by_id && request.version < ApiVersion(12)) return ErrorCode::INVALID_REQUEST;
        if (topic.name.is_null() && topic.topic_id.value().is_zero()) {
            return ErrorCode::INVALID_REQUEST;
        }
    }
    return ErrorCode::NONE;
}

bool names_an_id(const Request<msg::MetadataRequest>& request) {
    for (const auto& topic : request.body.topics) {
        if (!topic.topic_id.value().is_zero()) return true;
    }
    return false;
}

// There is no error for the request as a whole: every topic carries it, and nothing else is told.
void refuse(const Builder& build, ErrorCode error, Reply<msg::MetadataResponse>& reply) {
    std::vector<TopicAnswer> topics;
    for (const auto& topic : build.request.body.topics) {
        topics.push_back(
            build.missing(NullableString(topic.name.value_or_empty()), topic.topic_id, error));
    }
    msg::MetadataResponse response;
    response.cluster_id = NullableString();
    response.topics = Array<TopicAnswer>(topics);
    reply.send(response);
}

void metadata(Services& services, const Request<msg::MetadataRequest>& request,
              Reply<msg::MetadataResponse> reply) {
    using Broker = msg::MetadataResponse::MetadataResponseBroker;
    const auto image = services.controller.image();
    const Builder build{services, request, *image};
    std::vector<TopicAnswer> topics;
    if (const auto error = refused(request); error != ErrorCode::NONE) {
        refuse(build, error, reply);
        return;
    }
    if (asks_for_all(request)) {
        topics = all_topics(build);
    } else if (names_an_id(request)) {
        topics = topics_by_id(build);
    } else {
        topics = topics_by_name(build);
    }

    const auto& listener = request.connection.peer().listener;
    msg::MetadataResponse response;
    auto brokers = Array<Broker>::make(request.arena, image->brokers.size());
    std::size_t count = 0;
    for (const auto& broker : image->brokers) {
        const auto* endpoint = reachable(*broker, listener);
        if (endpoint == nullptr) continue;
        auto& out = brokers[count++];
        out.node_id = broker->id;
        out.host = request.arena.copy(endpoint->host);
        out.port = endpoint->port;
        if (broker->rack) out.rack = request.arena.copy(*broker->rack);
    }
    response.brokers = Array<Broker>(brokers.data(), count);
    response.cluster_id = services.cluster_id;
    response.controller_id = any_active_broker(*image, listener);
    response.topics = Array<TopicAnswer>(topics);
    if (request.body.include_cluster_authorized_operations) {
        response.cluster_authorized_operations = kAllClusterOperations;
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(Metadata, metadata)

}  // namespace milena::api
