#include "broker/coordinator/group/rebalance.h"

#include "broker/coordinator/group/records.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace milena::coordinator::group {

Rebalance::Rebalance(Deciding& deciding, std::string_view group_id)
    : deciding_(deciding), group_id_(group_id) {
    if (const auto* now = deciding.state.classic(group_id)) group_ = *now;
}

void Rebalance::ensure_record() {
    if (group_.has_record) return;
    group_.has_record = true;
    group_.state_timestamp = deciding_.context.wall_now;
    add_group(deciding_.out.records, group_id_, group_);
}

void Rebalance::add(ClassicMember member) {
    member.is_new = true;
    member.has_synced = true;
    if (group_.initial_delay) group_.initial_delay->member_joined = true;
    if (!group_.leader) group_.leader = member.id;
    if (member.instance_id) group_.static_members[*member.instance_id] = member.id;
    group_.pending_members.erase(member.id);
    group_.join_order.push_back(member.id);
    deciding_.set_timer(timer_key(TimerKind::session, group_id_, member.id), kNewMemberJoinTimeout);
    const auto id = member.id;
    group_.members.insert_or_assign(id, std::make_shared<const ClassicMember>(std::move(member)));
}

void Rebalance::remove(const std::string& member_id) {
    const auto found = group_.members.find(member_id);
    if (found == group_.members.end()) return;
    const auto member = found->second;
    if (member->join_reply) {
        deciding_.reply(*member->join_reply, join_failed(ErrorCode::UNKNOWN_MEMBER_ID, ""));
    }
    if (member->sync_reply) {
        deciding_.reply(*member->sync_reply, sync_failed(ErrorCode::UNKNOWN_MEMBER_ID));
    }
    deciding_.cancel_timer(timer_key(TimerKind::session, group_id_, member->id));
    if (member->instance_id) group_.static_members.erase(*member->instance_id);
    std::erase(group_.join_order, member->id);
    group_.members.erase(found);
    if (group_.leader != member->id) return;
    group_.leader.reset();
    if (!group_.join_order.empty()) group_.leader = group_.join_order.front();
}

void Rebalance::replace(const std::string& old_id, const std::string& new_id) {
    const auto old = group_.members.find(old_id)->second;
    if (old->join_reply) {
        deciding_.reply(*old->join_reply, join_failed(ErrorCode::FENCED_INSTANCE_ID, old_id));
    }
    if (old->sync_reply) {
        deciding_.reply(*old->sync_reply, sync_failed(ErrorCode::FENCED_INSTANCE_ID));
    }
    deciding_.cancel_timer(timer_key(TimerKind::session, group_id_, old_id));
    auto member = std::make_shared<ClassicMember>(*old);
    member->id = new_id;
    member->is_new = false;
    member->join_reply.reset();
    member->sync_reply.reset();
    group_.members.erase(old_id);
    group_.members[new_id] = std::move(member);
    std::replace(group_.join_order.begin(), group_.join_order.end(), old_id, new_id);
    group_.static_members[*old->instance_id] = new_id;
    if (group_.leader == old_id) group_.leader = new_id;
}

void Rebalance::forget_pending(const std::string& member_id) {
    group_.pending_members.erase(member_id);
    deciding_.cancel_timer(timer_key(TimerKind::session, group_id_, member_id));
}

void Rebalance::extend_session(const ClassicMember& member) {
    deciding_.set_timer(timer_key(TimerKind::session, group_id_, member.id),
                        member.session_timeout);
}

void Rebalance::enter(ClassicState state) {
    group_.state = state;
    group_.state_timestamp = deciding_.context.wall_now;
}

void Rebalance::set_phase_timer(TimerKind kind, Millis delay) {
    deciding_.set_timer(timer_key(kind, group_id_), delay);
}

// The assignment under way is void: members join anew, and who waits for it is told so.
void Rebalance::cancel_syncs() {
    for (const auto& id : group_.join_order) {
        edit(id, [&](ClassicMember& member) {
            member.assignment.clear();
            if (!member.sync_reply) return;
            deciding_.reply(*std::exchange(member.sync_reply, std::nullopt),
                            sync_failed(ErrorCode::REBALANCE_IN_PROGRESS));
            extend_session(member);
        });
    }
}

void Rebalance::prepare() {
    if (group_.state == ClassicState::completing_rebalance) cancel_syncs();
    deciding_.cancel_timer(timer_key(TimerKind::sync, group_id_));
    if (group_.state == ClassicState::empty) {
        const auto delay = deciding_.settings.initial_rebalance_delay;
        group_.initial_delay =
            InitialDelay{std::max(group_.rebalance_timeout() - delay, Millis(0)), false};
        set_phase_timer(TimerKind::join, delay);
        enter(ClassicState::preparing_rebalance);
        return;
    }
    enter(ClassicState::preparing_rebalance);
    if (group_.all_have_joined()) {
        complete_join();
    } else {
        set_phase_timer(TimerKind::join, group_.rebalance_timeout());
    }
}

void Rebalance::prepare_or_complete_join() {
    if (group_.state == ClassicState::preparing_rebalance) {
        complete_join_if_all_joined();
    } else {
        prepare();
    }
}

void Rebalance::complete_join_if_all_joined() {
    const bool under_way = group_.state == ClassicState::preparing_rebalance;
    if (under_way && !group_.initial_delay && group_.all_have_joined()) complete_join();
}

void Rebalance::join_timer_fired() {
    if (group_.state != ClassicState::preparing_rebalance) return;
    auto& initial = group_.initial_delay;
    if (!initial || !initial->member_joined || initial->remaining == Millis(0)) {
        complete_join();
        return;
    }
    const auto delay = std::min(deciding_.settings.initial_rebalance_delay, initial->remaining);
    initial->member_joined = false;
    initial->remaining = std::max(initial->remaining - delay, Millis(0));
    set_phase_timer(TimerKind::join, delay);
}

void Rebalance::complete_join() {
    group_.initial_delay.reset();
    deciding_.cancel_timer(timer_key(TimerKind::join, group_id_));
    const auto order = group_.join_order;
    for (const auto& id : order) {
        const auto* member = group_.member(id);
        if (!member->join_reply && !member->instance_id) remove(id);
    }
    if (!group_.members.empty() && !group_.member(*group_.leader)->join_reply) {
        const auto joined =
            std::find_if(group_.join_order.begin(), group_.join_order.end(),
                         [&](const auto& id) { return group_.member(id)->join_reply.has_value(); });
        if (joined == group_.join_order.end()) {
            // Only static members are left, and none has come: wait until one does, or until their
            // sessions end.
            set_phase_timer(TimerKind::join, group_.rebalance_timeout());
            return;
        }
        group_.leader = *joined;
    }
    const bool at_end = group_.generation == std::numeric_limits<std::int32_t>::max();
    group_.generation = at_end ? 0 : group_.generation + 1;
    if (group_.members.empty()) {
        group_.protocol.reset();
        enter(ClassicState::empty);
        add_group(deciding_.out.records, group_id_, group_);
        return;
    }
    group_.protocol = group_.select_protocol();
    enter(ClassicState::completing_rebalance);
    answer_joins();
    set_phase_timer(TimerKind::sync, group_.rebalance_timeout());
}

void Rebalance::answer_joins() {
    for (const auto& id : group_.join_order) {
        edit(id, [&](ClassicMember& member) {
            if (member.join_reply) deciding_.reply(*member.join_reply, join_reply(member));
            member.join_reply.reset();
            member.is_new = false;
            member.has_synced = false;
            extend_session(member);
        });
    }
}

void Rebalance::after_departure() {
    switch (group_.state) {
        case ClassicState::stable:
        case ClassicState::completing_rebalance:
            prepare();
            break;
        case ClassicState::preparing_rebalance:
            complete_join_if_all_joined();
            break;
        case ClassicState::empty:
            break;
    }
}

void Rebalance::note_sync(std::string_view member_id) {
    if (group_.member(member_id)->has_synced) return;
    edit(member_id, [](ClassicMember& member) { member.has_synced = true; });
    if (group_.all_have_synced()) deciding_.cancel_timer(timer_key(TimerKind::sync, group_id_));
}

JoinGroup::Reply Rebalance::join_reply(const ClassicMember& member) const {
    JoinGroup::Reply reply;
    reply.generation = group_.generation;
    reply.protocol_type = group_.protocol_type;
    reply.protocol = group_.protocol;
    reply.leader = group_.leader.value_or("");
    reply.member_id = member.id;
    if (group_.leader != member.id) return reply;
    reply.members.reserve(group_.join_order.size());
    for (const auto& id : group_.join_order) {
        const auto* other = group_.member(id);
        const auto* metadata = other->metadata(*group_.protocol);
        reply.members.push_back({id, other->instance_id, metadata ? *metadata : Blob{}});
    }
    return reply;
}

void Rebalance::finish() {
    auto next = std::make_shared<const ClassicGroup>(std::move(group_));
    deciding_.out.changes.emplace_back(PutClassic{group_id_, std::move(next)});
}

}  // namespace milena::coordinator::group
