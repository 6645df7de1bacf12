#include "replication/metadata/sessions.h"

#include <algorithm>

namespace milena::metadata {

const BrokerContact* Sessions::find(const BrokerImage& broker) const {
    const auto at = contacts_.find(broker.id);
    return at != contacts_.end() && at->second.epoch == broker.epoch ? &at->second : nullptr;
}

MonoTime Sessions::last_contact(const BrokerImage& broker) const {
    const BrokerContact* contact = find(broker);
    return contact ? contact->time : active_since_;
}

const BrokerImage* Sessions::first_expired(const Image& image, Nanos timeout, MonoTime now) const {
    const BrokerImage* first = nullptr;
    for (const auto& broker : image.brokers) {
        if (broker->is_fenced || is_live(*broker, timeout, now)) continue;
        if (!first || last_contact(*broker) < last_contact(*first)) first = broker.get();
    }
    return first;
}

std::optional<MonoTime> Sessions::next_expiry(const Image& image, Nanos timeout) const {
    std::optional<MonoTime> next;
    for (const auto& broker : image.brokers) {
        if (broker->is_fenced) continue;
        const MonoTime expiry = last_contact(*broker) + timeout;
        next = next ? std::min(*next, expiry) : expiry;
    }
    return next;
}

std::optional<Offset> Sessions::lowest_active_end(const Image& image) const {
    std::optional<Offset> lowest;
    for (const auto& broker : image.brokers) {
        if (!broker->is_active()) continue;
        const BrokerContact* contact = find(*broker);
        const Offset end = contact ? contact->metadata_end : Offset(0);
        lowest = lowest ? std::min(*lowest, end) : end;
    }
    return lowest;
}

std::optional<Offset> Sessions::shutdown_end(const BrokerImage& broker) const {
    const BrokerContact* contact = find(broker);
    return contact ? contact->shutdown_end : std::nullopt;
}

}  // namespace milena::metadata
