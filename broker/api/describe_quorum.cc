// DescribeQuorum (55), v0-2: leader, voters and observers of __cluster_metadata-0. KIP-595,
// KIP-836, KIP-853. Answered by the leader of the quorum, on both planes. Errors:
// NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION. Differences from Kafka: a request that names
// anything else besides is refused as a whole.
#include "protocol/msg/describe_quorum.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/quorum/raft_network.h"
#include "replication/raft/state.h"

namespace milena::api {
namespace {

using Response = msg::DescribeQuorumResponse;

constexpr std::string_view kTopic = "__cluster_metadata";

bool asks_for_the_quorum(const msg::DescribeQuorumRequest& request) {
    return request.topics.size() == 1 && request.topics[0].topic_name == kTopic &&
           request.topics[0].partitions.size() == 1 &&
           request.topics[0].partitions[0].partition_index == PartitionIndex(0);
}

constexpr ApiVersion kWithDirectories(2);

// Between the clock of the machine and the one that clients read; and what the answer can tell.
struct Times {
    MonoTime now;
    TimestampMs wall_now;
    bool with_directories = true;

    TimestampMs at(MonoTime time) const {
        return wall_now - std::chrono::duration_cast<Millis>(now - time).count();
    }
};

Response::ReplicaState describe(const raft::ReplicaState& replica, const Times& times) {
    Response::ReplicaState described;
    described.replica_id = replica.key.id;
    if (times.with_directories) described.replica_directory_id = replica.key.directory;
    described.log_end_offset = replica.end;
    if (replica.last_fetch) described.last_fetch_timestamp = times.at(*replica.last_fetch);
    if (replica.last_caught_up != MonoTime{}) {
        described.last_caught_up_timestamp = times.at(replica.last_caught_up);
    }
    return described;
}

Response::ReplicaState describe(const raft::State& self, const Times& times) {
    Response::ReplicaState described;
    described.replica_id = self.self.id;
    if (times.with_directories) described.replica_directory_id = self.self.directory;
    described.log_end_offset = self.log_end;
    described.last_fetch_timestamp = times.wall_now;
    described.last_caught_up_timestamp = times.wall_now;
    return described;
}

Response::Node describe(const raft::Voter& voter, Arena& arena) {
    Response::Node node;
    node.node_id = voter.id;
    node.listeners = Array<Response::Listener>::make(arena, voter.endpoints.size());
    for (std::size_t i = 0; i < voter.endpoints.size(); ++i) {
        const auto& endpoint = voter.endpoints[i];
        node.listeners[i] = {endpoint.name, endpoint.host, endpoint.port};
    }
    return node;
}

void describe_replicas(const raft::State& state, const Times& times, Arena& arena,
                       Response::PartitionData& partition) {
    const auto& leader = std::get<raft::Leader>(state.role);
    auto voters = Array<Response::ReplicaState>::make(arena, state.voters().voters.size());
    for (std::size_t i = 0; i < voters.size(); ++i) {
        const auto& voter = state.voters().voters[i];
        const auto* replica = leader.find(voter.key());
        voters[i] = voter.id == state.self.id ? describe(state, times)
                    : replica != nullptr      ? describe(*replica, times)
                                         : describe(raft::ReplicaState{.key = voter.key()}, times);
    }
    partition.current_voters = voters;
    auto observers = Array<Response::ReplicaState>::make(arena, leader.replicas.size());
    std::size_t count = 0;
    for (const auto& replica : leader.replicas) {
        if (!state.voters().contains(replica.key)) observers[count++] = describe(replica, times);
    }
    partition.observers = Array<Response::ReplicaState>(observers.data(), count);
}

void answer(const raft::State& state, const Times& times, Reply<Response>& reply) {
    Arena arena;
    Response response;
    if (!state.is_leader()) {
        response.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
        return reply.send(response);
    }
    auto topics = Array<Response::TopicData>::make(arena, 1);
    auto partitions = Array<Response::PartitionData>::make(arena, 1);
    partitions[0].leader_id = state.election.leader;
    partitions[0].leader_epoch = state.election.epoch;
    partitions[0].high_watermark = state.high_watermark;
    partitions[0].error_message = NullableString();
    describe_replicas(state, times, arena, partitions[0]);
    topics[0].topic_name = kTopic;
    topics[0].partitions = partitions;
    response.topics = topics;
    response.error_message = NullableString();
    if (!times.with_directories) return reply.send(response);
    const auto& voters = state.voters().voters;
    response.nodes = Array<Response::Node>::make(arena, voters.size());
    for (std::size_t i = 0; i < voters.size(); ++i) response.nodes[i] = describe(voters[i], arena);
    reply.send(response);
}

void refuse(const Request<msg::DescribeQuorumRequest>& request, Reply<Response> reply) {
    Response response;
    response.topics = Array<Response::TopicData>::make(request.arena, request.body.topics.size());
    for (std::size_t i = 0; i < response.topics.size(); ++i) {
        const auto& asked = request.body.topics[i];
        auto& topic = response.topics[i];
        topic.topic_name = asked.topic_name;
        topic.partitions =
            Array<Response::PartitionData>::make(request.arena, asked.partitions.size());
        for (std::size_t k = 0; k < topic.partitions.size(); ++k) {
            topic.partitions[k].partition_index = asked.partitions[k].partition_index;
            topic.partitions[k].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        }
    }
    reply.send(response);
}

void describe_quorum(Services& services, const Request<msg::DescribeQuorumRequest>& request,
                     Reply<Response> reply) {
    if (!asks_for_the_quorum(request.body)) return refuse(request, std::move(reply));
    const bool is_taken = services.raft->look([reply = std::move(reply), &clock = services.clock](
                                                  const raft::State& state, MonoTime now) mutable {
        answer(state, {now, clock.wall_now(), reply.version() >= kWithDirectories}, reply);
    });
    // The reply has closed its connection when it was not.
    (void)is_taken;
}

}  // namespace

MILENA_HANDLER(DescribeQuorum, describe_quorum)

}  // namespace milena::api
