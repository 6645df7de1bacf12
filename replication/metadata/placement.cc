#include "replication/metadata/placement.h"

#include <algorithm>
#include <map>

namespace milena::metadata {
namespace {

struct Rack {
    std::vector<BrokerId> active;
    std::vector<BrokerId> fenced;
    std::size_t next_leader = 0;  // in active: moves on when the rack has given a leader

    std::size_t size() const { return active.size() + fenced.size(); }
    // Its brokers in the order in which they get replicas, the active ones first.
    BrokerId broker(std::size_t i) const {
        return i < active.size() ? active[(next_leader + i) % active.size()]
                                 : fenced[i - active.size()];
    }
};

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
    for (std::size_t i = items.size(); i > 1; --i) {
        std::swap(items[i - 1], items[random.below(i)]);
    }
}

std::vector<Rack> racks_of(const std::vector<UsableBroker>& brokers) {
    std::map<std::optional<std::string>, Rack> by_name;
    for (const auto& broker : brokers) {
        auto& rack = by_name[broker.rack];
        (broker.is_fenced ? rack.fenced : rack.active).push_back(broker.id);
    }
    std::vector<Rack> racks;
    for (auto& [name, rack] : by_name) racks.push_back(std::move(rack));
    return racks;
}

void shuffle_all(std::vector<Rack>& racks, Random& random) {
    shuffle(racks, random);
    for (Rack& rack : racks) {
        shuffle(rack.active, random);
        shuffle(rack.fenced, random);
        rack.next_leader = 0;
    }
}

// The leader out of the first rack from racks[first] on that has an active broker; then one broker
// of each rack in turn, until there are enough.
std::vector<BrokerId> take_replicas(std::vector<Rack>& racks, std::size_t first,
                                    std::size_t enough) {
    const auto rack_at = [&](std::size_t i) -> Rack& { return racks[(first + i) % racks.size()]; };
    std::size_t leading = 0;
    while (rack_at(leading).active.empty()) ++leading;
    std::vector<BrokerId> replicas{rack_at(leading).broker(0)};
    for (std::size_t round = 0; replicas.size() < enough; ++round) {
        for (std::size_t i = 0; i < racks.size() && replicas.size() < enough; ++i) {
            if (round == 0 && i == leading) continue;
            if (round < rack_at(i).size()) replicas.push_back(rack_at(i).broker(round));
        }
    }
    ++rack_at(leading).next_leader;
    return replicas;
}

}  // namespace

Result<std::vector<std::vector<BrokerId>>> place_replicas(const std::vector<UsableBroker>& brokers,
                                                          std::int32_t count,
                                                          std::int16_t replication_factor,
                                                          Random& random) {
    const auto wanted = static_cast<std::size_t>(replication_factor);
    if (brokers.size() < wanted) {
        return fail(ErrorCode::INVALID_REPLICATION_FACTOR,
                    "replication factor " + std::to_string(replication_factor) +
                        " needs as many brokers, but only " + std::to_string(brokers.size()) +
                        " can take replicas; start more brokers or ask for fewer replicas");
    }
    const auto active = static_cast<std::size_t>(std::count_if(
        brokers.begin(), brokers.end(), [](const auto& broker) { return !broker.is_fenced; }));
    if (active == 0) {
        return fail(ErrorCode::INVALID_REPLICATION_FACTOR,
                    "all brokers are fenced, so no partition could have a leader; retry when one "
                    "has started");
    }
    auto racks = racks_of(brokers);
    std::vector<std::vector<BrokerId>> placed(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < placed.size(); ++i) {
        // Once everybody has led, another order: otherwise one broker's leaders would all have the
        // same follower next in line.
        if (i % active == 0) shuffle_all(racks, random);
        placed[i] = take_replicas(racks, i, wanted);
    }
    return placed;
}

}  // namespace milena::metadata
