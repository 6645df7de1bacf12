// OffsetDelete (47), v0. KIP-496.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, GROUP_SUBSCRIBED_TO_TOPIC; of the group:
// GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, INVALID_GROUP_ID, those of the coordinator host (no topics
// then). Rules: semantics G17.
// Differences from Kafka: none known.
#include "protocol/msg/offset_delete.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::OffsetDeleteRequest;
using Response = msg::OffsetDeleteResponse;
using Answer = group::OffsetDelete::Reply;

void answer(const std::vector<group::OffsetErrors::Topic>& unknown, const Answer& result,
            Reply<Response>& reply) {
    Arena arena;
    Response response;
    response.error_code = result.error.code;
    if (response.error_code == ErrorCode::NONE) {
        auto topics = unknown;
        topics.insert(topics.end(), result.topics.begin(), result.topics.end());
        response.topics = decltype(response.topics)::make(arena, topics.size());
        for (std::size_t t = 0; t < topics.size(); ++t) {
            auto& out = response.topics[t];
            out.name = arena.copy(topics[t].name);
            const auto& partitions = topics[t].partitions;
            out.partitions = decltype(out.partitions)::make(arena, partitions.size());
            for (std::size_t p = 0; p < partitions.size(); ++p) {
                out.partitions[p].partition_index = partitions[p].index;
                out.partitions[p].error_code = partitions[p].error;
            }
        }
    }
    reply.send(response);
}

void offset_delete(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto image = services.controller.image();
    group::OffsetDelete asked;
    asked.group_id = request.body.group_id;
    std::vector<group::OffsetErrors::Topic> unknown;
    for (const auto& topic : request.body.topics) {
        const auto* known = image->topic(topic.name);
        group::OffsetDelete::Topic wanted{std::string(topic.name), {}};
        group::OffsetErrors::Topic missing{std::string(topic.name), TopicId{}, {}};
        for (const auto& partition : topic.partitions) {
            const auto index = partition.partition_index;
            if (has_partition(known, index)) {
                wanted.partitions.push_back(index);
            } else {
                missing.partitions.push_back({index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION});
            }
        }
        if (!missing.partitions.empty()) unknown.push_back(std::move(missing));
        if (!wanted.partitions.empty()) asked.topics.push_back(std::move(wanted));
    }
    ask_group(services, std::move(asked),
              [unknown = std::move(unknown), reply = std::move(reply)](
                  const Answer& result) mutable { answer(unknown, result, reply); });
}

}  // namespace

MILENA_HANDLER(OffsetDelete, offset_delete)

}  // namespace milena::api
