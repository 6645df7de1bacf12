// OffsetFetch: positions, as far as the reader may see them.
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/verbs.h"

namespace milena::coordinator::group {
namespace {

using Answered = OffsetFetch::Reply::Partition;

Answered found(PartitionIndex index, const CommittedOffset& value) {
    return {index, value.offset, value.leader_epoch, value.metadata, ErrorCode::NONE};
}

// There is a position that may be gone in a moment: the reader must come again.
Answered unstable(PartitionIndex index) {
    Answered answer;
    answer.index = index;
    answer.error = ErrorCode::UNSTABLE_OFFSET_COMMIT;
    return answer;
}

Answered missing(PartitionIndex index) {
    Answered answer;
    answer.index = index;
    return answer;
}

// Is the position one of a topic that had the same name before?
bool is_of_another_topic(const CommittedOffset& value, TopicId asked) {
    return !value.topic_id.value().is_zero() && !asked.value().is_zero() && value.topic_id != asked;
}

Answered one(const Offsets& offsets, const OffsetKey& key, TopicId topic, bool require_stable) {
    if (require_stable && offsets.is_pending(key)) return unstable(key.partition);
    const auto* value = offsets.find(key);
    if (value == nullptr || is_of_another_topic(*value, topic)) return missing(key.partition);
    return found(key.partition, *value);
}

void fetch_named(const Offsets& offsets, const OffsetFetch& request, OffsetFetch::Reply& answer) {
    answer.topics.reserve(request.topics->size());
    for (const auto& topic : *request.topics) {
        auto& to = answer.topics.emplace_back(OffsetFetch::Reply::Topic{topic.name, topic.id, {}});
        to.partitions.reserve(topic.partitions.size());
        for (const auto index : topic.partitions) {
            to.partitions.push_back(one(offsets, {request.group_id, topic.name, index}, topic.id,
                                        request.require_stable));
        }
    }
}

void fetch_all(const Offsets& offsets, const OffsetFetch& request, OffsetFetch::Reply& answer) {
    const auto* topics = offsets.of_group(request.group_id);
    if (topics == nullptr) return;
    for (const auto& [name, partitions] : *topics) {
        auto& to = answer.topics.emplace_back(OffsetFetch::Reply::Topic{name, {}, {}});
        for (const auto& [index, value] : partitions) {
            const bool hidden =
                request.require_stable && offsets.is_pending({request.group_id, name, index});
            to.partitions.push_back(hidden ? unstable(index) : found(index, value));
        }
    }
}

}  // namespace

void decide(Deciding& deciding, const OffsetFetch& request, ReplyId reply) {
    OffsetFetch::Reply answer;
    if (const auto* group = deciding.state.consumer(request.group_id)) {
        const auto allowed = consumer::check_fetch(*group, request.member_id, request.member_epoch);
        if (!allowed) {
            answer.error = allowed.error();
            deciding.reply(reply, std::move(answer));
            return;
        }
    }
    if (request.topics) {
        fetch_named(deciding.state.offsets, request, answer);
    } else {
        fetch_all(deciding.state.offsets, request, answer);
    }
    deciding.reply(reply, std::move(answer));
}

}  // namespace milena::coordinator::group
