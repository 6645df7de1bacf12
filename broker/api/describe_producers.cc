// DescribeProducers (61), v0. KIP-664.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER.
#include "protocol/msg/describe_producers.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::DescribeProducersRequest;
using Response = msg::DescribeProducersResponse;
using Answer = Response::PartitionResponse;

Result<std::vector<replica::ProducerDescription>> producers_of(Services& services,
                                                               const metadata::TopicImage* topic,
                                                               PartitionIndex index) {
    if (topic == nullptr || topic->partition(index) == nullptr) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "there is no such partition");
    }
    const auto partition = services.partitions.find(topic->id, index);
    if (!partition) {
        return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER, "this broker does not hold the partition");
    }
    return partition->describe_producers();
}

void fill_in(Answer& answer, const std::vector<replica::ProducerDescription>& producers,
             Arena& arena) {
    auto& active = answer.active_producers;
    active = std::remove_reference_t<decltype(active)>::make(arena, producers.size());
    for (std::size_t i = 0; i < producers.size(); ++i) {
        active[i].producer_id = producers[i].id;
        active[i].producer_epoch = producers[i].epoch.value();
        active[i].last_sequence = producers[i].last_sequence;
        active[i].last_timestamp = producers[i].last_timestamp;
        active[i].coordinator_epoch = producers[i].coordinator_epoch;
        active[i].current_txn_start_offset = producers[i].current_txn_start;
    }
}

void describe_producers(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto image = services.controller.image();
    Response response;
    const auto& topics = request.body.topics;
    response.topics = decltype(response.topics)::make(request.arena, topics.size());
    for (std::size_t t = 0; t < topics.size(); ++t) {
        auto& out = response.topics[t];
        out.name = topics[t].name;
        const auto* topic = image->topic(topics[t].name);
        const auto& indexes = topics[t].partition_indexes;
        out.partitions = decltype(out.partitions)::make(request.arena, indexes.size());
        for (std::size_t p = 0; p < indexes.size(); ++p) {
            auto& answer = out.partitions[p];
            answer.partition_index = indexes[p];
            if (const auto producers = producers_of(services, topic, indexes[p])) {
                fill_in(answer, *producers, request.arena);
            } else {
                answer.error_code = producers.error().code;
                answer.error_message = request.arena.copy(producers.error().detail);
            }
        }
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DescribeProducers, describe_producers)

}  // namespace milena::api
