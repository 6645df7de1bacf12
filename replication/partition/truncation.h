// Where two logs part, told by their leader epochs (KIP-101, 279, 320, 595). Pure rules, one for
// each side of a fetch.
#pragma once

#include "replication/partition/io.h"

namespace milena::partition {

// The leader's side: a replica asks from `offset` on, and the batch before it was of epoch
// `last_fetched`. `ours` is what the leader's log answers for that epoch. Where its log must be cut
// before it may go on; nullopt: it is a prefix of ours.
std::optional<EpochEnd> find_divergence(Offset offset, LeaderEpoch last_fetched, EpochEnd ours);

// The follower's side: how far its log may be kept, when the leader said `diverging`. `ours` is
// what the follower's log answers for diverging.epoch. When it does not know that epoch, what the
// leader does not know is cut and the next fetch says more.
Offset truncation_point(EpochEnd diverging, EpochEnd ours, Offset log_end);

}  // namespace milena::partition
