// ElectLeaders (43), v0-2. KIP-183, KIP-460.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, ELECTION_NOT_NEEDED,
// PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE; top level INVALID_REQUEST.
// Differences from Kafka: partitions have one replica as long as a cluster is one node, so there is
// never another one to elect: every partition is answered with why not. Rules: semantics M10.
#include "protocol/msg/elect_leaders.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"

#include <vector>

namespace milena::api {
namespace {

using Body = msg::ElectLeadersRequest;
using Response = msg::ElectLeadersResponse;

constexpr std::int8_t kPreferred = 0;
constexpr std::int8_t kUnclean = 1;

struct Verdict {
    ErrorCode code;
    std::string_view message;
};

Verdict verdict_on(const metadata::PartitionImage* partition, std::int8_t type) {
    if (partition == nullptr) {
        return {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "No such topic or partition"};
    }
    const bool led = partition->leader != kNoBroker;
    if (type == kUnclean) {
        return led ? Verdict{ErrorCode::ELECTION_NOT_NEEDED, "the partition has a leader"}
                   : Verdict{ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE, "no replica is alive"};
    }
    return led && partition->leader == partition->replicas.front()
               ? Verdict{ErrorCode::ELECTION_NOT_NEEDED, "the preferred replica leads already"}
               : Verdict{ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
                         "the preferred replica is not alive"};
}

Response::PartitionResult result_for(PartitionIndex index, const Verdict& verdict) {
    Response::PartitionResult result;
    result.partition_id = index;
    result.error_code = verdict.code;
    result.error_message = verdict.message;
    return result;
}

// All partitions: those that need no election are left out.
void add_all(const metadata::Image& image, std::int8_t type, Arena& arena,
             std::vector<Response::ReplicaElectionResult>& results) {
    image.topics_by_name.for_each([&](const auto& topic) {
        std::vector<Response::PartitionResult> failed;
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const auto verdict = verdict_on(topic->partitions[i].get(), type);
            if (verdict.code == ErrorCode::ELECTION_NOT_NEEDED) continue;
            failed.push_back(result_for(PartitionIndex(static_cast<std::int32_t>(i)), verdict));
        }
        if (failed.empty()) return;
        Response::ReplicaElectionResult result;
        result.topic = arena.copy(topic->name);
        result.partition_result = decltype(result.partition_result)::make(arena, failed.size());
        std::copy(failed.begin(), failed.end(), result.partition_result.begin());
        results.push_back(result);
    });
}

void elect_leaders(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto type = request.body.election_type;
    Response response;
    if (type != kPreferred && type != kUnclean) {
        response.error_code = ErrorCode::INVALID_REQUEST;
        reply.send(response);
        return;
    }
    const auto image = services.controller.image();
    std::vector<Response::ReplicaElectionResult> results;
    if (request.body.topic_partitions.is_null()) {
        add_all(*image, type, request.arena, results);
    } else {
        for (const auto& asked : request.body.topic_partitions) {
            const auto* topic = image->topic(asked.topic);
            Response::ReplicaElectionResult result;
            result.topic = asked.topic;
            result.partition_result =
                decltype(result.partition_result)::make(request.arena, asked.partitions.size());
            for (std::size_t i = 0; i < asked.partitions.size(); ++i) {
                const auto index = asked.partitions[i];
                const auto* partition = topic == nullptr ? nullptr : topic->partition(index);
                result.partition_result[i] = result_for(index, verdict_on(partition, type));
            }
            results.push_back(result);
        }
    }
    response.replica_election_results = decltype(response.replica_election_results)(results);
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(ElectLeaders, elect_leaders)

}  // namespace milena::api
