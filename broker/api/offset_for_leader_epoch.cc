// OffsetForLeaderEpoch (23), v2-4. KIP-101, KIP-320.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH,
// UNKNOWN_LEADER_EPOCH. An epoch the log does not know is answered (-1, -1).
// Differences from Kafka: none known.
#include "protocol/msg/offset_for_leader_epoch.h"

#include "broker/api/handler.h"
#include "broker/api/partition_lookup.h"

namespace milena::api {
namespace {

using Body = msg::OffsetForLeaderEpochRequest;
using Response = msg::OffsetForLeaderEpochResponse;

Response::EpochEndOffset look_up(Services& services, std::string_view topic,
                                 const Body::OffsetForLeaderPartition& asked) {
    Response::EpochEndOffset answer;
    answer.partition = asked.partition;
    const auto partition = find_partition(services, topic, asked.partition);
    if (!partition) {
        answer.error_code = partition.error().code;
        return answer;
    }
    const auto end = (*partition)->epoch_end_offset(asked.leader_epoch, asked.current_leader_epoch);
    if (!end) {
        answer.error_code = end.error().code;
        return answer;
    }
    answer.leader_epoch = end->leader_epoch;
    answer.end_offset = end->end_offset;
    return answer;
}

void offset_for_leader_epoch(Services& services, const Request<Body>& request,
                             Reply<Response> reply) {
    Response response;
    response.topics = decltype(response.topics)::make(request.arena, request.body.topics.size());
    for (std::size_t t = 0; t < response.topics.size(); ++t) {
        const auto& asked = request.body.topics[t];
        auto& topic = response.topics[t];
        topic.topic = asked.topic;
        topic.partitions = decltype(topic.partitions)::make(request.arena, asked.partitions.size());
        for (std::size_t p = 0; p < topic.partitions.size(); ++p) {
            topic.partitions[p] = look_up(services, asked.topic, asked.partitions[p]);
        }
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(OffsetForLeaderEpoch, offset_for_leader_epoch)

}  // namespace milena::api
