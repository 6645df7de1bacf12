// The records of consumer groups in __consumer_offsets, as Kafka 4.2 writes them, and their fold.
// Source: group-coordinator/.../GroupCoordinatorRecordHelpers.java.
#pragma once

#include "broker/coordinator/group/consumer/state.h"
#include "broker/coordinator/keyed_records.h"

#include <optional>
#include <string>
#include <string_view>

namespace milena::coordinator::group::consumer {

void add_member(KeyedRecords& to, std::string_view group_id, const Member& member);
void add_epoch(KeyedRecords& to, std::string_view group_id, GroupEpoch epoch, std::int64_t hash);
void add_target(KeyedRecords& to, std::string_view group_id, std::string_view member_id,
                const PartitionSet& target);
void add_assignment_epoch(KeyedRecords& to, std::string_view group_id, GroupEpoch epoch);
void add_current(KeyedRecords& to, std::string_view group_id, const Member& member);
void add_regex(KeyedRecords& to, std::string_view group_id, std::string_view regex,
               const ResolvedRegex& resolved);

// Everything of one member: where it stands, its target, its subscription.
void add_member_removal(KeyedRecords& to, std::string_view group_id, std::string_view member_id);
void add_regex_removal(KeyedRecords& to, std::string_view group_id, std::string_view regex);
void add_partition_metadata_removal(KeyedRecords& to, std::string_view group_id);
// The whole group, which may still have members (a change of protocol).
void add_group_removal(KeyedRecords& to, const Group& group);

// Whose record it is; nothing when it is not one of a consumer group.
std::optional<std::string> group_of(const KeyedRecord& record);

enum class Applied { changed, ended };

// Folds a record that group_of says is of this group. A record that does not parse changes nothing.
// ended: the group is gone.
Applied apply(Group& group, const KeyedRecord& record);

}  // namespace milena::coordinator::group::consumer
