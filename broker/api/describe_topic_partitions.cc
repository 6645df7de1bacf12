// DescribeTopicPartitions (75), v0. KIP-966.
// Errors: top level none but a closed request: INVALID_REQUEST (cursor) per topic list; per topic
// UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION; per partition LEADER_NOT_AVAILABLE.
// Differences from Kafka: none known. Rules: semantics F9.
#include "protocol/msg/describe_topic_partitions.h"

#include "broker/api/authorized_operations.h"
#include "broker/api/handler.h"
#include "broker/api/partition_view.h"
#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "replication/metadata/topic_names.h"

#include <algorithm>
#include <string>
#include <vector>

namespace milena::api {
namespace {

using Body = msg::DescribeTopicPartitionsRequest;
using Response = msg::DescribeTopicPartitionsResponse;
using TopicAnswer = Response::DescribeTopicPartitionsResponseTopic;
using PartitionAnswer = Response::DescribeTopicPartitionsResponsePartition;

struct Page {
    const Request<Body>& request;
    const metadata::Image& image;
    std::vector<TopicAnswer> topics;
    std::int32_t room;
    std::optional<Response::Cursor> next;

    PartitionAnswer partition(PartitionIndex index, const metadata::PartitionImage& from) const {
        const auto& listener = request.connection.peer().listener;
        const auto leader = leader_view(image, from, listener, true);
        PartitionAnswer answer;
        answer.error_code = leader.error;
        answer.partition_index = index;
        answer.leader_id = leader.id;
        answer.leader_epoch = from.leader_epoch;
        answer.replica_nodes = copy_nodes(request.arena, from.replicas);
        answer.isr_nodes = copy_nodes(request.arena, from.isr);
        answer.eligible_leader_replicas = copy_nodes(request.arena, from.elr);
        answer.last_known_elr = copy_nodes(request.arena, from.last_known_elr);
        answer.offline_replicas = offline_replicas(request.arena, image, from, listener);
        return answer;
    }

    // False when the page is full: `next` then says where to go on.
    bool add(std::string_view name, std::int32_t first) {
        TopicAnswer answer;
        answer.name = request.arena.copy(name);
        answer.is_internal = is_internal_topic(name);
        answer.topic_authorized_operations = kAllTopicOperations;
        const auto* topic = image.topic(name);
        if (topic == nullptr) {
            answer.error_code = metadata::check_topic_name(name)
                                    ? ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                                    : ErrorCode::INVALID_TOPIC_EXCEPTION;
            topics.push_back(answer);
            return true;
        }
        answer.topic_id = topic->id;
        const auto total = static_cast<std::int32_t>(topic->partitions.size());
        const auto begin = std::min(first, total);
        const auto end = begin + std::min(room, total - begin);
        answer.partitions =
            Array<PartitionAnswer>::make(request.arena, static_cast<std::size_t>(end - begin));
        for (auto i = begin; i < end; ++i) {
            answer.partitions[static_cast<std::size_t>(i - begin)] =
                partition(PartitionIndex(i), *topic->partitions[static_cast<std::size_t>(i)]);
        }
        topics.push_back(answer);
        room -= end - begin;
        if (end == total) return true;
        point_at(name, end);
        return false;
    }

    void point_at(std::string_view name, std::int32_t index) {
        next = Response::Cursor{};
        next->topic_name = request.arena.copy(name);
        next->partition_index = PartitionIndex(index);
    }
};

// The names to describe, sorted, from the cursor's on.
std::vector<std::string> names_to_describe(const Request<Body>& request,
                                           const metadata::Image& image) {
    std::vector<std::string> names;
    if (request.body.topics.empty()) {
        image.topics_by_name.for_each([&](const auto& topic) { names.push_back(topic->name); });
    }
    for (const auto& topic : request.body.topics) names.emplace_back(topic.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (request.body.cursor) {
        const auto from = std::lower_bound(names.begin(), names.end(),
                                           std::string(request.body.cursor->topic_name));
        names.erase(names.begin(), from);
    }
    return names;
}

// The cursor must point into what is asked for.
bool is_valid_cursor(const Request<Body>& request) {
    if (!request.body.cursor) return true;
    if (request.body.cursor->partition_index < PartitionIndex(0)) return false;
    if (request.body.topics.empty()) return true;
    return std::any_of(request.body.topics.begin(), request.body.topics.end(),
                       [&](const auto& t) { return t.name == request.body.cursor->topic_name; });
}

void describe_topic_partitions(Services& services, const Request<Body>& request,
                               Reply<Response> reply) {
    const auto image = services.controller.image();
    Response response;
    if (!is_valid_cursor(request)) {
        // The response has no top-level error: every topic carries it, as in Kafka.
        auto topics = Array<TopicAnswer>::make(request.arena, request.body.topics.size());
        for (std::size_t i = 0; i < topics.size(); ++i) {
            topics[i].error_code = ErrorCode::INVALID_REQUEST;
            topics[i].name = request.body.topics[i].name;
        }
        response.topics = topics;
        reply.send(response);
        return;
    }
    const auto limit =
        services.settings()->get(config::opt::broker::max_request_partition_size_limit);
    Page page{request,
              *image,
              {},
              std::max(1, std::min(request.body.response_partition_limit, limit)),
              std::nullopt};
    const auto names = names_to_describe(request, *image);
    for (const auto& name : names) {
        if (page.room == 0) {
            page.point_at(name, 0);
            break;
        }
        const bool at_cursor = request.body.cursor && name == request.body.cursor->topic_name;
        if (!page.add(name, at_cursor ? request.body.cursor->partition_index.value() : 0)) break;
    }
    response.topics = Array<TopicAnswer>(page.topics);
    response.next_cursor = page.next;
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DescribeTopicPartitions, describe_topic_partitions)

}  // namespace milena::api
