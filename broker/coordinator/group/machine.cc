#include "broker/coordinator/group/machine.h"

#include "broker/coordinator/group/consumer/replay.h"
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

namespace milena::coordinator::group {
namespace {

// Requests that name positions are answered position by position.
std::vector<OffsetErrors::Topic> each_failed(const std::vector<OffsetTopic>& topics,
                                             ErrorCode error) {
    std::vector<OffsetErrors::Topic> answered;
    for (const auto& topic : topics) {
        auto& to = answered.emplace_back(OffsetErrors::Topic{topic.name, topic.id, {}});
        for (const auto& partition : topic.partitions)
            to.partitions.push_back({partition.index, error});
    }
    return answered;
}

}  // namespace

Decision Machine::decide(const Request& request, ReplyId reply,
                         const DecideContext& context) const {
    Deciding deciding{state_, settings_, context};
    std::visit([&](const auto& asked) { group::decide(deciding, asked, reply); }, request);
    return std::move(deciding.out);
}

Decision Machine::on_timer(const TimerKey& key, const DecideContext& context) const {
    Deciding deciding{state_, settings_, context};
    const auto name = parse_timer_key(key);
    if (!name) return {};
    if (const auto* group = state_.consumer(name->group_id)) {
        consumer::timer_fired(deciding, *group, *name);
        return std::move(deciding.out);
    }
    switch (name->kind) {
        case TimerKind::expiry:
            expire_offsets(deciding);
            break;
        case TimerKind::session:
            session_ended(deciding, name->group_id, name->member_id);
            break;
        case TimerKind::join:
            join_phase_ended(deciding, name->group_id);
            break;
        case TimerKind::sync:
            sync_phase_ended(deciding, name->group_id);
            break;
        case TimerKind::rebalance:
            break;
    }
    return std::move(deciding.out);
}

Decision Machine::on_loaded(const DecideContext& context) const {
    Deciding deciding{state_, settings_, context};
    for (const auto& [id, group] : state_.groups) {
        if (const auto* classic = std::get_if<ClassicGroup>(&group)) {
            begin_sessions(deciding, id, *classic);
        } else {
            consumer::begin_sessions(deciding, std::get<ConsumerGroup>(group));
        }
    }
    deciding.set_timer(timer_key(TimerKind::expiry), settings_.offsets_retention_check);
    return std::move(deciding.out);
}

void Machine::apply(const KeyedRecord& record, const RecordOrigin& origin) {
    if (!consumer::apply_record(state_, record)) apply_record(state_, record, origin);
}

void Machine::apply_marker(ProducerId producer, ProducerEpoch, const TransactionMarker& marker) {
    const bool commit = marker.type == ControlType::commit;
    for (const auto& group : state_.offsets.end_transaction(producer, commit)) {
        state_.keep_simple_group(group);
    }
}

void Machine::apply(const Change& change) {
    if (const auto* checked = std::get_if<consumer::PutChecked>(&change)) {
        consumer::apply_change(state_, *checked);
        return;
    }
    const auto& put = std::get<PutClassic>(change);
    if (put.group) {
        state_.groups.insert_or_assign(put.group_id, *put.group);
    } else {
        state_.groups.erase(put.group_id);
    }
}

Machine::Reply Machine::refused(const Request& request, ErrorCode error) {
    return std::visit(
        [&](const auto& asked) -> Reply {
            using R = std::decay_t<decltype(asked)>;
            typename R::Reply reply;
            if constexpr (requires { reply.error; }) reply.error = {error, {}};
            if constexpr (std::is_same_v<R, OffsetCommit> || std::is_same_v<R, TxnOffsetCommit>) {
                reply.topics = each_failed(asked.topics, error);
            }
            if constexpr (requires { reply.member_id = asked.member_id; }) {
                reply.member_id = asked.member_id;
            }
            if constexpr (requires { reply.group_id; }) reply.group_id = asked.group_id;
            return reply;
        },
        request);
}

}  // namespace milena::coordinator::group
