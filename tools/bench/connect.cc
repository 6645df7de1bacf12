#include "tools/bench/connect.h"

#include "tools/client/offsets.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::bench {
namespace {

Status wait_until_served(client::Cluster& cluster, const client::TopicInfo& topic) {
    std::map<PartitionIndex, TimestampMs> ends;
    for (const auto& partition : topic.partitions) ends.emplace(partition.index, client::kLatest);
    MILENA_TRY(client::list_offsets(cluster, topic.name, std::move(ends),
                                    client::Isolation::read_uncommitted,
                                    cluster.operation_deadline()));
    return {};
}

Result<Line> open_line(client::Cluster& cluster, const client::Endpoint& leader, ApiKey api,
                       std::int16_t oldest_version) {
    MILENA_ASSIGN(auto connection,
                  client::Connection::open(leader, cluster.settings().client_id,
                                           cluster.request_deadline(), cluster.clock()));
    MILENA_ASSIGN(const ApiVersion version, connection->version_of(api, api_row(api).max_version));
    if (version.value() < oldest_version) {
        return fail(
            ErrorCode::UNSUPPORTED_VERSION,
            fmt::format("the bench needs version {} of {} or newer, the broker {} has {}",
                        oldest_version, api_row(api).name, leader.to_string(), version.value()));
    }
    return Line{connection->release_socket(), version, {}};
}

}  // namespace

Result<std::vector<Line>> open_lines(client::Cluster& cluster, const std::string& topic,
                                     std::int32_t count, ApiKey api, std::int16_t oldest_version) {
    MILENA_ASSIGN(const auto info,
                  cluster.topic_with_leaders(topic, false, cluster.operation_deadline()));
    MILENA_TRY(wait_until_served(cluster, info));
    std::map<BrokerId, std::vector<Target>> by_leader;
    for (const auto& partition : info.partitions) {
        by_leader[partition.leader].push_back({topic, info.id, partition.index});
    }
    std::vector<Line> lines;
    while (lines.size() < static_cast<std::size_t>(count)) {
        for (const auto& [leader, targets] : by_leader) {
            if (lines.size() == static_cast<std::size_t>(count)) break;
            const auto endpoint = cluster.brokers().find(leader);
            if (endpoint == cluster.brokers().end()) {
                return fail(ErrorCode::LEADER_NOT_AVAILABLE,
                            fmt::format("broker {} has no address", leader.value()));
            }
            MILENA_ASSIGN(Line line, open_line(cluster, endpoint->second, api, oldest_version));
            // Each connection begins with another partition.
            line.targets = targets;
            std::ranges::rotate(
                line.targets,
                line.targets.begin() + static_cast<std::ptrdiff_t>(lines.size() % targets.size()));
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

}  // namespace milena::bench
