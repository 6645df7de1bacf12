// A group as it will be once the decision that is being made is applied: the group before, and on
// top of it the members and regular expressions that change. It writes no records.
#pragma once

#include "broker/coordinator/group/consumer/state.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace milena::coordinator::group::consumer {

class Draft {
  public:
    // `before` outlives the draft.
    explicit Draft(const Group& before) : before_(before) {}

    const Group& before() const { return before_; }
    // New, or in place of the one with its id. Valid until the next put or remove of it.
    const Member& put(Member member) {
        std::string id = member.id;
        return *members_.insert_or_assign(std::move(id), std::move(member)).first->second;
    }
    void remove(std::string_view member_id) { members_[std::string(member_id)].reset(); }
    // nullopt: nobody uses it any longer.
    void put_regex(std::string_view regex, std::optional<ResolvedRegex> resolved) {
        regexes_.insert_or_assign(std::string(regex), std::move(resolved));
    }

    const Member* member(std::string_view id) const;
    const ResolvedRegex* regex(std::string_view text) const;
    bool is_used(std::string_view regex) const;
    std::size_t size() const;

    // In ascending order of their ids.
    template <class Visit>
    void for_each(Visit&& visit) const {
        auto changed = members_.begin();
        for (const auto& [id, member] : before_.members) {
            for (; changed != members_.end() && changed->first < id; ++changed)
                if (changed->second) visit(*changed->second);
            if (changed != members_.end() && changed->first == id) {
                if (changed->second) visit(*changed->second);
                ++changed;
            } else {
                visit(member);
            }
        }
        for (; changed != members_.end(); ++changed)
            if (changed->second) visit(*changed->second);
    }

  private:
    const Group& before_;
    std::map<std::string, std::optional<Member>, std::less<>> members_;
    std::map<std::string, std::optional<ResolvedRegex>, std::less<>> regexes_;
};

}  // namespace milena::coordinator::group::consumer
