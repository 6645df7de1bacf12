#include "replication/metadata/placement.h"

#include <algorithm>
#include <map>

namespace milena::metadata {
namespace {

struct Rack {
    std::vector<BrokerId> active;
    std::vector<BrokerId> fenced;
    std::size_t next_leader = 0;  // in active: moves on when the rack has given a leader
};

void shuffle(std::vector<BrokerId>& brokers, Random& random) {
    for (std::size_t i = brokers.size(); i > 1; --i) {
        std::swap(brokers[i - 1], brokers[random.below(i)]);
    }
}

std::vector<Rack> racks_of(const std::vector<UsableBroker>& brokers, Random& random) {
    std::map<std::optional<std::string>, Rack> by_name;
    for (const auto& broker : brokers) {
        auto& rack = by_name[broker.rack];
        (broker.is_fenced ? rack.fenced : rack.active).push_back(broker.id);
    }
    std::vector<Rack> racks;
    for (auto& [name, rack] : by_name) {
        shuffle(rack.active, random);
        shuffle(rack.fenced, random);
        racks.push_back(std::move(rack));
    }
    return racks;
}

// One from each rack in turn, beginning with racks[first], until there are enough.
void take(const std::vector<Rack>& racks, std::size_t first, std::vector<BrokerId> Rack::* kind,
          std::size_t enough, std::vector<BrokerId>& replicas) {
    for (std::size_t round = 0; replicas.size() < enough; ++round) {
        bool any = false;
        for (std::size_t i = 0; i < racks.size() && replicas.size() < enough; ++i) {
            const Rack& rack = racks[(first + i) % racks.size()];
            const auto& brokers = rack.*kind;
            if (round >= brokers.size()) continue;
            any = true;
            replicas.push_back(brokers[(rack.next_leader + round) % brokers.size()]);
        }
        if (!any) return;
    }
}

std::vector<BrokerId> take_replicas(std::vector<Rack>& racks, std::size_t first,
                                    std::size_t enough) {
    std::vector<BrokerId> replicas;
    replicas.reserve(enough);
    take(racks, first, &Rack::active, enough, replicas);
    take(racks, first, &Rack::fenced, enough, replicas);
    for (std::size_t i = 0; i < racks.size(); ++i) {
        Rack& rack = racks[(first + i) % racks.size()];
        if (rack.active.empty()) continue;
        ++rack.next_leader;  // it gave the leader
        break;
    }
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
    if (std::all_of(brokers.begin(), brokers.end(), [](const auto& b) { return b.is_fenced; })) {
        return fail(ErrorCode::INVALID_REPLICATION_FACTOR,
                    "all brokers are fenced, so no partition could have a leader; retry when one "
                    "has started");
    }
    auto racks = racks_of(brokers, random);
    const std::size_t start = random.below(racks.size());
    std::vector<std::vector<BrokerId>> placed(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < placed.size(); ++i) {
        placed[i] = take_replicas(racks, start + i, wanted);
    }
    return placed;
}

}  // namespace milena::metadata
