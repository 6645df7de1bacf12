// DeleteRecords (21), v0-2. KIP-107.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, OFFSET_OUT_OF_RANGE,
// POLICY_VIOLATION, INVALID_TOPIC_EXCEPTION (internal topics). Differences from Kafka: none known.
#include "protocol/msg/delete_records.h"

#include "broker/api/handler.h"
#include "broker/api/partition_lookup.h"
#include "broker/api/topic_names.h"

namespace milena::api {
namespace {

using Body = msg::DeleteRecordsRequest;
using Response = msg::DeleteRecordsResponse;

Result<Offset> delete_below(Services& services, std::string_view topic, PartitionIndex index,
                            Offset offset) {
    if (is_internal_topic(topic)) {
        return fail(ErrorCode::INVALID_TOPIC_EXCEPTION, "internal topics keep their records");
    }
    MILENA_ASSIGN(const auto partition, find_partition(services, topic, index));
    return partition->delete_records(offset, services.clock.now());
}

void delete_records(Services& services, const Request<Body>& request, Reply<Response> reply) {
    Response response;
    response.topics = decltype(response.topics)::make(request.arena, request.body.topics.size());
    for (std::size_t t = 0; t < response.topics.size(); ++t) {
        const auto& asked = request.body.topics[t];
        auto& topic = response.topics[t];
        topic.name = asked.name;
        topic.partitions = decltype(topic.partitions)::make(request.arena, asked.partitions.size());
        for (std::size_t p = 0; p < topic.partitions.size(); ++p) {
            const auto& partition = asked.partitions[p];
            auto& answer = topic.partitions[p];
            answer.partition_index = partition.partition_index;
            const auto start =
                delete_below(services, asked.name, partition.partition_index, partition.offset);
            answer.low_watermark = start.value_or(kNoOffset);
            if (!start) answer.error_code = start.error().code;
        }
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DeleteRecords, delete_records)

}  // namespace milena::api
