#include "broker/coordinator/group/consumer/replay.h"

#include "broker/coordinator/group/consumer/records.h"

namespace milena::coordinator::group::consumer {

bool apply_record(State& state, const KeyedRecord& record) {
    const auto id = group_of(record);
    if (!id) return false;
    auto found = state.groups.find(*id);
    auto* group = found == state.groups.end() ? nullptr : std::get_if<Group>(&found->second);
    if (!group) {
        // What compaction left of a group that is gone.
        if (!record.value) return true;
        Group fresh;
        fresh.id = *id;
        // A group that so far only had positions is known as a classic one.
        found = state.groups.insert_or_assign(*id, std::move(fresh)).first;
        group = &std::get<Group>(found->second);
    }
    if (apply(*group, record) == Applied::ended) {
        state.groups.erase(found);
        state.keep_simple_group(*id);
    }
    return true;
}

void apply_change(State& state, const PutChecked& change) {
    const auto found = state.groups.find(change.group_id);
    if (found == state.groups.end()) return;
    if (auto* group = std::get_if<Group>(&found->second)) group->checked = change.checked;
}

}  // namespace milena::coordinator::group::consumer
