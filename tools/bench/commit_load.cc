#include "tools/bench/commit_load.h"

#include "tools/bench/closed_loop.h"
#include "tools/client/group_calls.h"
#include "tools/client/groups.h"

#include <fmt/format.h>

namespace milena::bench {
namespace {

// The last version that names topics.
constexpr int kByName = 9;

Result<Frame> commit_frame(const std::string& group, const client::TopicInfo& topic, Offset offset,
                           ApiVersion version, const std::string& client_id) {
    using Request = msg::OffsetCommitRequest;
    std::vector<Request::OffsetCommitRequestPartition> partitions;
    for (const auto& partition : topic.partitions) {
        auto& added = partitions.emplace_back();
        added.partition_index = partition.index;
        added.committed_offset = offset;
    }
    Request::OffsetCommitRequestTopic named;
    named.name = topic.name;
    named.partitions =
        Array<Request::OffsetCommitRequestPartition>(partitions.data(), partitions.size());
    Request request;
    request.group_id = group;
    request.topics = Array<Request::OffsetCommitRequestTopic>(&named, 1);
    MILENA_ASSIGN(auto frame, encode_request(CorrelationId(0), version, client_id, request));
    return std::move(frame.bytes);
}

Result<std::int32_t> read_answer(ByteView answer, ApiVersion version) {
    MILENA_ASSIGN(const auto head, decode_response_header(answer, ApiKey::OffsetCommit, version));
    Arena arena;
    MILENA_ASSIGN(const auto message,
                  decode_message<msg::OffsetCommitResponse>(answer.subspan(head.size), version,
                                                            arena, kTrustedLimits));
    for (const auto& topic : message.topics) {
        for (const auto& partition : topic.partitions) {
            if (partition.error_code == ErrorCode::NONE) continue;
            return fail(partition.error_code,
                        fmt::format("the broker refuses a position of partition {} of '{}': {}",
                                    partition.partition_index.value(), topic.name,
                                    error_name(partition.error_code)));
        }
    }
    return head.correlation_id.value();
}

}  // namespace

Result<Figures> run_commit_load(client::Cluster& cluster, const CommitLoad& load) {
    MILENA_ASSIGN(const auto topic,
                  cluster.topic_with_leaders(load.topic, false, cluster.operation_deadline()));
    ClosedLoop loop;
    loop.in_flight = load.in_flight;
    loop.measure = load.measure;
    std::vector<ApiVersion> versions;
    for (std::int32_t i = 0; i < load.connections; ++i) {
        const auto group = fmt::format("{}-{}", load.group_prefix, i);
        // An answer shows that the coordinator has loaded the group's shard.
        MILENA_TRY(client::committed_offsets(cluster, group));
        MILENA_ASSIGN(const auto coordinator, client::find_coordinator(cluster, group));
        MILENA_ASSIGN(auto connection,
                      client::Connection::open(coordinator.endpoint, cluster.settings().client_id,
                                               cluster.request_deadline(), cluster.clock()));
        MILENA_ASSIGN(const auto version, connection->version_of(ApiKey::OffsetCommit, kByName));
        auto& lane = loop.lanes.emplace_back();
        for (int k = 0; k < 16; ++k) {
            MILENA_ASSIGN(auto frame, commit_frame(group, topic, Offset(1000 + k), version,
                                                   cluster.settings().client_id));
            lane.frames.push_back(std::move(frame));
        }
        lane.socket = connection->release_socket();
        versions.push_back(version);
    }
    loop.read = [versions](ByteView answer, std::size_t lane) {
        return read_answer(answer, versions[lane]);
    };
    return run_closed_loop(std::move(loop), cluster.clock());
}

}  // namespace milena::bench
