#include "tools/client/membership.h"

#include "tools/client/classic_member.h"
#include "tools/client/consumer_member.h"
#include "tools/client/interrupt.h"

#include <fmt/format.h>

namespace milena::client {

std::unique_ptr<Membership> Membership::make(Cluster& cluster, MemberSettings settings,
                                             Random& random) {
    if (settings.protocol == GroupProtocol::consumer) {
        return std::make_unique<ConsumerMember>(cluster, std::move(settings), random);
    }
    return std::make_unique<ClassicMember>(cluster, std::move(settings));
}

Result<Connection*> Membership::coordinator() {
    if (!coordinator_) {
        MILENA_ASSIGN(const auto found, find_coordinator(cluster_, settings_.group));
        coordinator_ = found.id;
    }
    return cluster_.broker(*coordinator_);
}

void Membership::lose(const Connection* connection) {
    cluster_.forget(connection);
    coordinator_.reset();
}

bool Membership::wait_for_answer(Connection& connection, MonoTime deadline) {
    const int handle = connection.socket().handle();
    // Signals end the wait, but may come before it.
    constexpr Millis kStep{500};
    while (interrupted_by() == 0 && cluster_.clock().now() < deadline) {
        const auto until = std::min(deadline, cluster_.clock().now() + kStep);
        if (!wait_readable(std::span(&handle, 1), until, cluster_.clock()).empty()) return true;
    }
    return false;
}

bool Membership::has_moved(ErrorCode code) {
    return code == ErrorCode::NOT_COORDINATOR || code == ErrorCode::COORDINATOR_NOT_AVAILABLE ||
           code == ErrorCode::COORDINATOR_LOAD_IN_PROGRESS;
}

Error Membership::refused(std::string_view what, ErrorCode code) const {
    return {code, fmt::format("group '{}': {}: {}", settings_.group, what, error_name(code))};
}

}  // namespace milena::client
