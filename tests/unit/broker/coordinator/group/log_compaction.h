// What a cleaner makes of a shard's log, and comparisons of what comes out of logs.
#pragma once

#include "tests/unit/broker/coordinator/group/test_shard.h"

#include <set>
#include <utility>
#include <vector>

namespace milena::coordinator::group {

// The last record of every key, as far as no transaction is open; tombstones and what was aborted
// are gone. A marker stays as long as records of its transaction do.
inline std::vector<TestShard::Entry> compacted(const std::vector<TestShard::Entry>& log) {
    // From the end: how did the transaction end that a record is in?
    std::map<ProducerId, std::optional<ControlType>> end;
    std::vector<bool> is_open(log.size());
    std::vector<bool> is_aborted(log.size());
    std::size_t clean_to = log.size();
    for (std::size_t i = log.size(); i-- > 0;) {
        const auto& entry = log[i];
        if (entry.marker) {
            end[entry.marker->first] = entry.marker->second;
        } else if (entry.origin.producer) {
            const auto ended = end[entry.origin.producer->id];
            is_open[i] = !ended;
            is_aborted[i] = ended == ControlType::abort;
            if (is_open[i]) clean_to = i;
        }
    }
    std::set<Blob> later;
    std::vector<TestShard::Entry> kept(log.begin() + static_cast<std::ptrdiff_t>(clean_to),
                                       log.end());
    std::vector<TestShard::Entry> head;
    std::set<ProducerId> needed;  // whose marker must stay, found from the end
    for (std::size_t i = clean_to; i-- > 0;) {
        const auto& entry = log[i];
        if (entry.marker) {
            head.push_back(entry);
            continue;
        }
        if (is_aborted[i] || !later.insert(entry.key).second || !entry.value) continue;
        head.push_back(entry);
    }
    // Markers without records before them say nothing.
    std::vector<TestShard::Entry> result;
    for (auto entry = head.rbegin(); entry != head.rend(); ++entry) {
        if (entry->marker) {
            if (needed.erase(entry->marker->first) == 0) continue;
        } else if (entry->origin.producer) {
            needed.insert(entry->origin.producer->id);
        }
        result.push_back(*entry);
    }
    result.insert(result.end(), kept.begin(), kept.end());
    return result;
}

// What a cleaner leaves that has come as far as `end`.
inline std::vector<TestShard::Entry> compacted_up_to(const std::vector<TestShard::Entry>& log,
                                                     std::size_t end) {
    const auto cut = log.begin() + static_cast<std::ptrdiff_t>(end);
    auto result = compacted({log.begin(), cut});
    result.insert(result.end(), cut, log.end());
    return result;
}

// Is `other` the group as the log knows it?
inline void expect_same(const ClassicGroup& group, const ClassicGroup& other) {
    EXPECT_EQ(group.state, other.state);
    EXPECT_EQ(group.generation, other.generation);
    EXPECT_EQ(group.protocol_type, other.protocol_type);
    EXPECT_EQ(group.protocol, other.protocol);
    EXPECT_EQ(group.leader, other.leader);
    EXPECT_EQ(group.state_timestamp, other.state_timestamp);
    EXPECT_EQ(group.join_order, other.join_order);
    EXPECT_EQ(group.static_members, other.static_members);
    for (const auto& [id, member] : group.members) {
        const auto* twin = other.member(id);
        ASSERT_NE(twin, nullptr) << id;
        EXPECT_EQ(member->instance_id, twin->instance_id);
        EXPECT_EQ(member->client, twin->client);
        EXPECT_EQ(member->session_timeout, twin->session_timeout);
        EXPECT_EQ(member->rebalance_timeout, twin->rebalance_timeout);
        EXPECT_EQ(member->assignment, twin->assignment);
        EXPECT_EQ(*member->metadata(*group.protocol), *twin->metadata(*group.protocol));
    }
}

// Does everything that is in the log follow from it? A rebalance under way is not in it.
inline void expect_fold(const State& live, const State& replayed) {
    EXPECT_EQ(live.offsets, replayed.offsets);
    EXPECT_EQ(live.groups.size(), replayed.groups.size());
    for (const auto& [id, group] : live.groups) {
        SCOPED_TRACE("group " + id);
        const auto* twin = replayed.classic(id);
        ASSERT_NE(twin, nullptr);
        const auto& classic = std::get<ClassicGroup>(group);
        const bool at_rest =
            classic.state == ClassicState::empty || classic.state == ClassicState::stable;
        if (at_rest) expect_same(classic, *twin);
    }
}

// Are these the same, both from logs?
inline void expect_same(const State& one, const State& other) {
    EXPECT_EQ(one.offsets, other.offsets);
    EXPECT_EQ(one.groups.size(), other.groups.size());
    for (const auto& [id, group] : one.groups) {
        SCOPED_TRACE("group " + id);
        const auto* twin = other.classic(id);
        ASSERT_NE(twin, nullptr);
        expect_same(std::get<ClassicGroup>(group), *twin);
    }
}

}  // namespace milena::coordinator::group
