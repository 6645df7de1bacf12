// Asking the coordinator of a group or a transaction: finds it, and finds it again while it moves
// or loads.
#pragma once

#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::client {

struct Coordinator {
    BrokerId id = kNoBroker;
    Endpoint endpoint;
};

// Numbers of FindCoordinator.
enum class CoordinatorOf : std::int8_t { group = 0, transaction = 1 };

// `key`: the group's name or the transactional id.
Result<Coordinator> find_coordinator(Cluster& cluster, const std::string& key,
                                     CoordinatorOf kind = CoordinatorOf::group);

// The words for an error that the coordinator of `group` gave.
Error group_error(const std::string& group, ErrorCode code);
Error coordinator_error(const std::string& key, CoordinatorOf kind, ErrorCode code);

// Waits a moment when another try may find a coordinator that is ready.
bool coordinator_may_come(Cluster& cluster, ErrorCode code, MonoTime deadline);

// `make(ApiVersion)` gives the request in that version's form, `code_of(reply)` the error that the
// coordinator gave as a whole.
template <class Request, class Make, class CodeOf>
Result<ReplyTo<Request>> ask_coordinator(Cluster& cluster, const std::string& key, Make&& make,
                                         CodeOf&& code_of,
                                         CoordinatorOf kind = CoordinatorOf::group) {
    const auto deadline = cluster.operation_deadline();
    while (true) {
        MILENA_ASSIGN(const auto coordinator, find_coordinator(cluster, key, kind));
        MILENA_ASSIGN(Connection* const connection, cluster.broker(coordinator.id));
        MILENA_ASSIGN(const auto version,
                      connection->version_of(Request::kApiKey, Request::kMaxVersion));
        const Request& request = make(version);
        auto reply = connection->call(request, cluster.request_deadline());
        if (!reply) {
            cluster.forget(connection);
            if (!cluster.try_again(reply.error(), deadline)) return reply;
            continue;
        }
        const ErrorCode code = code_of((*reply)->message);
        if (code == ErrorCode::NONE) return reply;
        if (!coordinator_may_come(cluster, code, deadline)) {
            return std::unexpected(coordinator_error(key, kind, code));
        }
    }
}

}  // namespace milena::client
