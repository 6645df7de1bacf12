// How positions go: deleted by an administrator, with their topic, with their group, or by age.
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

#include <algorithm>

namespace milena::coordinator::group {
namespace {

// Tombstones of one look for what has expired: the rest follows at once, in another batch.
constexpr std::size_t kMostPerBatch = 1000;

bool is_subscribed(const std::optional<std::set<std::string, std::less<>>>& topics,
                   std::string_view topic) {
    return topics && topics->contains(topic);
}

// From when on the age of a group's positions counts; nothing while they do not age.
enum class AgesFrom { never, commit, empty_since };

AgesFrom ages_from(const ClassicGroup& group) {
    if (!group.protocol_type) return AgesFrom::commit;
    if (group.state == ClassicState::empty) {
        return group.state_timestamp == kNoTimestamp ? AgesFrom::commit : AgesFrom::empty_since;
    }
    // What the members do not read any more ages.
    const bool knows_topics =
        group.state == ClassicState::stable && subscribed_topics(group).has_value();
    return knows_topics ? AgesFrom::commit : AgesFrom::never;
}

class Expiry {
  public:
    explicit Expiry(Deciding& deciding) : deciding_(deciding) {}

    void run() {
        for (const auto& [id, group] : deciding_.state.groups) {
            if (is_full()) break;
            std::visit([&](const auto& any) { expire(id, any); }, group);
        }
        deciding_.set_timer(timer_key(TimerKind::expiry),
                            is_full() ? Millis(0) : deciding_.settings.offsets_retention_check);
    }

  private:
    bool is_full() const { return deciding_.out.records.size() >= kMostPerBatch; }

    void expire(const std::string& id, const ClassicGroup& group) {
        const auto from = ages_from(group);
        if (deciding_.state.offsets.of_group(id) != nullptr && from == AgesFrom::never) return;
        const auto empty_since =
            from == AgesFrom::empty_since ? std::optional(group.state_timestamp) : std::nullopt;
        // With members only what they do not read any more is looked at.
        const auto subscribed = group.members.empty() ? std::nullopt : subscribed_topics(group);
        const bool any_left = expire_positions(id, subscribed, empty_since);
        const bool is_over = group.state == ClassicState::empty && group.pending_members.empty();
        if (!any_left && is_over && group.has_record) {
            add_group_tombstone(deciding_.out.records, id);
        }
    }

    void expire(const std::string& id, const ConsumerGroup& group) {
        const bool any_left = expire_positions(id, consumer::subscribed_topics(group), {});
        if (!any_left && group.members.empty()) {
            consumer::add_group_removal(deciding_.out.records, group);
        }
    }

    // Are there any left, or pending?
    bool expire_positions(const std::string& id,
                          const std::optional<std::set<std::string, std::less<>>>& subscribed,
                          std::optional<TimestampMs> empty_since) {
        const auto& offsets = deciding_.state.offsets;
        bool any_left = offsets.has_pending(id);
        const auto* topics = offsets.of_group(id);
        if (topics == nullptr) return any_left;
        for (const auto& [topic, partitions] : *topics) {
            if (is_subscribed(subscribed, topic)) {
                any_left = true;
                continue;
            }
            for (const auto& [partition, value] : partitions) {
                const OffsetKey key{id, topic, partition};
                if (has_expired(empty_since, value) && !offsets.is_pending(key)) {
                    add_offset_tombstone(deciding_.out.records, key);
                } else {
                    any_left = true;
                }
            }
        }
        return any_left;
    }

    bool has_expired(std::optional<TimestampMs> empty_since, const CommittedOffset& value) const {
        const auto now = deciding_.context.wall_now;
        if (value.expire_timestamp != kNoTimestamp) return now >= value.expire_timestamp;
        return now - empty_since.value_or(value.commit_timestamp) >=
               deciding_.settings.offsets_retention.count();
    }

    Deciding& deciding_;
};

}  // namespace

void forget_offsets(Deciding& deciding, std::string_view group_id) {
    const auto& offsets = deciding.state.offsets;
    auto all = offsets.pending_of(group_id);
    if (const auto* topics = offsets.of_group(group_id)) {
        for (const auto& [topic, partitions] : *topics) {
            for (const auto& [partition, value] : partitions) all.emplace(topic, partition);
        }
    }
    for (const auto& [topic, partition] : all) {
        add_offset_tombstone(deciding.out.records, {group_id, topic, partition});
    }
}

void decide(Deciding& deciding, const OffsetDelete& request, ReplyId reply) {
    const auto& state = deciding.state;
    const auto* group = state.classic(request.group_id);
    const auto* consumers = state.consumer(request.group_id);
    OffsetDelete::Reply answer;
    if (consumers != nullptr) {
        // Checked topic by topic.
    } else if (group == nullptr) {
        answer.error = {ErrorCode::GROUP_ID_NOT_FOUND, "Group " + request.group_id + " not found."};
    } else if (group->state != ClassicState::empty && !group->uses_consumer_protocol()) {
        answer.error.code = ErrorCode::NON_EMPTY_GROUP;
    }
    if (answer.error.code != ErrorCode::NONE) {
        deciding.reply(reply, std::move(answer));
        return;
    }
    const auto subscribed = consumers ? std::optional(consumer::subscribed_topics(*consumers))
                                      : subscribed_topics(*group);
    // Members whose subscription cannot be read may read anything.
    const bool reads_all = !subscribed && group->uses_consumer_protocol();
    for (const auto& topic : request.topics) {
        auto& to = answer.topics.emplace_back(OffsetErrors::Topic{topic.name, {}, {}});
        const bool is_read = reads_all || is_subscribed(subscribed, topic.name);
        for (const auto index : topic.partitions) {
            const OffsetKey key{request.group_id, topic.name, index};
            to.partitions.push_back(
                {index, is_read ? ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode::NONE});
            const bool exists = state.offsets.find(key) != nullptr || state.offsets.is_pending(key);
            if (!is_read && exists) add_offset_tombstone(deciding.out.records, key);
        }
    }
    deciding.reply(reply, std::move(answer));
}

void decide(Deciding& deciding, const ForgetTopics& request, ReplyId reply) {
    const auto is_gone = [&](std::string_view topic) {
        return std::find(request.names.begin(), request.names.end(), topic) != request.names.end();
    };
    const auto& offsets = deciding.state.offsets;
    for (const auto& [id, group] : deciding.state.groups) {
        auto gone = offsets.pending_of(id);
        std::erase_if(gone, [&](const auto& entry) { return !is_gone(entry.first); });
        if (const auto* topics = offsets.of_group(id)) {
            for (const auto& name : request.names) {
                const auto topic = topics->find(name);
                if (topic == topics->end()) continue;
                for (const auto& [index, value] : topic->second) gone.emplace(topic->first, index);
            }
        }
        for (const auto& [topic, index] : gone) {
            add_offset_tombstone(deciding.out.records, {id, topic, index});
        }
    }
    deciding.reply(reply, ForgetTopics::Reply{});
}

void expire_offsets(Deciding& deciding) {
    Expiry(deciding).run();
}

}  // namespace milena::coordinator::group
