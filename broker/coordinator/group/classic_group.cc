#include "broker/coordinator/group/classic_group.h"

#include "protocol/msg/records/consumer_protocol_subscription.h"
#include "protocol/wire/versioned.h"

#include <algorithm>

namespace milena::coordinator::group {

std::string_view state_name(ClassicState state) {
    switch (state) {
        case ClassicState::empty:
            return "Empty";
        case ClassicState::preparing_rebalance:
            return "PreparingRebalance";
        case ClassicState::completing_rebalance:
            return "CompletingRebalance";
        case ClassicState::stable:
            return "Stable";
    }
    return "Unknown";
}

const Blob* ClassicMember::metadata(std::string_view protocol) const {
    for (const auto& offered : protocols) {
        if (offered.name == protocol) return &offered.metadata;
    }
    return nullptr;
}

const ClassicMember* ClassicGroup::member(std::string_view id) const {
    const auto found = members.find(id);
    return found == members.end() ? nullptr : found->second.get();
}

ErrorCode ClassicGroup::check_member(std::string_view id,
                                     const std::optional<std::string>& instance) const {
    if (instance) {
        const auto known = static_members.find(*instance);
        if (known == static_members.end()) return ErrorCode::UNKNOWN_MEMBER_ID;
        if (known->second != id) return ErrorCode::FENCED_INSTANCE_ID;
    }
    return members.contains(id) ? ErrorCode::NONE : ErrorCode::UNKNOWN_MEMBER_ID;
}

bool ClassicGroup::all_have_joined() const {
    return pending_members.empty() &&
           std::all_of(members.begin(), members.end(),
                       [](const auto& entry) { return entry.second->join_reply.has_value(); });
}

bool ClassicGroup::all_have_synced() const {
    return std::all_of(members.begin(), members.end(),
                       [](const auto& entry) { return entry.second->has_synced; });
}

Millis ClassicGroup::rebalance_timeout() const {
    Millis longest{0};
    for (const auto& [id, member] : members) {
        longest = std::max(longest, member->rebalance_timeout);
    }
    return longest;
}

bool ClassicGroup::all_support(std::string_view name) const {
    return std::all_of(members.begin(), members.end(),
                       [&](const auto& entry) { return entry.second->metadata(name) != nullptr; });
}

std::string ClassicGroup::select_protocol() const {
    // What the first member does not offer not all support; so its list names every candidate.
    std::vector<std::pair<std::string_view, std::size_t>> votes;
    if (members.empty()) return {};
    for (const auto& offered : members.begin()->second->protocols) {
        if (all_support(offered.name)) votes.emplace_back(offered.name, 0);
    }
    for (const auto& [id, member] : members) {
        for (const auto& offered : member->protocols) {
            const auto candidate = std::find_if(votes.begin(), votes.end(), [&](const auto& vote) {
                return vote.first == offered.name;
            });
            if (candidate == votes.end()) continue;
            ++candidate->second;
            break;
        }
    }
    const auto winner =
        std::max_element(votes.begin(), votes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    return winner == votes.end() ? std::string() : std::string(winner->first);
}

const char* ClassicGroup::check_invariants() const {
    if (leader.has_value() == members.empty()) return "LeaderIsMember";
    if (leader && !members.contains(*leader)) return "LeaderIsMember";
    if (state == ClassicState::empty && !members.empty()) return "EmptyHasNoMembers";
    const bool has_assignments =
        state == ClassicState::stable || state == ClassicState::completing_rebalance;
    if (has_assignments && members.empty()) return "EmptyHasNoMembers";
    if (has_assignments && (!protocol || !all_support(*protocol))) return "StableHasProtocol";
    if (join_order.size() != members.size()) return "OrderIsOfMembers";
    for (const auto& id : join_order) {
        if (!members.contains(id)) return "OrderIsOfMembers";
    }
    std::size_t with_instance = 0;
    for (const auto& [id, member] : members) {
        if (member->id != id) return "MembersHaveTheirIds";
        if (pending_members.contains(id)) return "PendingIsNoMember";
        if (member->join_reply && state != ClassicState::preparing_rebalance) {
            return "JoinWaitsInPrepare";
        }
        if (member->sync_reply && state != ClassicState::completing_rebalance) {
            return "SyncWaitsInComplete";
        }
        if (!member->instance_id) continue;
        ++with_instance;
        const auto known = static_members.find(*member->instance_id);
        if (known == static_members.end() || known->second != id) return "StaticIdsMatch";
    }
    return with_instance == static_members.size() ? nullptr : "StaticIdsMatch";
}

std::optional<std::set<std::string, std::less<>>> subscribed_topics(const ClassicGroup& group) {
    if (!group.uses_consumer_protocol()) return std::nullopt;
    std::set<std::string, std::less<>> topics;
    if (group.members.empty()) return topics;
    if (!group.protocol) return std::nullopt;
    for (const auto& [id, member] : group.members) {
        const auto* metadata = member->metadata(*group.protocol);
        if (metadata == nullptr) return std::nullopt;
        Arena arena;
        const auto subscription = decode_versioned<msg::ConsumerProtocolSubscription>(
            *metadata, arena, NewerVersion::kReadAsNewestKnown, kRequestLimits);
        if (!subscription) return std::nullopt;
        for (const auto topic : subscription->topics) topics.emplace(topic);
    }
    return topics;
}

}  // namespace milena::coordinator::group
