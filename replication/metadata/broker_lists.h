// Small sets of brokers as the vectors they are stored in: replicas, in-sync replicas.
#pragma once

#include "protocol/base/ids.h"

#include <algorithm>
#include <vector>

namespace milena::metadata {

inline bool contains(const std::vector<BrokerId>& ids, BrokerId id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

inline bool contains_all(const std::vector<BrokerId>& ids, const std::vector<BrokerId>& some) {
    return std::all_of(some.begin(), some.end(), [&](BrokerId id) { return contains(ids, id); });
}

// `ids` without those in `others`, in their order.
inline std::vector<BrokerId> without(std::vector<BrokerId> ids,
                                     const std::vector<BrokerId>& others) {
    std::erase_if(ids, [&](BrokerId id) { return contains(others, id); });
    return ids;
}
inline std::vector<BrokerId> without(std::vector<BrokerId> ids, BrokerId other) {
    std::erase(ids, other);
    return ids;
}

}  // namespace milena::metadata
