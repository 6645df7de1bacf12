#include "broker/coordinator/group/consumer/report.h"

#include "broker/coordinator/group/consumer/checks.h"
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/subscriptions.h"
#include "broker/coordinator/group/consumer/target.h"

#include <algorithm>
#include <set>

namespace milena::coordinator::group::consumer {

namespace {

// New topics are looked for at most this often, for the expressions of one group.
constexpr Millis kRegexPause{10'000};

}  // namespace

PartitionSet as_set(const std::vector<TopicPartitions>& topics) {
    std::vector<TopicIdPartition> items;
    for (const TopicPartitions& topic : topics)
        for (const PartitionIndex partition : topic.partitions)
            items.push_back({topic.topic, partition});
    return PartitionSet(std::move(items));
}

std::vector<TopicPartitions> as_topics(const PartitionSet& set) {
    std::vector<TopicPartitions> topics;
    set.for_each_topic([&](TopicId id, auto items) {
        auto& topic = topics.emplace_back(TopicPartitions{id, {}});
        for (const TopicIdPartition& item : items) topic.partitions.push_back(item.partition);
    });
    return topics;
}

Status Report::enter(const std::string& member_id) {
    const auto limit = static_cast<std::size_t>(deciding_.settings.consumer_max_size);
    if (group_.members.size() >= limit && !group_.member(member_id))
        return fail(ErrorCode::GROUP_MAX_SIZE_REACHED,
                    "The consumer group has reached its maximum capacity of " +
                        std::to_string(limit) + " members.");
    if (request_.instance_id) return enter_static(member_id);
    if (const Member* known = group_.member(member_id)) {
        before_ = *known;
        return check_epoch(before_, GroupEpoch(request_.member_epoch), owned_);
    }
    if (!joins()) return std::unexpected(known_member(group_, member_id).error());
    before_.id = member_id;
    is_new_ = true;
    return {};
}

Status Report::enter_static(const std::string& member_id) {
    const std::string& instance_id = *request_.instance_id;
    if (!joins()) {
        MILENA_ASSIGN(const Member* known, known_static_member(group_, instance_id, member_id));
        before_ = *known;
        return check_epoch(before_, GroupEpoch(request_.member_epoch), owned_);
    }
    const Member* known = group_.static_member(instance_id);
    if (!known) {
        const Member* dynamic = group_.member(member_id);
        if (dynamic) before_ = *dynamic;
        before_.id = member_id;
        is_new_ = !dynamic;
        return {};
    }
    if (classic_) {
        // It goes on under its id, or comes back under another.
        if (known->id == member_id)
            before_ = *known;
        else
            replace(*known, member_id);
        return {};
    }
    if (!known->has_left_for_now())
        return fail(ErrorCode::UNRELEASED_INSTANCE_ID,
                    "Static member " + member_id + " with instance id " + instance_id +
                        " cannot join the group because the instance id is owned by " + known->id +
                        " member.");
    replace(*known, member_id);
    return {};
}

void Report::replace(const Member& known, const std::string& member_id) {
    before_ = known;
    before_.id = member_id;
    before_.epoch = classic_ ? group_.assignment_epoch : kJoinEpoch;
    before_.previous_epoch = kJoinEpoch;
    replaced_ = known.id;
    cancel_timers(deciding_, group_.id, replaced_);
    add_member_removal(records_, group_.id, replaced_);
    add_member(records_, group_.id, before_);
    add_target(records_, group_.id, member_id, group_.target(replaced_));
    add_current(records_, group_.id, before_);
    draft_.remove(replaced_);
}

void Report::update_subscription() {
    member_ = before_;
    if (request_.instance_id) member_.instance_id = request_.instance_id;
    if (request_.rack) member_.rack_id = request_.rack;
    if (request_.rebalance_timeout) member_.rebalance_timeout = *request_.rebalance_timeout;
    if (request_.server_assignor) member_.server_assignor = request_.server_assignor;
    if (request_.subscribed_topics) {
        member_.topic_names = *request_.subscribed_topics;
        normalize(member_.topic_names);
    }
    if (request_.subscribed_regex) member_.topic_regex = *request_.subscribed_regex;
    member_.client = request_.client;
    member_.classic.reset();
    if (classic_) member_.classic = *classic_;
    draft_.put(member_);
    if (is_new_ || member_ != before_) add_member(records_, group_.id, member_);
    bumps_ = member_.topic_names != before_.topic_names ||
             member_.topic_regex != before_.topic_regex || group_.epoch == GroupEpoch(0);
}

// Kafka does this beside the heartbeat and answers from the last result; RE2 takes linear time, so
// that the answer can wait for it.
void Report::update_regexes() {
    if (before_.topic_regex != member_.topic_regex && draft_.regex(before_.topic_regex) &&
        !draft_.is_used(before_.topic_regex)) {
        add_regex_removal(records_, group_.id, before_.topic_regex);
        draft_.put_regex(before_.topic_regex, std::nullopt);
    }
    std::set<std::string, std::less<>> matched;
    if (!member_.topic_regex.empty() && !draft_.regex(member_.topic_regex))
        matched.insert(member_.topic_regex);
    const MonoTime now = deciding_.context.now;
    const Offset end = image_.provenance.end;
    const bool is_due =
        !checked_.regexes_at ||
        now - *checked_.regexes_at >= deciding_.settings.consumer_regex_refresh ||
        (end != checked_.regex_metadata && now - *checked_.regexes_at >= kRegexPause);
    if (is_due && !(group_.regexes.empty() && matched.empty())) {
        for (const auto& [regex, resolved] : group_.regexes)
            if (draft_.regex(regex)) matched.insert(regex);
        checked_.regexes_at = now;
        checked_.regex_metadata = end;
    }
    for (const std::string& regex : matched) {
        ResolvedRegex resolved = resolve_regex(regex, image_, deciding_.context.wall_now);
        const ResolvedRegex* known = draft_.regex(regex);
        if (known && known->topics == resolved.topics) continue;
        add_regex(records_, group_.id, regex, resolved);
        draft_.put_regex(regex, std::move(resolved));
        bumps_ = true;
    }
}

void Report::update_epoch() {
    epoch_ = group_.epoch;
    const Offset end = image_.provenance.end;
    if (!bumps_ && end == checked_.metadata) return;
    checked_.metadata = end;
    const std::int64_t hash = Subscriptions(draft_, image_).metadata_hash();
    if (!bumps_ && hash == group_.metadata_hash) return;
    if (group_.has_partition_metadata) add_partition_metadata_removal(records_, group_.id);
    ++epoch_;
    add_epoch(records_, group_.id, epoch_, hash);
}

PartitionSet Report::target() {
    if (epoch_ > group_.assignment_epoch) {
        const Subscriptions subscriptions(draft_, image_);
        return write_target(records_, draft_, image_, subscriptions,
                            preferred_assignor(draft_, deciding_.settings.consumer_assignors),
                            epoch_, {replaced_, member_.id}, member_.id);
    }
    return group_.target(replaced_.empty() ? member_.id : replaced_);
}

void Report::set_timers(const Member& member) {
    const auto key = [&](TimerKind kind) { return timer_key(kind, group_.id, member.id); };
    deciding_.set_timer(key(TimerKind::session), classic_ ? classic_->session_timeout
                                                          : session_timeout(deciding_, group_.id));
    if (classic_) {
        // It revokes by joining again, for which it has the time between its requests.
        deciding_.cancel_timer(key(TimerKind::rebalance));
        deciding_.cancel_timer(key(TimerKind::join));
        deciding_.set_timer(key(TimerKind::sync), member.rebalance_timeout);
        checked_.rejoin_by.erase(member.id);
        return;
    }
    if (member == member_) return;
    if (member.state == MemberState::unrevoked)
        deciding_.set_timer(key(TimerKind::rebalance), member.rebalance_timeout);
    else
        deciding_.cancel_timer(key(TimerKind::rebalance));
}

Result<ConsumerGroupHeartbeat::Reply> Report::answer(const std::string& member_id) {
    MILENA_TRY(enter(member_id));
    update_subscription();
    update_regexes();
    update_epoch();
    const PartitionSet target_partitions = target();
    const GroupEpoch target_epoch = std::max(epoch_, group_.assignment_epoch);
    MILENA_ASSIGN(const Member reconciled,
                  reconcile(group_, member_, {target_epoch, target_partitions}, owned_));
    if (reconciled != member_) add_current(records_, group_.id, reconciled);
    set_timers(reconciled);
    if (checked_ != group_.checked)
        deciding_.out.changes.push_back(PutChecked{group_.id, checked_});

    ConsumerGroupHeartbeat::Reply reply;
    reply.member_id = member_id;
    reply.member_epoch = reconciled.epoch.value();
    reply.heartbeat_interval = heartbeat_interval(deciding_, group_.id);
    if (joins() || is_full_request() || reconciled.assigned != before_.assigned)
        reply.assignment = as_topics(reconciled.assigned);
    return reply;
}

}  // namespace milena::coordinator::group::consumer
