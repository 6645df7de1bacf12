// Consumer groups among the groups of a shard.
#pragma once

#include "broker/coordinator/group/state.h"
#include "broker/coordinator/keyed_records.h"

namespace milena::coordinator::group::consumer {

// Folds a record in; the first one of a group makes it, its last tombstone ends it. False when it
// is not one of a consumer group.
bool apply_record(State& state, const KeyedRecord& record);
void apply_change(State& state, const PutChecked& change);

}  // namespace milena::coordinator::group::consumer
