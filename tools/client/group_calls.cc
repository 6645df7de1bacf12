#include "tools/client/group_calls.h"

#include <fmt/format.h>

namespace milena::client {
namespace {

constexpr ApiVersion kBatched{4};

Result<Coordinator> ask(Cluster& cluster, const std::string& key_text, CoordinatorOf kind,
                        ErrorCode& code) {
    MILENA_ASSIGN(Connection* const connection, cluster.any_broker());
    MILENA_ASSIGN(
        const auto version,
        connection->version_of(ApiKey::FindCoordinator, msg::FindCoordinatorRequest::kMaxVersion));
    std::string_view key = key_text;
    msg::FindCoordinatorRequest request;
    request.key_type = static_cast<std::int8_t>(kind);
    if (version < kBatched) {
        request.key = key;
    } else {
        request.coordinator_keys = Array<std::string_view>(&key, 1);
    }
    auto reply = connection->call(request, cluster.request_deadline());
    if (!reply) {
        cluster.forget(connection);
        return std::unexpected(reply.error());
    }
    const auto& message = (*reply)->message;
    Coordinator found;
    if (version < kBatched) {
        code = message.error_code;
        found = {message.node_id,
                 {std::string(message.host), static_cast<std::uint16_t>(message.port)}};
    } else if (message.coordinators.size() == 1) {
        const auto& only = message.coordinators[0];
        code = only.error_code;
        found = {only.node_id, {std::string(only.host), static_cast<std::uint16_t>(only.port)}};
    } else {
        return fail(ErrorCode::CORRUPT_MESSAGE, "one coordinator was asked for, the broker names " +
                                                    std::to_string(message.coordinators.size()));
    }
    return found;
}

}  // namespace

Error coordinator_error(const std::string& key, CoordinatorOf kind, ErrorCode code) {
    const auto* what = kind == CoordinatorOf::group ? "group" : "transactional id";
    return {code, fmt::format("{} '{}': {}", what, key, error_name(code))};
}

Error group_error(const std::string& group, ErrorCode code) {
    return coordinator_error(group, CoordinatorOf::group, code);
}

bool coordinator_may_come(Cluster& cluster, ErrorCode code, MonoTime deadline) {
    switch (code) {
        case ErrorCode::COORDINATOR_LOAD_IN_PROGRESS:
        case ErrorCode::COORDINATOR_NOT_AVAILABLE:
        case ErrorCode::NOT_COORDINATOR:
        case ErrorCode::CONCURRENT_TRANSACTIONS:
        case ErrorCode::UNSTABLE_OFFSET_COMMIT:
            break;
        default:
            return false;
    }
    return cluster.try_again({code, "the coordinator is not ready: " + error_name(code)}, deadline);
}

Result<Coordinator> find_coordinator(Cluster& cluster, const std::string& key, CoordinatorOf kind) {
    const auto deadline = cluster.operation_deadline();
    while (true) {
        auto code = ErrorCode::NONE;
        auto found = ask(cluster, key, kind, code);
        if (!found) {
            if (!cluster.try_again(found.error(), deadline)) return found;
            continue;
        }
        if (code == ErrorCode::NONE) {
            // The coordinator may be a broker that came after the last look.
            if (!cluster.brokers().contains(found->id)) MILENA_TRY(cluster.topics({}, false));
            return found;
        }
        if (!coordinator_may_come(cluster, code, deadline)) {
            return std::unexpected(coordinator_error(key, kind, code));
        }
    }
}

}  // namespace milena::client
