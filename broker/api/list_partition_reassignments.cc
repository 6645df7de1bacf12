// ListPartitionReassignments (46), v0. KIP-455.
// Errors: none. Differences from Kafka: none known. A partition that is not being moved, or does
// not exist, is not named.
#include "protocol/msg/list_partition_reassignments.h"

#include "broker/api/handler.h"
#include "broker/api/partition_view.h"
#include "broker/api/services.h"

#include <vector>

namespace milena::api {
namespace {

using Body = msg::ListPartitionReassignmentsRequest;
using Response = msg::ListPartitionReassignmentsResponse;
using Moving = Response::OngoingPartitionReassignment;

void list_partition_reassignments(Services& services, const Request<Body>& request,
                                  Reply<Response> reply) {
    const auto image = services.controller.image();
    auto& arena = request.arena;
    std::vector<Response::OngoingTopicReassignment> topics;
    const auto add = [&](const metadata::TopicImage& topic, const auto& wanted) {
        std::vector<Moving> moving;
        for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
            const PartitionIndex index(static_cast<std::int32_t>(i));
            const auto& from = *topic.partitions[i];
            if (from.adding_replicas.empty() && from.removing_replicas.empty()) continue;
            if (!wanted(index)) continue;
            Moving entry;
            entry.partition_index = index;
            entry.replicas = copy_nodes(arena, from.replicas);
            entry.adding_replicas = copy_nodes(arena, from.adding_replicas);
            entry.removing_replicas = copy_nodes(arena, from.removing_replicas);
            moving.push_back(entry);
        }
        if (moving.empty()) return;
        Response::OngoingTopicReassignment out;
        out.name = arena.copy(topic.name);
        out.partitions = Array<Moving>::make(arena, moving.size());
        std::copy(moving.begin(), moving.end(), out.partitions.begin());
        topics.push_back(out);
    };
    if (request.body.topics.is_null()) {
        image->topics_by_name.for_each(
            [&](const auto& topic) { add(*topic, [](PartitionIndex) { return true; }); });
    } else {
        for (const auto& asked : request.body.topics) {
            const auto* topic = image->topic(asked.name);
            if (topic == nullptr) continue;
            add(*topic, [&](PartitionIndex index) {
                const auto& indexes = asked.partition_indexes;
                return std::find(indexes.begin(), indexes.end(), index) != indexes.end();
            });
        }
    }
    Response response;
    response.error_message = {};
    response.topics = decltype(response.topics)(topics);
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(ListPartitionReassignments, list_partition_reassignments)

}  // namespace milena::api
