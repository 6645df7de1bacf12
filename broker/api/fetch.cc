// Fetch (1), v4-18. KIP-227 (sessions), KIP-320 (leader epochs), KIP-516 (topic ids), KIP-595
// (diverging epochs), KIP-903, KIP-1166.
// Errors: top level FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH,
// FETCH_SESSION_TOPIC_ID_ERROR; per partition those of Partition::read, UNKNOWN_TOPIC_OR_PARTITION,
// UNKNOWN_TOPIC_ID.
// Differences from Kafka: a fetch that names a replica id is refused with
// CLUSTER_AUTHORIZATION_FAILED, because clients are no replicas and Kafka would let them move the
// high watermark. Rules: semantics D1-D16. The records travel from file to socket without being
// read here.
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
    target.max_bytes = partition.partition_max_bytes;
    return target;
}

session::SessionRequest session_request(const Request<Body>& request) {
    session::SessionRequest asked;
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

FetchLimits limits_of(Services& services, const Request<Body>& request) {
    FetchLimits limits;
    const auto most = services.settings()->get(config::opt::broker::fetch_max_bytes);
    limits.max_bytes = static_cast<std::uint64_t>(std::clamp(request.body.max_bytes, 0, most));
    limits.min_bytes =
        std::min(limits.max_bytes, static_cast<std::uint64_t>(std::max(request.body.min_bytes, 0)));
    const bool committed = request.body.isolation_level == 1;
    limits.reader = committed ? partition::Reader::committed : partition::Reader::uncommitted;
    return limits;
}

void fetch(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto replica = request.version >= ApiVersion(15) ? request.body.replica_state.replica_id
                                                           : request.body.replica_id;
    Response refused;
    if (replica.value() >= 0) {
        refused.error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        reply.send(refused);
        return;
    }
    auto plan = services.sessions.begin(session_request(request), request.now);
    if (!plan) {
        refused.error_code = plan.error().code;
        reply.send(refused);
        return;
    }
    auto limits = limits_of(services, request);
    if (replica == kDebugConsumer) limits.reader = partition::Reader::replica;

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
