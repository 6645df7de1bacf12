// Between the raft machine's messages and those of the protocol, which carry them in an array of
// topics with one partition of __cluster_metadata each.
//
// to_message: arrays lie in the arena; texts and bytes are views of the argument.
// from_message: UNKNOWN_TOPIC_OR_PARTITION, or INVALID_REQUEST when a request does not ask for
// exactly that partition. Responses that say nothing of it count as an error without a leader.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/msg/begin_quorum_epoch.h"
#include "protocol/msg/end_quorum_epoch.h"
#include "protocol/msg/fetch.h"
#include "protocol/msg/fetch_snapshot.h"
#include "protocol/msg/vote.h"
#include "replication/raft/messages.h"

#include <string_view>

namespace milena::quorum {

// Requests; `cluster_id` outlives them.
msg::VoteRequest to_message(const raft::VoteRequest& request, std::string_view cluster_id,
                            ApiVersion version, Arena& arena);
msg::BeginQuorumEpochRequest to_message(const raft::BeginQuorumEpochRequest& request,
                                        std::string_view cluster_id, ApiVersion version,
                                        Arena& arena);
msg::EndQuorumEpochRequest to_message(const raft::EndQuorumEpochRequest& request,
                                      std::string_view cluster_id, ApiVersion version,
                                      Arena& arena);
msg::FetchRequest to_message(const raft::FetchRequest& request, std::string_view cluster_id,
                             ApiVersion version, Arena& arena);
msg::FetchSnapshotRequest to_message(const raft::FetchSnapshotRequest& request,
                                     std::string_view cluster_id, ApiVersion version, Arena& arena);

Result<raft::VoteRequest> from_message(const msg::VoteRequest& message);
Result<raft::BeginQuorumEpochRequest> from_message(const msg::BeginQuorumEpochRequest& message);
Result<raft::EndQuorumEpochRequest> from_message(const msg::EndQuorumEpochRequest& message);
Result<raft::FetchRequest> from_message(const msg::FetchRequest& message);
Result<raft::FetchSnapshotRequest> from_message(const msg::FetchSnapshotRequest& message);

msg::VoteResponse to_message(const raft::VoteResponse& response, Arena& arena);
msg::BeginQuorumEpochResponse to_message(const raft::BeginQuorumEpochResponse& response,
                                         Arena& arena);
msg::EndQuorumEpochResponse to_message(const raft::EndQuorumEpochResponse& response, Arena& arena);
msg::FetchResponse to_message(const raft::FetchResponse& response, Arena& arena);
msg::FetchSnapshotResponse to_message(const raft::FetchSnapshotResponse& response, Arena& arena);

// `records` and `bytes` are views of the message.
raft::VoteResponse from_message(const msg::VoteResponse& message);
raft::BeginQuorumEpochResponse from_message(const msg::BeginQuorumEpochResponse& message);
raft::EndQuorumEpochResponse from_message(const msg::EndQuorumEpochResponse& message);
raft::FetchResponse from_message(const msg::FetchResponse& message);
raft::FetchSnapshotResponse from_message(const msg::FetchSnapshotResponse& message);

}  // namespace milena::quorum
