#include "broker/coordinator/txn/state.h"

#include <algorithm>
#include <array>

namespace milena::coordinator::txn {
namespace {

constexpr std::array<std::string_view, 7> kNames = {
    "Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead"};

}  // namespace

std::string_view status_name(Status status) {
    return kNames[static_cast<std::size_t>(status)];
}

std::optional<Status> find_status(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Status>(found - kNames.begin());
}

void add_partition(Partitions& to, std::string_view topic, PartitionIndex index) {
    auto found = to.find(topic);
    if (found == to.end()) found = to.emplace(topic, std::vector<PartitionIndex>()).first;
    auto& indexes = found->second;
    const auto at = std::lower_bound(indexes.begin(), indexes.end(), index);
    if (at == indexes.end() || *at != index) indexes.insert(at, index);
}

bool contains(const Partitions& set, std::string_view topic, PartitionIndex index) {
    const auto found = set.find(topic);
    return found != set.end() &&
           std::binary_search(found->second.begin(), found->second.end(), index);
}

std::optional<std::string_view> check_invariants(const State& state) {
    for (const auto& [id, transaction] : state.transactions) {
        if (transaction.is_idle() && !transaction.partitions.empty()) return "EmptyHasNoPartitions";
        if (transaction.status == Status::ongoing && transaction.start == kNoTimestamp) {
            return "OngoingHasStarted";
        }
        if (transaction.next_producer_id != kNoProducerId && !transaction.is_ending()) {
            return "NextOnlyWhileEnding";
        }
        if (!transaction.is_ending() && transaction.soft.token != kNoMarkerToken) {
            return "EndingHasToken";
        }
    }
    for (const auto& [id, who] : state.waiting) {
        const auto* transaction = state.find(id);
        if (who.empty() || transaction == nullptr || !transaction->is_ending()) {
            return "OnlyEndingIsWaitedFor";
        }
    }
    return std::nullopt;
}

}  // namespace milena::coordinator::txn
