#include "broker/quorum/raft_codec.h"

#include "broker/quorum/metadata_log.h"
#include "log/layout.h"

#include <algorithm>

namespace milena::quorum {
namespace {

constexpr PartitionIndex kOnly{0};

// The names that topics, partitions and their arrays have in the different messages.
template <class Message>
auto& topics_of(Message& message) {
    if constexpr (requires { message.responses; }) {
        return message.responses;
    } else {
        return message.topics;
    }
}
template <class Partition>
auto& index_of(Partition& partition) {
    if constexpr (requires { partition.partition_index; }) {
        return partition.partition_index;
    } else if constexpr (requires { partition.partition; }) {
        return partition.partition;
    } else {
        return partition.index;
    }
}
template <class Topic>
void name(Topic& topic) {
    if constexpr (requires { topic.topic_id; }) {
        topic.topic = log::kMetadataTopic;
        topic.topic_id = kMetadataTopicId;
    } else if constexpr (requires { topic.topic_name; }) {
        topic.topic_name = log::kMetadataTopic;
    } else {
        topic.name = log::kMetadataTopic;
    }
}
template <class Topic>
bool is_named(const Topic& topic) {
    if constexpr (requires { topic.topic_id; }) {
        return topic.topic == log::kMetadataTopic || topic.topic_id == kMetadataTopicId;
    } else if constexpr (requires { topic.topic_name; }) {
        return topic.topic_name == log::kMetadataTopic;
    } else {
        return topic.name == log::kMetadataTopic;
    }
}

// Makes the one topic with its one partition.
template <class Message>
auto& add_partition(Message& message, Arena& arena) {
    auto& topics = topics_of(message);
    topics = std::remove_cvref_t<decltype(topics)>::make(arena, 1);
    auto& topic = topics[0];
    name(topic);
    topic.partitions = std::remove_cvref_t<decltype(topic.partitions)>::make(arena, 1);
    index_of(topic.partitions[0]) = kOnly;
    return topic.partitions[0];
}

// nullptr: the message is about something else, or about more.
template <class Message>
auto* find_partition(const Message& message) {
    auto& topics = topics_of(message);
    const bool is_only = topics.size() == 1 && is_named(topics[0]) &&
                         topics[0].partitions.size() == 1 &&
                         index_of(topics[0].partitions[0]) == kOnly;
    return is_only ? &topics[0].partitions[0] : nullptr;
}

std::unexpected<Error> not_ours() {
    return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                "only partition 0 of __cluster_metadata is served here");
}

template <class Message>
void add_endpoints(Message& message, const raft::Leadership& leadership, Arena& arena) {
    if (leadership.leader == kNoBroker || leadership.endpoints.empty()) return;
    message.node_endpoints = decltype(message.node_endpoints)::make(arena, 1);
    auto& node = message.node_endpoints[0];
    node.node_id = leadership.leader;
    node.host = leadership.endpoints.front().host;
    node.port = leadership.endpoints.front().port;
}

template <class Message>
std::vector<raft::Endpoint> endpoints_in(const Message& message, BrokerId leader) {
    for (const auto& node : message.node_endpoints) {
        if (node.node_id != leader) continue;
        return {{"", std::string(node.host), static_cast<std::uint16_t>(node.port)}};
    }
    return {};
}

template <class Message>
void add_leader_endpoints(Message& message, const raft::Leadership& leadership, Arena& arena) {
    const std::size_t count = leadership.endpoints.size();
    message.leader_endpoints = decltype(message.leader_endpoints)::make(arena, count);
    for (std::size_t i = 0; i < count; ++i) {
        message.leader_endpoints[i].name = leadership.endpoints[i].name;
        message.leader_endpoints[i].host = leadership.endpoints[i].host;
        message.leader_endpoints[i].port = leadership.endpoints[i].port;
    }
}

template <class Message>
raft::Leadership leadership_in(const Message& message, BrokerId leader, LeaderEpoch epoch) {
    raft::Leadership leadership{leader, epoch, {}};
    for (const auto& endpoint : message.leader_endpoints) {
        leadership.endpoints.push_back(
            {std::string(endpoint.name), std::string(endpoint.host), endpoint.port});
    }
    return leadership;
}

// Of the three responses that carry an error and the leader only.
template <class Message>
auto* add_answer(Message& message, ErrorCode error, const raft::Leadership& leadership,
                 Arena& arena) {
    auto& partition = add_partition(message, arena);
    partition.error_code = error;
    partition.leader_id = leadership.leader;
    partition.leader_epoch = leadership.epoch;
    add_endpoints(message, leadership, arena);
    return &partition;
}
template <class Response, class Message>
Response answer_in(const Message& message) {
    Response response;
    response.error = message.error_code;
    const auto* partition = find_partition(message);
    if (partition == nullptr) {
        if (response.error == ErrorCode::NONE) response.error = ErrorCode::UNKNOWN_SERVER_ERROR;
        return response;
    }
    if (response.error == ErrorCode::NONE) response.error = partition->error_code;
    response.leadership = {partition->leader_id, partition->leader_epoch,
                           endpoints_in(message, partition->leader_id)};
    return response;
}

// Of the two fetches.
template <class Message>
auto* add_fetched(Message& message, ErrorCode error, const raft::Leadership& leadership,
                  Arena& arena) {
    auto& partition = add_partition(message, arena);
    partition.error_code = error;
    partition.current_leader.leader_id = leadership.leader;
    partition.current_leader.leader_epoch = leadership.epoch;
    add_endpoints(message, leadership, arena);
    return &partition;
}
template <class Response, class Partition, class Message>
void take_fetched(Response& response, const Partition* partition, const Message& message) {
    response.error = message.error_code;
    if (partition == nullptr) {
        if (response.error == ErrorCode::NONE) response.error = ErrorCode::UNKNOWN_SERVER_ERROR;
        return;
    }
    if (response.error == ErrorCode::NONE) response.error = partition->error_code;
    const BrokerId leader = partition->current_leader.leader_id;
    response.leadership = {leader, partition->current_leader.leader_epoch,
                           endpoints_in(message, leader)};
}

}  // namespace

msg::VoteRequest to_message(const raft::VoteRequest& request, std::string_view cluster_id,
                            ApiVersion, Arena& arena) {
    msg::VoteRequest message;
    message.cluster_id = cluster_id;
    message.voter_id = request.voter.id;
    auto& partition = add_partition(message, arena);
    partition.replica_epoch = request.epoch;
    partition.replica_id = request.candidate.id;
    partition.replica_directory_id = request.candidate.directory;
    partition.voter_directory_id = request.voter.directory;
    partition.last_offset_epoch = request.log_end.epoch;
    partition.last_offset = request.log_end.end;
    partition.pre_vote = request.ballot == raft::Ballot::pre_vote;
    return message;
}

Result<raft::VoteRequest> from_message(const msg::VoteRequest& message) {
    const auto* partition = find_partition(message);
    if (partition == nullptr) return not_ours();
    raft::VoteRequest request;
    request.voter = {message.voter_id, partition->voter_directory_id};
    request.candidate = {partition->replica_id, partition->replica_directory_id};
    request.epoch = partition->replica_epoch;
    request.log_end = {partition->last_offset_epoch, partition->last_offset};
    request.ballot = partition->pre_vote ? raft::Ballot::pre_vote : raft::Ballot::vote;
    return request;
}

msg::VoteResponse to_message(const raft::VoteResponse& response, Arena& arena) {
    msg::VoteResponse message;
    add_answer(message, response.error, response.leadership, arena)->vote_granted =
        response.granted;
    return message;
}

raft::VoteResponse from_message(const msg::VoteResponse& message) {
    auto response = answer_in<raft::VoteResponse>(message);
    if (const auto* partition = find_partition(message)) response.granted = partition->vote_granted;
    return response;
}

msg::BeginQuorumEpochRequest to_message(const raft::BeginQuorumEpochRequest& request,
                                        std::string_view cluster_id, ApiVersion, Arena& arena) {
    msg::BeginQuorumEpochRequest message;
    message.cluster_id = cluster_id;
    message.voter_id = request.voter.id;
    auto& partition = add_partition(message, arena);
    partition.voter_directory_id = request.voter.directory;
    partition.leader_id = request.leadership.leader;
    partition.leader_epoch = request.leadership.epoch;
    add_leader_endpoints(message, request.leadership, arena);
    return message;
}

Result<raft::BeginQuorumEpochRequest> from_message(const msg::BeginQuorumEpochRequest& message) {
    const auto* partition = find_partition(message);
    if (partition == nullptr) return not_ours();
    return raft::BeginQuorumEpochRequest{
        {message.voter_id, partition->voter_directory_id},
        leadership_in(message, partition->leader_id, partition->leader_epoch)};
}

msg::BeginQuorumEpochResponse to_message(const raft::BeginQuorumEpochResponse& response,
                                         Arena& arena) {
    msg::BeginQuorumEpochResponse message;
    add_answer(message, response.error, response.leadership, arena);
    return message;
}

raft::BeginQuorumEpochResponse from_message(const msg::BeginQuorumEpochResponse& message) {
    return answer_in<raft::BeginQuorumEpochResponse>(message);
}

msg::EndQuorumEpochRequest to_message(const raft::EndQuorumEpochRequest& request,
                                      std::string_view cluster_id, ApiVersion, Arena& arena) {
    msg::EndQuorumEpochRequest message;
    message.cluster_id = cluster_id;
    auto& partition = add_partition(message, arena);
    partition.leader_id = request.leadership.leader;
    partition.leader_epoch = request.leadership.epoch;
    const std::size_t count = request.preferred_candidates.size();
    partition.preferred_successors = Array<BrokerId>::make(arena, count);
    partition.preferred_candidates = decltype(partition.preferred_candidates)::make(arena, count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& candidate = request.preferred_candidates[i];
        partition.preferred_successors[i] = candidate.id;
        partition.preferred_candidates[i].candidate_id = candidate.id;
        partition.preferred_candidates[i].candidate_directory_id = candidate.directory;
    }
    add_leader_endpoints(message, request.leadership, arena);
    return message;
}

Result<raft::EndQuorumEpochRequest> from_message(const msg::EndQuorumEpochRequest& message) {
    const auto* partition = find_partition(message);
    if (partition == nullptr) return not_ours();
    raft::EndQuorumEpochRequest request;
    request.leadership = leadership_in(message, partition->leader_id, partition->leader_epoch);
    for (const auto& candidate : partition->preferred_candidates) {
        request.preferred_candidates.push_back(
            {candidate.candidate_id, candidate.candidate_directory_id});
    }
    // Version 0 knows no directories.
    if (!request.preferred_candidates.empty()) return request;
    for (const BrokerId id : partition->preferred_successors) {
        request.preferred_candidates.push_back({id, {}});
    }
    return request;
}

msg::EndQuorumEpochResponse to_message(const raft::EndQuorumEpochResponse& response, Arena& arena) {
    msg::EndQuorumEpochResponse message;
    add_answer(message, response.error, response.leadership, arena);
    return message;
}

raft::EndQuorumEpochResponse from_message(const msg::EndQuorumEpochResponse& message) {
    return answer_in<raft::EndQuorumEpochResponse>(message);
}

msg::FetchRequest to_message(const raft::FetchRequest& request, std::string_view cluster_id,
                             ApiVersion version, Arena& arena) {
    msg::FetchRequest message;
    message.cluster_id = cluster_id;
    if (version >= ApiVersion(15)) {
        message.replica_state.replica_id = request.replica.id;
    } else {
        message.replica_id = request.replica.id;
    }
    message.max_wait_ms = request.max_wait;
    message.max_bytes = request.max_bytes;
    auto& partition = add_partition(message, arena);
    partition.current_leader_epoch = request.epoch;
    partition.fetch_offset = request.offset;
    partition.last_fetched_epoch = request.last_epoch;
    partition.partition_max_bytes = request.max_bytes;
    partition.replica_directory_id = request.replica.directory;
    partition.high_watermark = request.high_watermark;
    return message;
}

Result<raft::FetchRequest> from_message(const msg::FetchRequest& message) {
    const auto* partition = find_partition(message);
    if (partition == nullptr) return not_ours();
    raft::FetchRequest request;
    // Which of the two is set depends on the version.
    request.replica.id = std::max(message.replica_id, message.replica_state.replica_id);
    request.replica.directory = partition->replica_directory_id;
    request.epoch = partition->current_leader_epoch;
    request.offset = partition->fetch_offset;
    request.last_epoch = std::max(partition->last_fetched_epoch, LeaderEpoch(0));
    request.high_watermark = partition->high_watermark;
    request.max_wait = std::max(message.max_wait_ms, Millis(0));
    // Kafka's replicas leave the limit to the leader.
    const std::int32_t most = std::max(message.max_bytes, partition->partition_max_bytes);
    request.max_bytes = std::clamp(most, 1, 8 << 20);
    return request;
}

msg::FetchResponse to_message(const raft::FetchResponse& response, Arena& arena) {
    msg::FetchResponse message;
    auto* partition = add_fetched(message, response.error, response.leadership, arena);
    partition->high_watermark = response.high_watermark;
    partition->log_start_offset = kNoOffset;
    if (response.diverging) {
        partition->diverging_epoch.epoch = response.diverging->epoch;
        partition->diverging_epoch.end_offset = response.diverging->end;
    }
    if (response.snapshot) {
        partition->snapshot_id.end_offset = response.snapshot->end;
        partition->snapshot_id.epoch = response.snapshot->epoch;
    }
    partition->records = Records(response.records);
    return message;
}

raft::FetchResponse from_message(const msg::FetchResponse& message) {
    raft::FetchResponse response;
    const auto* partition = find_partition(message);
    take_fetched(response, partition, message);
    if (partition == nullptr) return response;
    response.high_watermark = partition->high_watermark;
    if (partition->diverging_epoch.end_offset.value() >= 0) {
        response.diverging = {partition->diverging_epoch.epoch,
                              partition->diverging_epoch.end_offset};
    }
    if (partition->snapshot_id.end_offset.value() >= 0) {
        response.snapshot = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    }
    response.records = partition->records.bytes();
    return response;
}

msg::FetchSnapshotRequest to_message(const raft::FetchSnapshotRequest& request,
                                     std::string_view cluster_id, ApiVersion, Arena& arena) {
    msg::FetchSnapshotRequest message;
    message.cluster_id = cluster_id;
    message.replica_id = request.replica.id;
    message.max_bytes = request.max_bytes;
    auto& partition = add_partition(message, arena);
    partition.current_leader_epoch = request.epoch;
    partition.snapshot_id.end_offset = request.id.end;
    partition.snapshot_id.epoch = request.id.epoch;
    partition.position = static_cast<std::int64_t>(request.position);
    partition.replica_directory_id = request.replica.directory;
    return message;
}

Result<raft::FetchSnapshotRequest> from_message(const msg::FetchSnapshotRequest& message) {
    const auto* partition = find_partition(message);
    if (partition == nullptr) return not_ours();
    if (partition->position < 0) {
        return fail(ErrorCode::POSITION_OUT_OF_RANGE, "a snapshot has no negative positions");
    }
    raft::FetchSnapshotRequest request;
    request.replica = {message.replica_id, partition->replica_directory_id};
    request.epoch = partition->current_leader_epoch;
    request.id = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    request.position = static_cast<std::uint64_t>(partition->position);
    request.max_bytes = std::clamp(message.max_bytes, 1, 8 << 20);
    return request;
}

msg::FetchSnapshotResponse to_message(const raft::FetchSnapshotResponse& response, Arena& arena) {
    msg::FetchSnapshotResponse message;
    auto* partition = add_fetched(message, response.error, response.leadership, arena);
    partition->snapshot_id.end_offset = response.id.end;
    partition->snapshot_id.epoch = response.id.epoch;
    partition->size = static_cast<std::int64_t>(response.size);
    partition->position = static_cast<std::int64_t>(response.position);
    partition->unaligned_records = Records(response.bytes);
    return message;
}

raft::FetchSnapshotResponse from_message(const msg::FetchSnapshotResponse& message) {
    raft::FetchSnapshotResponse response;
    const auto* partition = find_partition(message);
    take_fetched(response, partition, message);
    if (partition == nullptr) return response;
    response.id = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    response.size = static_cast<std::uint64_t>(std::max<std::int64_t>(partition->size, 0));
    response.position = static_cast<std::uint64_t>(std::max<std::int64_t>(partition->position, 0));
    response.bytes = partition->unaligned_records.bytes();
    return response;
}

}  // namespace milena::quorum
