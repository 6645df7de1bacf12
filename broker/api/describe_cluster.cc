// DescribeCluster (60), v0-2. KIP-700, KIP-919 (endpoint type), KIP-1073 (fenced brokers).
// Errors: MISMATCHED_ENDPOINT_TYPE (controllers asked for on a broker listener; INVALID_REQUEST in
// v0), UNSUPPORTED_ENDPOINT_TYPE. Differences from Kafka: none known.
#include "protocol/msg/describe_cluster.h"

#include "broker/api/authorized_operations.h"
#include "broker/api/handler.h"
#include "broker/api/nodes.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

constexpr std::int8_t kBrokers = 1;
constexpr std::int8_t kControllers = 2;

void describe_cluster(Services& services, const Request<msg::DescribeClusterRequest>& request,
                      Reply<msg::DescribeClusterResponse> reply) {
    using Broker = msg::DescribeClusterResponse::DescribeClusterBroker;
    msg::DescribeClusterResponse response;
    const auto type = request.body.endpoint_type;
    response.endpoint_type = type;
    if (type == kControllers) {
        response.error_code = request.version == ApiVersion(0)
                                  ? ErrorCode::INVALID_REQUEST
                                  : ErrorCode::MISMATCHED_ENDPOINT_TYPE;
        response.error_message = "this listener serves brokers, not controllers";
        response.endpoint_type = kBrokers;
    } else if (type != kBrokers) {
        response.error_code = ErrorCode::UNSUPPORTED_ENDPOINT_TYPE;
        response.error_message = "unknown endpoint type";
        response.endpoint_type = kBrokers;
    }
    if (response.error_code != ErrorCode::NONE) {
        reply.send(response);
        return;
    }

    const auto image = services.controller.image();
    const auto& listener = request.connection.peer().listener;
    auto brokers = Array<Broker>::make(request.arena, image->brokers.size());
    std::size_t count = 0;
    for (const auto& broker : image->brokers) {
        if (broker->is_fenced && !request.body.include_fenced_brokers) continue;
        const auto* endpoint = broker->endpoint(listener);
        if (endpoint == nullptr) continue;
        auto& out = brokers[count++];
        out.broker_id = broker->id;
        out.host = request.arena.copy(endpoint->host);
        out.port = endpoint->port;
        if (broker->rack) out.rack = request.arena.copy(*broker->rack);
        out.is_fenced = broker->is_fenced;
    }
    response.brokers = Array<Broker>(brokers.data(), count);
    response.cluster_id = services.cluster_id;
    response.controller_id = any_active_broker(*image, listener);
    if (request.body.include_cluster_authorized_operations) {
        response.cluster_authorized_operations = kAllClusterOperations;
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DescribeCluster, describe_cluster)

}  // namespace milena::api
