// The records of __consumer_offsets that classic groups and positions are: OffsetCommit (value
// version 4, or 1 when the client set a retention) and GroupMetadata (version 3), as Kafka 4.2
// writes them.
// Source: group-coordinator/.../GroupCoordinatorRecordHelpers.java.
#pragma once

#include "broker/coordinator/group/state.h"
#include "broker/coordinator/keyed_records.h"

#include <string_view>

namespace milena::coordinator::group {

void add_offset(KeyedRecords& to, const OffsetKey& key, const CommittedOffset& value);
void add_offset_tombstone(KeyedRecords& to, const OffsetKey& key);

// The group with the assignments of its members; what is not in the log stays behind.
void add_group(KeyedRecords& to, std::string_view group_id, const ClassicGroup& group);
void add_group_tombstone(KeyedRecords& to, std::string_view group_id);

// Folds a record in. False when it is of a type that is not one of these, or does not parse.
bool apply_record(State& state, const KeyedRecord& record, const RecordOrigin& origin);

}  // namespace milena::coordinator::group
