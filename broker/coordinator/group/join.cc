// JoinGroup of the classic protocol.
//
// Who joins without an id gets one: at once when it is static or old, else it is sent away with it
// and must come back (so that a client that dies at the wrong moment leaves no member behind).
#include "broker/coordinator/group/consumer/classic_verbs.h"
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/member_id.h"
#include "broker/coordinator/group/rebalance.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

#include <algorithm>

namespace milena::coordinator::group {
namespace {

ErrorCode check_request(const JoinGroup& request, const Settings& settings) {
    if (request.group_id.empty()) return ErrorCode::INVALID_GROUP_ID;
    if (request.session_timeout < settings.min_session_timeout ||
        request.session_timeout > settings.max_session_timeout) {
        return ErrorCode::INVALID_SESSION_TIMEOUT;
    }
    return ErrorCode::NONE;
}

// May one more be in the group? In the join phase those count who have come: it may be the one in
// which a group that has become too large sheds its last members.
bool has_room(const ClassicGroup& group, std::string_view member_id, std::int32_t max_size) {
    const auto* member = group.member(member_id);
    const auto limit = static_cast<std::size_t>(max_size);
    switch (group.state) {
        case ClassicState::empty:
            return true;
        case ClassicState::preparing_rebalance: {
            const auto waiting = std::count_if(
                group.members.begin(), group.members.end(),
                [](const auto& entry) { return entry.second->join_reply.has_value(); });
            return (member != nullptr && member->join_reply) ||
                   static_cast<std::size_t>(waiting) < limit;
        }
        case ClassicState::completing_rebalance:
        case ClassicState::stable:
            return member != nullptr || group.members.size() < limit;
    }
    return false;
}

bool supports(const ClassicGroup& group, const JoinGroup& request) {
    if (group.state == ClassicState::empty) {
        return !request.protocol_type.empty() && !request.protocols.empty();
    }
    return group.protocol_type.value_or("") == request.protocol_type &&
           std::any_of(request.protocols.begin(), request.protocols.end(),
                       [&](const Protocol& offered) { return group.all_support(offered.name); });
}

class Join {
  public:
    Join(Deciding& deciding, const JoinGroup& request, ReplyId reply)
        : deciding_(deciding),
          request_(request),
          reply_(reply),
          rebalance_(deciding, request.group_id) {}

    void decide() {
        rebalance_.ensure_record();
        if (!has_room(group(), request_.member_id, deciding_.settings.max_size)) {
            rebalance_.remove(request_.member_id);
            rebalance_.complete_join_if_all_joined();
            fail(ErrorCode::GROUP_MAX_SIZE_REACHED, "");
        } else if (!supports(group(), request_)) {
            fail(ErrorCode::INCONSISTENT_GROUP_PROTOCOL, request_.member_id);
        } else if (request_.member_id.empty()) {
            join_new();
        } else {
            join_known();
        }
        rebalance_.finish();
    }

  private:
    const ClassicGroup& group() const { return rebalance_.group(); }

    void fail(ErrorCode error, std::string_view member_id) {
        deciding_.reply(reply_, join_failed(error, member_id));
    }

    void join_new() {
        const auto id = make_member_id(request_, deciding_.context.random);
        if (request_.instance_id) {
            const auto known = group().static_members.find(*request_.instance_id);
            if (known != group().static_members.end()) {
                take_over(std::string(known->second), id);
            } else {
                add(id);
            }
        } else if (request_.requires_known_member_id) {
            rebalance_.group().pending_members.insert(id);
            deciding_.set_timer(timer_key(TimerKind::session, request_.group_id, id),
                                request_.session_timeout);
            fail(ErrorCode::MEMBER_ID_REQUIRED, id);
        } else {
            add(id);
        }
    }

    void join_known() {
        const auto& id = request_.member_id;
        if (group().pending_members.contains(id)) {
            // Ids that were given out are of dynamic members.
            if (request_.instance_id) {
                fail(ErrorCode::UNKNOWN_MEMBER_ID, id);
            } else {
                add(id);
            }
            return;
        }
        const auto error = group().check_member(id, request_.instance_id);
        if (error != ErrorCode::NONE) {
            fail(error, id);
            return;
        }
        const auto& member = *group().member(id);
        const bool changed = member.protocols != request_.protocols;
        const bool leads = group().leader == id;
        switch (group().state) {
            case ClassicState::preparing_rebalance:
                rejoin(id);
                break;
            case ClassicState::completing_rebalance:
                // The same again: the first answer may have been lost.
                changed ? rejoin(id) : answer_as_it_is(member);
                break;
            case ClassicState::stable:
                // The leader knows best when to rebalance.
                changed || leads ? rejoin(id) : answer_as_it_is(member);
                break;
            case ClassicState::empty:
                fail(ErrorCode::UNKNOWN_MEMBER_ID, id);
                break;
        }
    }

    void answer_as_it_is(const ClassicMember& member) {
        deciding_.reply(reply_, rebalance_.join_reply(member));
    }

    void add(const std::string& id) {
        ClassicMember member;
        member.id = id;
        member.instance_id = request_.instance_id;
        member.client = request_.client;
        member.session_timeout = request_.session_timeout;
        member.rebalance_timeout = request_.rebalance_timeout;
        member.protocols = request_.protocols;
        member.join_reply = reply_;
        const bool is_first = group().members.empty();
        rebalance_.add(std::move(member));
        if (is_first) rebalance_.group().protocol_type = request_.protocol_type;
        rebalance_.prepare_or_complete_join();
    }

    // The member has said what is new about it, and waits for the answer.
    void update(const std::string& id) {
        rebalance_.edit(id, [&](ClassicMember& member) {
            member.session_timeout = request_.session_timeout;
            member.rebalance_timeout = request_.rebalance_timeout;
            member.protocols = request_.protocols;
            if (member.join_reply) {
                // It asked again without waiting: the older question is moot.
                deciding_.reply(*member.join_reply,
                                join_failed(ErrorCode::REBALANCE_IN_PROGRESS, id));
            }
            member.join_reply = reply_;
        });
    }

    void rejoin(const std::string& id) {
        update(id);
        rebalance_.prepare_or_complete_join();
    }

    // A static member comes back under a new id.
    void take_over(const std::string& old_id, const std::string& new_id) {
        const auto old_leader = group().leader.value_or("");
        rebalance_.replace(old_id, new_id);
        update(new_id);
        rebalance_.extend_session(*group().member(new_id));
        switch (group().state) {
            case ClassicState::stable:
                if (group().select_protocol() == group().protocol) {
                    go_on_as(new_id, old_leader);
                } else {
                    rebalance_.prepare();
                }
                break;
            case ClassicState::completing_rebalance:
                // The leader assigns to the old id just now: that would come to nobody.
                rebalance_.prepare();
                break;
            case ClassicState::preparing_rebalance:
                rebalance_.complete_join_if_all_joined();
                break;
            case ClassicState::empty:
                break;
        }
    }

    // Nothing changes for the others. A client that cannot be told to skip the assignment must not
    // learn that it leads: it is told the id that it had before.
    void go_on_as(const std::string& new_id, const std::string& old_leader) {
        rebalance_.edit(new_id, [](ClassicMember& member) { member.join_reply.reset(); });
        auto answer = rebalance_.join_reply(*group().member(new_id));
        if (request_.supports_skip_assignment) {
            answer.skip_assignment = group().leader == new_id;
        } else {
            answer.leader = old_leader;
            answer.members.clear();
        }
        add_group(deciding_.out.records, request_.group_id, group());
        deciding_.reply(reply_, std::move(answer));
    }

    Deciding& deciding_;
    const JoinGroup& request_;
    const ReplyId reply_;
    Rebalance rebalance_;
};

}  // namespace

void decide(Deciding& deciding, const JoinGroup& request, ReplyId reply) {
    auto error = check_request(request, deciding.settings);
    const auto* group = deciding.state.classic(request.group_id);
    const auto* consumers = deciding.state.consumer(request.group_id);
    if (error == ErrorCode::NONE && consumers != nullptr && !consumers->members.empty()) {
        return consumer::join(deciding, *consumers, request, reply);
    }
    if (error == ErrorCode::NONE && group == nullptr && !request.member_id.empty()) {
        error = ErrorCode::UNKNOWN_MEMBER_ID;
    }
    if (error != ErrorCode::NONE) {
        deciding.reply(reply, join_failed(error, request.member_id));
        return;
    }
    // An empty group takes the protocol of whoever joins.
    if (consumers != nullptr) consumer::add_group_removal(deciding.out.records, *consumers);
    Join(deciding, request, reply).decide();
}

}  // namespace milena::coordinator::group
