#include "replication/raft/voters.h"

#include <algorithm>
#include <charconv>

namespace milena::raft {
namespace {

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<BrokerId> parse_entry(std::string_view entry) {
    const auto at = entry.find('@');
    const auto colon = entry.rfind(':');
    std::int32_t id = -1;
    const auto id_text = entry.substr(0, at);
    const auto [end, error] = std::from_chars(id_text.data(), id_text.data() + id_text.size(), id);
    const bool id_is_good = error == std::errc{} && end == id_text.data() + id_text.size();
    if (!id_is_good || id < 0 || at == std::string_view::npos || colon == std::string_view::npos ||
        colon <= at + 1 || colon + 1 == entry.size()) {
        return fail(ErrorCode::INVALID_CONFIG, "controller.quorum.voters: '" + std::string(entry) +
                                                   "' is not of the form id@host:port");
    }
    return BrokerId(id);
}

}  // namespace

bool VoterSet::contains(BrokerId id) const {
    return std::any_of(voters.begin(), voters.end(), [&](const Voter& v) { return v.id == id; });
}

Result<VoterSet> parse_static_voters(std::string_view setting, BrokerId self) {
    VoterSet set;
    while (!trim(setting).empty()) {
        const auto comma = setting.find(',');
        MILENA_ASSIGN(const BrokerId id, parse_entry(trim(setting.substr(0, comma))));
        if (set.contains(id)) {
            return fail(ErrorCode::INVALID_CONFIG, "controller.quorum.voters: node " +
                                                       std::to_string(id.value()) +
                                                       " stands there twice");
        }
        set.voters.push_back({id, {}});
        if (comma == std::string_view::npos) break;
        setting.remove_prefix(comma + 1);
    }
    if (set.voters.empty()) set.voters.push_back({self, {}});
    return set;
}

}  // namespace milena::raft
