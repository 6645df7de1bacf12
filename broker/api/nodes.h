// Which broker a client can reach, and where: only endpoints of the listener it came in by count.
#pragma once

#include "replication/metadata/image.h"

#include <string_view>

namespace milena::api {

// Unfenced and reachable by `listener`: its endpoint, else nullptr.
inline const metadata::Endpoint* reachable(const metadata::BrokerImage& broker,
                                           std::string_view listener) {
    return broker.is_fenced ? nullptr : broker.endpoint(listener);
}

// Clients send requests for the controller to any broker, which forwards them; Kafka names a random
// live broker in this place (semantics F5). kNoBroker when there is none.
inline BrokerId any_active_broker(const metadata::Image& image, std::string_view listener) {
    for (const auto& broker : image.brokers) {
        if (reachable(*broker, listener) != nullptr) return broker->id;
    }
    return kNoBroker;
}

}  // namespace milena::api
