// What the coming and going of one broker does to the partitions of the whole cluster (facts:
// metadata/.../ReplicationControlManager.java). The image still holds the broker as it was; the
// records that change it are the caller's.
#pragma once

#include "replication/metadata/controller.h"

#include <functional>

namespace milena::metadata {

// Does this partition have a replica that the change is about?
using Concerns = std::function<bool(const PartitionImage& partition)>;

// The broker leaves every ISR that it is in; other replicas take over what it led.
void add_departure(RecordList& records, const DecideContext& context, BrokerId broker);
// The same of those partitions for which `concerns` holds.
void add_departure(RecordList& records, const DecideContext& context, BrokerId broker,
                   const Concerns& concerns);

// What the broker stored may be lost: it also leaves the ELRs.
void add_unclean_departure(RecordList& records, const DecideContext& context, BrokerId broker);

// The broker starts anew, after a clean stop or not; until it is unfenced others lead. Partitions
// that only it holds stay as they are: nobody else could take over, so that a quick restart costs
// one record for each of them instead of two.
void add_restart(RecordList& records, const DecideContext& context, BrokerId broker, bool is_clean);

// The broker may lead from now on: partitions without a leader look for one, and what it led all
// the time (see add_restart) it leads in a new leader epoch.
void add_arrival(RecordList& records, const DecideContext& context, BrokerId broker);

// Does it lead any partition?
bool has_leaderships(const Image& image, BrokerId broker);

}  // namespace milena::metadata
