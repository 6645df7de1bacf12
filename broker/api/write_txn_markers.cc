// WriteTxnMarkers (27), v1-2: from the coordinators of transactions to the leaders of partitions,
// and from `kafka-transactions abort` for a transaction that nobody ends. KIP-98, KIP-664, KIP-890.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, INVALID_PRODUCER_EPOCH,
// TRANSACTION_COORDINATOR_FENCED, those of an append. Rules: semantics C8.
#include "protocol/msg/write_txn_markers.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/replica/marker_writer.h"

namespace milena::api {
namespace {

using Body = msg::WriteTxnMarkersRequest;
using Response = msg::WriteTxnMarkersResponse;
using Marker = Body::WritableTxnMarker;
using MarkerResult = Response::WritableTxnMarkerResult;

// The version of transactions from which on their end has an epoch of its own.
constexpr std::int8_t kRaisesEpoch = 2;

log::TransactionEnd end_of(const Marker& marker) {
    return {marker.producer_id,
            marker.producer_epoch,
            {marker.transaction_result ? ControlType::commit : ControlType::abort,
             marker.coordinator_epoch},
            marker.transaction_version >= kRaisesEpoch};
}

void write(Services& services, const Marker& marker, MarkerResult& result, net::Executor& executor,
           const std::shared_ptr<Gather<Response>>& gather) {
    auto& arena = gather->arena;
    result.producer_id = marker.producer_id;
    result.topics = decltype(result.topics)::make(arena, marker.topics.size());
    for (std::size_t t = 0; t < marker.topics.size(); ++t) {
        const auto& topic = marker.topics[t];
        auto& out = result.topics[t];
        out.name = arena.copy(topic.name);
        out.partitions = decltype(out.partitions)::make(arena, topic.partition_indexes.size());
        for (std::size_t p = 0; p < out.partitions.size(); ++p) {
            auto& answer = out.partitions[p];
            answer.partition_index = topic.partition_indexes[p];
            services.markers.write(topic.name, answer.partition_index, end_of(marker), executor,
                                   gather->template part<Status>([&answer](Status status) {
                                       if (!status) answer.error_code = status.error().code;
                                   }));
        }
    }
}

void write_txn_markers(Services& services, const Request<Body>& request, Reply<Response> reply) {
    auto& executor = reply.executor();
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    auto& markers = gather->response.markers;
    markers = std::remove_reference_t<decltype(markers)>::make(gather->arena,
                                                               request.body.markers.size());
    for (std::size_t i = 0; i < markers.size(); ++i) {
        write(services, request.body.markers[i], markers[i], executor, gather);
    }
    gather->finish_one();
}

}  // namespace

MILENA_HANDLER(WriteTxnMarkers, write_txn_markers)

}  // namespace milena::api
