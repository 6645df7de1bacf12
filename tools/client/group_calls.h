// Asking the coordinator of a group: finds it, and finds it again while it moves or loads.
#pragma once

#include "tools/client/cluster.h"

#include <string>

namespace milena::client {

struct Coordinator {
    BrokerId id = kNoBroker;
    Endpoint endpoint;
};

Result<Coordinator> find_coordinator(Cluster& cluster, const std::string& group);

// The words for an error that the coordinator of `group` gave.
Error group_error(const std::string& group, ErrorCode code);

// Waits a moment when another try may find a coordinator that is ready.
bool coordinator_may_come(Cluster& cluster, ErrorCode code, MonoTime deadline);

// `make(ApiVersion)` gives the request in that version's form, `code_of(reply)` the error that the
// coordinator gave as a whole.
template <class Request, class Make, class CodeOf>
Result<ReplyTo<Request>> ask_coordinator(Cluster& cluster, const std::string& group, Make&& make,
                                         CodeOf&& code_of) {
    const auto deadline = cluster.operation_deadline();
    while (true) {
        MILENA_ASSIGN(const auto coordinator, find_coordinator(cluster, group));
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
            return std::unexpected(group_error(group, code));
        }
    }
}

}  // namespace milena::client
