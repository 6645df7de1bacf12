// A group changes its protocol while it has members (KIP-848): a classic group becomes a consumer
// group when the first member of that protocol joins, and a classic one again when the last leaves
// or comes back, under its instance id, with the classic protocol.
// Source: group-coordinator/.../GroupMetadataManager.java#convertToConsumerGroup,
// #convertToClassicGroup.
#pragma once

#include "broker/coordinator/group/consumer/verbs.h"

#include <span>
#include <string>

namespace milena::coordinator::group::consumer {

bool can_upgrade(const ClassicGroup& group, const Settings& settings);

// Writes the group as a consumer group at its generation, and answers who waits to join or to sync
// that it must join again. GROUP_ID_NOT_FOUND when a member cannot be understood.
Result<Group> upgrade(Deciding& deciding, const std::string& group_id, const ClassicGroup& classic);

// Are there members but for these, and do all of them speak the classic protocol?
bool can_downgrade(const Group& group, std::span<const std::string> leaving,
                   const Settings& settings);

// Writes the group without these members as a classic one, whose members must join again.
void downgrade(Deciding& deciding, const Group& group, std::span<const std::string> leaving);

// A static member of the classic protocol has taken the place of `group`'s last member of the
// consumer protocol. `after` is the group with what the decision has written so far; it is written
// as a classic one instead, which goes on without a rebalance.
void downgrade_joined(Deciding& deciding, const Group& group, const Group& after);

}  // namespace milena::coordinator::group::consumer
