// What a change of a partition leads to: completed reassignments, eligible leader replicas
// (KIP-966), the election, and the epochs (facts: metadata/.../PartitionChangeBuilder.java). Every
// verb that touches a partition says what it wants of it and settles it here.
//
// Rules:
//   - a leader is a member of the ISR, or of the ELR when the ISR is empty, that may lead; the
//     last known leader when both are empty and only it is known; anybody who may lead when an
//     unclean election is asked for. The last two leave the ISR with the leader alone, and it
//     recovers (LeaderRecoveryState).
//   - with ELR, members that leave an ISR below its minimum become eligible, unless what they
//     stored may be lost; without, the last member stays in the ISR without leading.
//   - a new leader, a lost one, and replicas taken away begin a leader epoch; every change begins a
//     partition epoch.
#pragma once

#include "replication/metadata/image.h"
#include "replication/record_list.h"

#include <functional>

namespace milena::metadata {

enum class ElectionKind : std::uint8_t {
    online,     // the leader stays if it may; otherwise the first in order of preference
    preferred,  // the first replica if it may
    unclean,    // as online, but rather a leader without all records than none
};

struct PartitionTarget {
    // What is wanted: replicas with their directories, isr, adding, removing, recovery state. ELR,
    // leader and epochs are left as they were; they are settled.
    PartitionImage wanted;
    ElectionKind election = ElectionKind::online;
    // What this broker stored may be lost: it is no longer eligible.
    BrokerId unclean_shutdown = kNoBroker;
};

struct PartitionRules {
    std::int16_t metadata_version = 0;
    bool has_elr = false;
    std::size_t min_isr = 1;  // in force: never more than there are replicas
    std::function<bool(BrokerId)> may_lead;
};

// The partition after the change; nullopt when nothing changes.
std::optional<PartitionImage> settle(const PartitionImage& before, PartitionTarget target,
                                     const PartitionRules& rules);

// The record that leads from one to the other.
void add_partition_change(RecordList& records, std::int16_t metadata_version, TopicId topic,
                          PartitionIndex index, const PartitionImage& before,
                          const PartitionImage& after);

}  // namespace milena::metadata
