#include "broker/coordinator/group/consumer/draft.h"

namespace milena::coordinator::group::consumer {

const Member* Draft::member(std::string_view id) const {
    const auto changed = members_.find(id);
    if (changed != members_.end()) return changed->second ? &*changed->second : nullptr;
    return before_.member(id);
}

const ResolvedRegex* Draft::regex(std::string_view text) const {
    const auto changed = regexes_.find(text);
    if (changed != regexes_.end()) return changed->second ? &*changed->second : nullptr;
    const auto found = before_.regexes.find(text);
    return found != before_.regexes.end() ? &found->second : nullptr;
}

bool Draft::is_used(std::string_view regex) const {
    bool is_used = false;
    for_each([&](const Member& member) { is_used = is_used || member.topic_regex == regex; });
    return is_used;
}

std::size_t Draft::size() const {
    std::size_t count = 0;
    for_each([&](const Member&) { ++count; });
    return count;
}

}  // namespace milena::coordinator::group::consumer
