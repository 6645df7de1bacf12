// Who leads a partition when the set of live brokers changes (metadata/.../
// PartitionChangeBuilder.java). Clean elections only: out of the ISR, or, when that is empty, out
// of the eligible leader replicas (KIP-966).
#pragma once

#include "replication/metadata/image.h"
#include "replication/record_list.h"

#include <functional>

namespace milena::metadata {

// An elected leader and the ISR it begins with; nullopt when nobody may lead.
struct Election {
    BrokerId leader;
    std::vector<BrokerId> isr;
};
// The present leader stays if it may lead; otherwise the first candidate in order of preference.
std::optional<Election> elect(const PartitionImage& partition,
                              const std::function<bool(BrokerId)>& may_lead);

// The record by which `broker`, back with a new incarnation and able to lead, takes up `partition`:
// it leads again what it led, in a new leader epoch (its log may have lost its end meanwhile), and
// what it is elected for. Nothing when the partition is led by another.
void add_takeover(RecordList& records, const Image& image, TopicId topic, PartitionIndex index,
                  const PartitionImage& partition, BrokerId broker);

}  // namespace milena::metadata
