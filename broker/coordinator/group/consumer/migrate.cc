#include "broker/coordinator/group/consumer/migrate.h"

#include "broker/coordinator/group/consumer/blobs.h"
#include "broker/coordinator/group/consumer/draft.h"
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/subscriptions.h"
#include "broker/coordinator/group/rebalance.h"
#include "broker/coordinator/group/records.h"
#include "protocol/wire/versioned.h"

#include <algorithm>

namespace milena::coordinator::group::consumer {

namespace {

Error cannot_upgrade(const std::string& group_id, std::string_view why) {
    return {ErrorCode::GROUP_ID_NOT_FOUND, "Cannot upgrade classic group " + group_id +
                                               " to consumer group because " + std::string(why)};
}

Result<Member> upgraded(const std::string& group_id, const ClassicGroup& classic,
                        const ClassicMember& from, const metadata::Image& image) {
    const Blob* bytes = classic.protocol ? from.metadata(*classic.protocol) : nullptr;
    if (!bytes && !from.protocols.empty()) bytes = &from.protocols.front().metadata;
    const auto subscription = bytes ? read_subscription(*bytes, image) : std::nullopt;
    const auto assigned = read_assignment(from.assignment, image);
    if (!subscription || !assigned)
        return std::unexpected(
            cannot_upgrade(group_id, "the embedded consumer protocol is malformed."));
    if (subscription->has_user_data)
        return std::unexpected(cannot_upgrade(
            group_id,
            "an unsupported custom assignor is in use. Please refer to the documentation or switch "
            "to a default assignor before re-attempting the upgrade."));
    Member member;
    member.id = from.id;
    member.instance_id = from.instance_id;
    member.rack_id = subscription->rack;
    member.client = from.client;
    member.topic_names = subscription->topics;
    member.rebalance_timeout = from.rebalance_timeout;
    member.classic = ClassicSide{from.session_timeout, from.protocols};
    member.epoch = member.previous_epoch = GroupEpoch(classic.generation);
    member.assigned = *assigned;
    return member;
}

void answer_waiting(Deciding& deciding, const ClassicMember& member) {
    if (member.join_reply)
        deciding.reply(*member.join_reply,
                       join_failed(ErrorCode::REBALANCE_IN_PROGRESS, member.id));
    if (member.sync_reply)
        deciding.reply(*member.sync_reply, sync_failed(ErrorCode::REBALANCE_IN_PROGRESS));
}

// A protocol that all members have is what a classic group is built on.
bool share_a_protocol(const std::vector<const ClassicSide*>& sides) {
    return std::ranges::any_of(sides.front()->protocols, [&](const Protocol& protocol) {
        return std::ranges::all_of(sides, [&](const ClassicSide* side) {
            return std::ranges::find(side->protocols, protocol.name, &Protocol::name) !=
                   side->protocols.end();
        });
    });
}

// The group without `leaving` as a stable classic one, at its epoch.
void fill_classic(Rebalance& rebalance, const Group& group, std::span<const std::string> leaving,
                  const DecideContext& context) {
    ClassicGroup& classic = rebalance.group();
    classic = {};
    classic.state = ClassicState::stable;
    classic.generation = group.epoch.value();
    classic.protocol_type = kConsumerProtocolType;
    classic.state_timestamp = context.wall_now;
    classic.has_record = true;
    for (const auto& [id, member] : group.members) {
        if (std::ranges::find(leaving, id) != leaving.end()) continue;
        auto to = std::make_shared<ClassicMember>();
        to->id = id;
        to->instance_id = member.instance_id;
        to->client = member.client;
        to->rebalance_timeout = member.rebalance_timeout;
        to->session_timeout = member.classic->session_timeout;
        to->protocols = member.classic->protocols;
        const Blob& first = to->protocols.front().metadata;
        to->assignment =
            write_assignment(group.target(id), leading_int16(first).value_or(0), context.image);
        if (to->instance_id) classic.static_members[*to->instance_id] = id;
        if (!classic.leader) classic.leader = id;
        classic.join_order.push_back(id);
        classic.members[id] = std::move(to);
    }
    classic.protocol = classic.select_protocol();
    for (const auto& [id, member] : classic.members) rebalance.extend_session(*member);
}

}  // namespace

bool can_upgrade(const ClassicGroup& group, const Settings& settings) {
    return (settings.migration_policy == MigrationPolicy::upgrade ||
            settings.migration_policy == MigrationPolicy::bidirectional) &&
           group.uses_consumer_protocol() &&
           group.members.size() <= static_cast<std::size_t>(settings.consumer_max_size);
}

Result<Group> upgrade(Deciding& deciding, const std::string& group_id,
                      const ClassicGroup& classic) {
    const metadata::Image& image = deciding.context.image;
    Group group;
    group.id = group_id;
    group.epoch = group.assignment_epoch = GroupEpoch(classic.generation);
    for (const auto& [id, from] : classic.members) {
        MILENA_ASSIGN(Member member, upgraded(group_id, classic, *from, image));
        // Members may contradict each other: the first one that names a partition has it.
        PartitionSet held;
        for (const TopicIdPartition& item : member.assigned)
            if (group.partition_owners.emplace(item, id).second) held.append(item);
        member.assigned = std::move(held);
        group.targets[id] = member.assigned;
        if (member.instance_id) group.static_members[*member.instance_id] = id;
        group.members.emplace(id, std::move(member));
    }
    const Draft draft(group);
    group.metadata_hash = Subscriptions(draft, image).metadata_hash();

    KeyedRecords& records = deciding.out.records;
    add_group_tombstone(records, group_id);
    for (const auto& [id, member] : group.members) add_member(records, group_id, member);
    add_epoch(records, group_id, group.epoch, group.metadata_hash);
    for (const auto& [id, target] : group.targets) add_target(records, group_id, id, target);
    add_assignment_epoch(records, group_id, group.assignment_epoch);
    for (const auto& [id, member] : group.members) {
        add_current(records, group_id, member);
        deciding.set_timer(timer_key(TimerKind::session, group_id, id),
                           member.classic->session_timeout);
    }
    for (const auto& [id, from] : classic.members) answer_waiting(deciding, *from);
    for (const auto& id : classic.pending_members)
        deciding.cancel_timer(timer_key(TimerKind::session, group_id, id));
    deciding.cancel_timer(timer_key(TimerKind::join, group_id));
    deciding.cancel_timer(timer_key(TimerKind::sync, group_id));
    return group;
}

bool can_downgrade(const Group& group, std::span<const std::string> leaving,
                   const Settings& settings) {
    if (settings.migration_policy != MigrationPolicy::downgrade &&
        settings.migration_policy != MigrationPolicy::bidirectional)
        return false;
    std::vector<const ClassicSide*> staying;
    for (const auto& [id, member] : group.members) {
        if (std::ranges::find(leaving, id) != leaving.end()) continue;
        if (!member.classic) return false;
        staying.push_back(&*member.classic);
    }
    return !staying.empty() && share_a_protocol(staying) &&
           staying.size() <= static_cast<std::size_t>(settings.max_size);
}

void downgrade(Deciding& deciding, const Group& group, std::span<const std::string> leaving) {
    add_group_removal(deciding.out.records, group);
    for (const auto& [id, member] : group.members) cancel_timers(deciding, group.id, id);
    Rebalance rebalance(deciding, group.id);
    fill_classic(rebalance, group, leaving, deciding.context);
    add_group(deciding.out.records, group.id, rebalance.group());
    rebalance.prepare();
    rebalance.finish();
}

void downgrade_joined(Deciding& deciding, const Group& group, const Group& after) {
    // Nothing of it has been written, and nobody need know it.
    deciding.out.records = {};
    deciding.out.changes.clear();
    add_group_removal(deciding.out.records, group);
    for (const auto* each : {&group, &after}) {
        for (const auto& [id, member] : each->members) cancel_timers(deciding, group.id, id);
    }
    Rebalance rebalance(deciding, group.id);
    fill_classic(rebalance, after, {}, deciding.context);
    add_group(deciding.out.records, group.id, rebalance.group());
    rebalance.finish();
}

}  // namespace milena::coordinator::group::consumer
