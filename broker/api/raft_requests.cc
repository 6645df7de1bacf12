// Vote (52), v0-2; BeginQuorumEpoch (53), v0-1; EndQuorumEpoch (54), v0-1; Fetch (1), v4-18 and
// FetchSnapshot (59), v0-1, of __cluster_metadata on the controllers' listener. KIP-595, KIP-630,
// KIP-853, KIP-996.
// Errors: INCONSISTENT_CLUSTER_ID; UNKNOWN_TOPIC_OR_PARTITION for any other partition; those of the
// raft machine (semantics P12-P16). Differences from Kafka: a request that names several partitions
// is refused as a whole.
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/quorum/raft_codec.h"
#include "broker/quorum/raft_network.h"

namespace milena::api {
namespace {

bool is_of_this_cluster(const Services& services, const NullableString& cluster_id) {
    return cluster_id.is_null() || cluster_id.value_or_empty() == services.cluster_id;
}

template <class Answer>
void set_bytes(Answer& answer, ByteView bytes) {
    if constexpr (requires { answer.records; }) {
        answer.records = bytes;
    } else if constexpr (requires { answer.bytes; }) {
        answer.bytes = bytes;
    }
}

template <class Answer, class RequestBody, class ResponseBody>
void ask_raft(Services& services, const Request<RequestBody>& request, Reply<ResponseBody> reply) {
    ResponseBody refused;
    const auto asked = quorum::from_message(request.body);
    if (!is_of_this_cluster(services, request.body.cluster_id)) {
        refused.error_code = ErrorCode::INCONSISTENT_CLUSTER_ID;
    } else if (!asked) {
        refused.error_code = asked.error().code;
    } else if (services.raft == nullptr) {
        refused.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
    }
    if (refused.error_code != ErrorCode::NONE) return reply.send(refused);
    services.raft->receive(*asked,
                           [reply = std::move(reply)](Result<raft::Response> response,
                                                      std::vector<std::uint8_t> bytes) mutable {
                               if (!response) return reply.close(response.error().detail);
                               Arena arena;
                               auto& answer = std::get<Answer>(*response);
                               set_bytes(answer, bytes);
                               reply.send(quorum::to_message(answer, arena));
                           });
}

void raft_vote(Services& services, const Request<msg::VoteRequest>& request,
               Reply<msg::VoteResponse> reply) {
    ask_raft<raft::VoteResponse>(services, request, std::move(reply));
}

void raft_begin_quorum_epoch(Services& services,
                             const Request<msg::BeginQuorumEpochRequest>& request,
                             Reply<msg::BeginQuorumEpochResponse> reply) {
    ask_raft<raft::BeginQuorumEpochResponse>(services, request, std::move(reply));
}

void raft_end_quorum_epoch(Services& services, const Request<msg::EndQuorumEpochRequest>& request,
                           Reply<msg::EndQuorumEpochResponse> reply) {
    ask_raft<raft::EndQuorumEpochResponse>(services, request, std::move(reply));
}

void raft_fetch(Services& services, const Request<msg::FetchRequest>& request,
                Reply<msg::FetchResponse> reply) {
    ask_raft<raft::FetchResponse>(services, request, std::move(reply));
}

void raft_fetch_snapshot(Services& services, const Request<msg::FetchSnapshotRequest>& request,
                         Reply<msg::FetchSnapshotResponse> reply) {
    ask_raft<raft::FetchSnapshotResponse>(services, request, std::move(reply));
}

}  // namespace

MILENA_HANDLER(Vote, raft_vote)
MILENA_HANDLER(BeginQuorumEpoch, raft_begin_quorum_epoch)
MILENA_HANDLER(EndQuorumEpoch, raft_end_quorum_epoch)
MILENA_HANDLER(Fetch, raft_fetch)
MILENA_HANDLER(FetchSnapshot, raft_fetch_snapshot)

}  // namespace milena::api
