#include "broker/coordinator/group/consumer/checks.h"
#include "broker/coordinator/group/consumer/leave.h"
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/subscriptions.h"
#include "broker/coordinator/group/consumer/target.h"
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

#include <set>

namespace milena::coordinator::group::consumer {

namespace {

// New topics are looked for at most this often, for the expressions of one group.
constexpr Millis kRegexPause{10'000};

PartitionSet flattened(const std::vector<TopicPartitions>& topics) {
    std::vector<TopicIdPartition> items;
    for (const TopicPartitions& topic : topics)
        for (const PartitionIndex partition : topic.partitions)
            items.push_back({topic.topic, partition});
    return PartitionSet(std::move(items));
}

std::vector<TopicPartitions> grouped(const PartitionSet& set) {
    std::vector<TopicPartitions> topics;
    set.for_each_topic([&](TopicId id, auto items) {
        auto& topic = topics.emplace_back(TopicPartitions{id, {}});
        for (const TopicIdPartition& item : items) topic.partitions.push_back(item.partition);
    });
    return topics;
}

// One heartbeat of a member that is in the group, or joins it.
class Report {
  public:
    Report(Deciding& deciding, const ConsumerGroupHeartbeat& request, const Group& group)
        : deciding_(deciding),
          records_(deciding.out.records),
          image_(deciding.context.image),
          request_(request),
          group_(group),
          draft_(group),
          checked_(group.checked) {
        if (request.owned) owned_ = flattened(*request.owned);
    }

    Result<ConsumerGroupHeartbeat::Reply> answer(const std::string& member_id);

  private:
    Status enter(const std::string& member_id);
    Status enter_static(const std::string& member_id);
    void update_subscription();
    void update_regexes();
    void update_epoch();
    PartitionSet target();
    void set_timers(const Member& member);

    bool joins() const { return GroupEpoch(request_.member_epoch) == kJoinEpoch; }
    bool is_full_request() const {
        return request_.rebalance_timeout &&
               (request_.subscribed_topics || request_.subscribed_regex) && request_.owned;
    }

    Deciding& deciding_;
    KeyedRecords& records_;
    const metadata::Image& image_;
    const ConsumerGroupHeartbeat& request_;
    const Group& group_;
    Draft draft_;
    OwnedPartitions owned_;

    Member before_;  // as it entered
    Member member_;  // as it will be
    bool is_new_ = false;
    std::string replaced_;  // the id that a static member had before
    bool bumps_ = false;    // the group gets a new epoch
    GroupEpoch epoch_;
    Checked checked_;
};

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
    if (!known->has_left_for_now())
        return fail(ErrorCode::UNRELEASED_INSTANCE_ID,
                    "Static member " + member_id + " with instance id " + instance_id +
                        " cannot join the group because the instance id is owned by " + known->id +
                        " member.");
    before_ = *known;
    before_.id = member_id;
    before_.epoch = kJoinEpoch;
    before_.previous_epoch = kJoinEpoch;
    replaced_ = known->id;
    deciding_.cancel_timer(timer_key(TimerKind::session, group_.id, replaced_));
    deciding_.cancel_timer(timer_key(TimerKind::rebalance, group_.id, replaced_));
    add_member_removal(records_, group_.id, replaced_);
    add_member(records_, group_.id, before_);
    add_target(records_, group_.id, member_id, group_.target(replaced_));
    add_current(records_, group_.id, before_);
    draft_.remove(replaced_);
    return {};
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
    deciding_.set_timer(timer_key(TimerKind::session, group_.id, member.id),
                        session_timeout(deciding_, group_.id));
    if (member == member_) return;
    const TimerKey rebalance = timer_key(TimerKind::rebalance, group_.id, member.id);
    if (member.state == MemberState::unrevoked)
        deciding_.set_timer(rebalance, member.rebalance_timeout);
    else
        deciding_.cancel_timer(rebalance);
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
    if (checked_.metadata != group_.checked.metadata ||
        checked_.regexes_at != group_.checked.regexes_at)
        deciding_.out.changes.push_back(PutChecked{group_.id, checked_});

    ConsumerGroupHeartbeat::Reply reply;
    reply.member_id = member_id;
    reply.member_epoch = reconciled.epoch.value();
    reply.heartbeat_interval = heartbeat_interval(deciding_, group_.id);
    if (joins() || is_full_request() || reconciled.assigned != before_.assigned)
        reply.assignment = grouped(reconciled.assigned);
    return reply;
}

Result<ConsumerGroupHeartbeat::Reply> join_or_report(Deciding& deciding,
                                                     const ConsumerGroupHeartbeat& request) {
    const std::string member_id =
        request.member_id.empty() ? deciding.context.random.uuid().to_string() : request.member_id;
    if (const Group* group = deciding.state.consumer(request.group_id))
        return Report(deciding, request, *group).answer(member_id);
    const ClassicGroup* classic = deciding.state.classic(request.group_id);
    const bool joins = GroupEpoch(request.member_epoch) == kJoinEpoch;
    if (!joins || (classic && classic->state != ClassicState::empty))
        return fail(ErrorCode::GROUP_ID_NOT_FOUND,
                    "Consumer group " + request.group_id + " not found.");
    if (classic) add_group_tombstone(deciding.out.records, request.group_id);
    Group fresh;
    fresh.id = request.group_id;
    return Report(deciding, request, fresh).answer(member_id);
}

}  // namespace

}  // namespace milena::coordinator::group::consumer

namespace milena::coordinator::group {

void decide(Deciding& deciding, const ConsumerGroupHeartbeat& request, ReplyId reply) {
    using namespace consumer;
    const auto answer = [&]() -> Result<ConsumerGroupHeartbeat::Reply> {
        if (!deciding.settings.serves_consumer_protocol)
            return fail(ErrorCode::UNSUPPORTED_VERSION,
                        "The consumer group protocol is not enabled.");
        MILENA_TRY(check_form(request, deciding.settings));
        const GroupEpoch epoch(request.member_epoch);
        if (epoch == kLeaveEpoch || epoch == kStaticLeaveEpoch) return leave(deciding, request);
        return join_or_report(deciding, request);
    }();
    if (answer) return deciding.reply(reply, *answer);
    // What was under way when it failed does not happen.
    deciding.out = {};
    ConsumerGroupHeartbeat::Reply refused;
    refused.error = answer.error();
    deciding.reply(reply, std::move(refused));
}

// Heartbeats see the new image by themselves.
void decide(Deciding& deciding, const ImageChanged&, ReplyId reply) {
    deciding.reply(reply, ImageChanged::Reply{});
}

}  // namespace milena::coordinator::group
