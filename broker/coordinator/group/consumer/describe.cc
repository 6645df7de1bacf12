#include "broker/config/keys.h"
#include "broker/coordinator/group/consumer/draft.h"
#include "broker/coordinator/group/consumer/target.h"
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/verbs.h"

#include <algorithm>
#include <charconv>

namespace milena::coordinator::group::consumer {

namespace {

using Reply = ConsumerGroupDescribe::Reply;

std::vector<Reply::Partitions> with_names(const PartitionSet& set, const metadata::Image& image) {
    std::vector<Reply::Partitions> result;
    set.for_each_topic([&](TopicId id, auto items) {
        const metadata::TopicImage* topic = image.topic(id);
        // Deleted, and the members have not noticed yet.
        if (!topic) return;
        auto& entry = result.emplace_back(Reply::Partitions{id, topic->name, {}});
        for (const TopicIdPartition& item : items) entry.partitions.push_back(item.partition);
    });
    return result;
}

Reply::Member described(const Group& group, const Member& member, const metadata::Image& image) {
    Reply::Member entry;
    entry.id = member.id;
    entry.instance_id = member.instance_id;
    entry.rack = member.rack_id;
    entry.epoch = member.epoch.value();
    entry.client = member.client;
    entry.subscribed_topics = member.topic_names;
    entry.subscribed_regex = member.topic_regex;
    entry.assignment = with_names(member.assigned, image);
    entry.target_assignment = with_names(group.target(member.id), image);
    entry.type = member.classic ? 0 : 1;
    return entry;
}

struct Bounds {
    Millis standard;
    Millis min;
    Millis max;
};

namespace opt = config::opt::group;

// The group's own value, which changes while it lives: looked up in the metadata each time.
Millis group_setting(const metadata::Image& image, std::string_view group_id,
                     config::Key<config::Scope::Group, Millis> key, const Bounds& bounds) {
    const auto& config = image.config(metadata::ResourceType::group, group_id);
    const auto found = config.find(config::name_of(key));
    std::int64_t value = 0;
    if (found == config.end() ||
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value)
                .ec != std::errc())
        return bounds.standard;
    return std::max(bounds.min, std::min(bounds.max, Millis(value)));
}

}  // namespace

std::string_view state_name(GroupState state) {
    switch (state) {
        case GroupState::empty:
            return "Empty";
        case GroupState::assigning:
            return "Assigning";
        case GroupState::reconciling:
            return "Reconciling";
        case GroupState::stable:
            break;
    }
    return "Stable";
}

std::set<std::string, std::less<>> subscribed_topics(const Group& group) {
    std::set<std::string, std::less<>> topics;
    for (const auto& [id, member] : group.members)
        topics.insert(member.topic_names.begin(), member.topic_names.end());
    for (const auto& [regex, resolved] : group.regexes)
        topics.insert(resolved.topics.begin(), resolved.topics.end());
    return topics;
}

Millis session_timeout(const Deciding& deciding, std::string_view group_id) {
    const Settings& settings = deciding.settings;
    return group_setting(deciding.context.image, group_id, opt::consumer_session_timeout_ms,
                         {settings.consumer_session_timeout, settings.consumer_min_session_timeout,
                          settings.consumer_max_session_timeout});
}

Millis heartbeat_interval(const Deciding& deciding, std::string_view group_id) {
    const Settings& settings = deciding.settings;
    return group_setting(
        deciding.context.image, group_id, opt::consumer_heartbeat_interval_ms,
        {settings.consumer_heartbeat_interval, settings.consumer_min_heartbeat_interval,
         settings.consumer_max_heartbeat_interval});
}

}  // namespace milena::coordinator::group::consumer

namespace milena::coordinator::group {

void decide(Deciding& deciding, const ConsumerGroupDescribe& request, ReplyId reply) {
    using namespace consumer;
    ConsumerGroupDescribe::Reply answer;
    answer.group_id = request.group_id;
    if (request.group_id.empty()) {
        answer.error = {ErrorCode::INVALID_GROUP_ID, "A group has a name."};
    } else if (const ConsumerGroup* found = deciding.state.consumer(request.group_id)) {
        answer.state = state_name(found->state());
        answer.epoch = found->epoch.value();
        answer.assignment_epoch = found->assignment_epoch.value();
        answer.assignor = preferred_assignor(Draft(*found), deciding.settings.consumer_assignors);
        for (const auto& [id, member] : found->members)
            answer.members.push_back(described(*found, member, deciding.context.image));
    } else {
        answer.error = {ErrorCode::GROUP_ID_NOT_FOUND, "Group " + request.group_id + " not found."};
    }
    deciding.reply(reply, std::move(answer));
}

}  // namespace milena::coordinator::group
