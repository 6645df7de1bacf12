// DescribeLogDirs (35), v1-4. KIP-113, KIP-827 (total and usable bytes).
// Errors per directory: KAFKA_STORAGE_ERROR. Differences from Kafka: none known.
#include "protocol/msg/describe_log_dirs.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"

#include <map>
#include <set>

namespace milena::api {
namespace {

using Body = msg::DescribeLogDirsRequest;
using Response = msg::DescribeLogDirsResponse;

// Which partitions are asked for; nullopt: all.
using Wanted = std::optional<std::set<std::pair<std::string_view, PartitionIndex>>>;

Wanted wanted_of(const Body& body) {
    if (body.topics.is_null()) return std::nullopt;
    Wanted wanted(std::in_place);
    for (const auto& topic : body.topics) {
        for (const auto index : topic.partitions) wanted->emplace(topic.topic, index);
    }
    return wanted;
}

// Sizes by directory and topic.
using Sizes =
    std::map<std::string, std::map<std::string, std::vector<Response::DescribeLogDirsPartition>>>;

Sizes measure(const Services& services, const Wanted& wanted) {
    Sizes sizes;
    for (const auto& partition : services.partitions.all()) {
        const auto& name = partition->name();
        if (wanted && !wanted->contains({name.topic, name.index})) continue;
        Response::DescribeLogDirsPartition entry;
        entry.partition_index = name.index;
        entry.partition_size = static_cast<std::int64_t>(partition->size_bytes());
        entry.offset_lag = 0;
        sizes[services.store.path_of(partition->directory())][name.topic].push_back(entry);
    }
    return sizes;
}

void describe_log_dirs(Services& services, const Request<Body>& request, Reply<Response> reply) {
    using Topic = Response::DescribeLogDirsTopic;
    auto sizes = measure(services, wanted_of(request.body));
    const auto directories = services.store.directories();
    Response response;
    response.results = decltype(response.results)::make(request.arena, directories.size());
    for (std::size_t d = 0; d < directories.size(); ++d) {
        auto& out = response.results[d];
        out.log_dir = request.arena.copy(directories[d].path);
        if (const auto& space = directories[d].space; space && directories[d].is_online) {
            out.total_bytes = static_cast<std::int64_t>(space->total);
            out.usable_bytes = static_cast<std::int64_t>(space->free);
        } else {
            out.error_code = ErrorCode::KAFKA_STORAGE_ERROR;
        }
        auto& topics = sizes[directories[d].path];
        out.topics = Array<Topic>::make(request.arena, topics.size());
        std::size_t t = 0;
        for (auto& [name, partitions] : topics) {
            out.topics[t].name = name;
            out.topics[t].partitions = Array<Response::DescribeLogDirsPartition>(partitions);
            ++t;
        }
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DescribeLogDirs, describe_log_dirs)

}  // namespace milena::api
