// Fetch (1), v4-18. KIP-227 (sessions), KIP-320 (leader epochs), KIP-516 (topic ids), KIP-595
// (diverging epochs), KIP-392 (followers that consumers read), KIP-903, KIP-1166.
// Errors: top level FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH,
// FETCH_SESSION_TOPIC_ID_ERROR; per partition those of Partition::read, UNKNOWN_TOPIC_OR_PARTITION,
// UNKNOWN_TOPIC_ID.
// Differences from Kafka: a fetch that names a replica id is refused with
// CLUSTER_AUTHORIZATION_FAILED unless it comes by the listener that brokers use, from a broker that
// is registered and knows the epoch of its registration (v15): no client can move the high
// watermark. Rules: semantics D1-D16. The records travel from file to socket without being read
// here.
#include "protocol/msg/fetch.h"

#include "broker/api/fetch_reader.h"
#include "broker/api/fetch_waiter.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

#include <algorithm>

namespace milena::api {
namespace {

using Body = msg::FetchRequest;
using Response = msg::FetchResponse;

constexpr BrokerId kDebugConsumer{-2};

// Kafka takes every negative epoch of a fetch for "not known".
LeaderEpoch known(LeaderEpoch epoch) {
    return std::max(epoch, kNoLeaderEpoch);
}

session::FetchTarget target_of(const Body::FetchTopic& topic,
                               const Body::FetchPartition& partition) {
    session::FetchTarget target;
    target.name = {topic.topic_id, std::string(topic.topic), partition.partition};
    target.fetch_offset = partition.fetch_offset;
    target.current_leader_epoch = known(partition.current_leader_epoch);
    target.last_fetched_epoch = known(partition.last_fetched_epoch);
    target.follower_log_start = partition.log_start_offset;
    target.max_bytes = partition.partition_max_bytes;
    return target;
}

session::SessionRequest session_request(const Request<Body>& request, bool from_replica) {
    session::SessionRequest asked;
    asked.privileged = from_replica;
    asked.id = request.body.session_id;
    asked.epoch = request.body.session_epoch;
    asked.uses_topic_ids = request.version >= ApiVersion(13);
    for (const auto& topic : request.body.topics) {
        for (const auto& partition : topic.partitions) {
            asked.partitions.push_back(target_of(topic, partition));
        }
    }
    for (const auto& topic : request.body.forgotten_topics_data) {
        for (const auto index : topic.partitions) {
            asked.forgotten.push_back({topic.topic_id, std::string(topic.topic), index});
        }
    }
    return asked;
}

// The one choice that Kafka brings with it, too.
bool chooses_by_rack(const config::Settings& settings) {
    const auto selector = settings.get(config::opt::broker::replica_selector_class);
    return selector && selector->ends_with(".RackAwareReplicaSelector");
}

FetchLimits limits_of(Services& services, const Request<Body>& request) {
    FetchLimits limits;
    const auto settings = services.settings();
    const auto most = settings->get(config::opt::broker::fetch_max_bytes);
    limits.max_bytes = static_cast<std::uint64_t>(std::clamp(request.body.max_bytes, 0, most));
    limits.min_bytes =
        std::min(limits.max_bytes, static_cast<std::uint64_t>(std::max(request.body.min_bytes, 0)));
    const bool committed = request.body.isolation_level == 1;
    limits.reader = committed ? partition::Reader::committed : partition::Reader::uncommitted;
    limits.leader_only = request.version < ApiVersion(11);
    if (!request.body.rack_id.empty() && chooses_by_rack(*settings)) {
        limits.rack = std::string(request.body.rack_id);
    }
    return limits;
}

// A broker, and not somebody who says so.
bool is_replica(const Services& services, const Request<Body>& request) {
    const auto& state = request.body.replica_state;
    if (request.version < ApiVersion(15) || state.replica_id == services.self) return false;
    const auto settings = services.settings();
    if (request.connection.peer().listener != settings->node().listeners.inter_broker) return false;
    const auto image = services.controller.image();
    const auto* broker = image->broker(state.replica_id);
    // Where what is known here lags, that broker asks again.
    return broker != nullptr && broker->epoch == state.replica_epoch;
}

void fetch(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto replica = request.version >= ApiVersion(15) ? request.body.replica_state.replica_id
                                                           : request.body.replica_id;
    Response refused;
    const bool from_replica = replica.value() >= 0;
    if (from_replica && !is_replica(services, request)) {
        refused.error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        reply.send(refused);
        return;
    }
    auto plan = services.sessions.begin(session_request(request, from_replica), request.now);
    if (!plan) {
        refused.error_code = plan.error().code;
        reply.send(refused);
        return;
    }
    auto limits = limits_of(services, request);
    if (replica == kDebugConsumer || from_replica) limits.reader = partition::Reader::replica;
    if (from_replica) limits.replica = {replica, request.body.replica_state.replica_epoch};

    FetchReader reader(services, std::move(*plan), limits);
    reader.read();
    const auto max_wait = request.body.max_wait_ms;
    if (reader.satisfied() || max_wait <= Millis(0)) {
        reader.answer(request.arena, reply);
        return;
    }
    FetchWaiter::park(std::move(reader), std::move(reply), request.now + max_wait);
}

}  // namespace

MILENA_HANDLER(Fetch, fetch)

}  // namespace milena::api
