#include "broker/coordinator/group/state.h"

namespace milena::coordinator::group {

const Group* State::group(std::string_view id) const {
    const auto found = groups.find(id);
    return found == groups.end() ? nullptr : &found->second;
}

const ClassicGroup* State::classic(std::string_view id) const {
    const auto* found = group(id);
    return found == nullptr ? nullptr : std::get_if<ClassicGroup>(found);
}

const ConsumerGroup* State::consumer(std::string_view id) const {
    const auto* found = group(id);
    return found == nullptr ? nullptr : std::get_if<ConsumerGroup>(found);
}

void State::keep_simple_group(std::string_view id) {
    const auto found = groups.find(id);
    const bool has_offsets = offsets.has_any(id);
    if (found == groups.end()) {
        if (has_offsets) groups.emplace(std::string(id), ClassicGroup{});
        return;
    }
    const auto* group = std::get_if<ClassicGroup>(&found->second);
    if (group != nullptr && !group->has_record && !has_offsets) groups.erase(found);
}

const char* State::check_invariants() const {
    if (const char* broken = offsets.check_invariants()) return broken;
    for (const auto& [id, group] : groups) {
        const auto* classic = std::get_if<ClassicGroup>(&group);
        if (classic == nullptr) {
            const auto broken = consumer::check_invariants(std::get<ConsumerGroup>(group));
            if (broken) return broken->data();
            continue;
        }
        if (const char* broken = classic->check_invariants()) return broken;
        if (classic->has_record) continue;
        if (!offsets.has_any(id) || !classic->members.empty()) return "SimpleHasOffsets";
    }
    for (const auto& [id, topics] : offsets.by_group()) {
        if (!groups.contains(id)) return "OffsetsHaveGroup";
    }
    for (const auto& [producer, of_groups] : offsets.pending()) {
        for (const auto& [id, topics] : of_groups) {
            if (!groups.contains(id)) return "OffsetsHaveGroup";
        }
    }
    return nullptr;
}

}  // namespace milena::coordinator::group
