// Requests of this node that are under way: one per other node, given up after a while, asked again
// after a pause. A new role forgets them, so that answers to an earlier one find nobody.
#include "replication/raft/raft.h"

#include <algorithm>

namespace milena::raft {

// False: another request to that node is under way, or it is not its time yet.
bool Raft::ask(BrokerId to, Request request) {
    for (const auto& one : under_way_) {
        if (one.to == to) return false;
    }
    for (const auto& [node, at] : not_before_) {
        if (node == to && at > now_) return false;
    }
    const RequestId id(++last_request_);
    under_way_.push_back({id, to, now_});
    ready_.requests.push_back({id, to, std::move(request)});
    return true;
}

void Raft::apply(const Failed& input) {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const UnderWay& one) { return one.id == input.id; });
    if (found == under_way_.end()) return;
    const BrokerId to = found->to;
    under_way_.erase(found);
    lost(to);
}

void Raft::lost(BrokerId node) {
    back_off(node);
    if (auto* leader = std::get_if<Leader>(&state_.role)) {
        std::erase_if(leader->begun, [&](const auto& one) { return one.first == node; });
    }
    auto* follower = std::get_if<Follower>(&state_.role);
    if (follower && node == state_.election.leader) follower->in_touch = false;
    vote_unreachable(node);
}

void Raft::back_off(BrokerId node) {
    const MonoTime until = now_ + options_.retry_backoff;
    for (auto& [other, at] : not_before_) {
        if (other == node) {
            at = until;
            return;
        }
    }
    not_before_.emplace_back(node, until);
}

void Raft::give_up_late_requests() {
    std::erase_if(not_before_, [&](const auto& one) { return one.second <= now_; });
    std::vector<BrokerId> late;
    std::erase_if(under_way_, [&](const UnderWay& one) {
        if (now_ - one.sent < options_.request_timeout) return false;
        late.push_back(one.to);
        return true;
    });
    for (const BrokerId node : late) lost(node);
}

void Raft::forget_requests() {
    under_way_.clear();
}

MonoTime Raft::next_request_deadline() const {
    MonoTime next = MonoTime::max();
    for (const auto& one : under_way_) next = std::min(next, one.sent + options_.request_timeout);
    for (const auto& [node, at] : not_before_) {
        if (at > now_) next = std::min(next, at);
    }
    return next;
}

void Raft::reply(RequestToken token, Response response) {
    ready_.replies.push_back({token, std::move(response)});
}

}  // namespace milena::raft
