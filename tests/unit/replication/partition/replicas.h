// Three replicas as the tests of this room see them: this broker is 1, the others are 2 and 3.
#pragma once

#include "replication/partition/partition.h"

#include <vector>

namespace milena::partition {

inline constexpr BrokerId kSelf{1};
inline constexpr BrokerId kOther{2};
inline constexpr BrokerId kThird{3};

inline MonoTime ms(std::int64_t since_start) {
    return MonoTime(Millis(since_start));
}

inline BrokersChanged all_active(std::int64_t epoch_of_other = 20) {
    return {{{.id = kSelf, .epoch = BrokerEpoch(10), .alive = true, .active = true, .rack = "a"},
             {.id = kOther,
              .epoch = BrokerEpoch(epoch_of_other),
              .alive = true,
              .active = true,
              .rack = "b"},
             {.id = kThird, .epoch = BrokerEpoch(30), .alive = true, .active = true, .rack = "b"}}};
}

inline BecomeLeader lead(std::int32_t leader_epoch, std::vector<BrokerId> isr, std::int64_t log_end,
                         Durability durability = Durability::page_cache) {
    return {
        .leader_epoch = LeaderEpoch(leader_epoch),
        .partition_epoch = PartitionEpoch(leader_epoch),
        .replicas = {kSelf, kOther, kThird},
        .isr = std::move(isr),
        .settings = {.min_isr = 1, .durability = durability, .replica_lag_time_max = Millis(1000)},
        .log = {.log_end = Offset(log_end), .synced_end = Offset(log_end)}};
}

inline Fetched fetched(BrokerId from, std::int64_t offset, std::int32_t leader_epoch = 1) {
    return {.replica = from,
            .broker_epoch = BrokerEpoch(from == kOther ? 20 : 30),
            .leader_epoch = LeaderEpoch(leader_epoch),
            .offset = Offset(offset),
            .ours = {},
            .log_start = Offset(0)};
}

// A leader in epoch 1 that knows its brokers.
inline Partition leader_of(std::vector<BrokerId> isr, std::int64_t log_end,
                           Durability durability = Durability::page_cache) {
    Partition partition(kSelf);
    partition.step(all_active(), ms(0));
    partition.step(lead(1, std::move(isr), log_end, durability), ms(0));
    return partition;
}

inline std::vector<BrokerId> members(const AlterIsr& proposal) {
    std::vector<BrokerId> ids;
    for (const auto& member : proposal.isr) ids.push_back(member.id);
    return ids;
}

inline AlterIsrAnswered accepted(const AlterIsr& proposal) {
    return {.id = proposal.id,
            .leader_epoch = proposal.leader_epoch,
            .partition_epoch = proposal.partition_epoch + 1,
            .isr = members(proposal)};
}

inline AlterIsrAnswered refused(const AlterIsr& proposal, ErrorCode error, bool final = true) {
    return {.id = proposal.id, .error = error, .final = final, .isr = {}};
}

}  // namespace milena::partition
