// OffsetCommit and TxnOffsetCommit: who may store positions, and the records of them.
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

namespace milena::coordinator::group {
namespace {

// Characters as Java counts them: UTF-16 units.
std::size_t utf16_units(std::string_view text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
}

bool is_anonymous(const MemberClaim& claim) {
    return claim.member_id.empty() && !claim.instance_id && claim.generation < 0;
}

ErrorCode check_identity(const ClassicGroup& group, const MemberClaim& claim) {
    const auto error = group.check_member(claim.member_id, claim.instance_id);
    if (error != ErrorCode::NONE) return error;
    return claim.generation == group.generation ? ErrorCode::NONE : ErrorCode::ILLEGAL_GENERATION;
}

// Administrators, and consumers that assign themselves, commit without a generation: only while
// nobody is in the group.
ErrorCode check_commit(const ClassicGroup& group, const MemberClaim& claim) {
    if (claim.generation < 0 && group.state == ClassicState::empty) return ErrorCode::NONE;
    if (is_anonymous(claim)) {
        return group.state == ClassicState::empty ? ErrorCode::NONE : ErrorCode::UNKNOWN_MEMBER_ID;
    }
    const auto error = check_identity(group, claim);
    if (error != ErrorCode::NONE) return error;
    // It has its generation from the join, but the group has not come to rest yet.
    return group.state == ClassicState::completing_rebalance ? ErrorCode::REBALANCE_IN_PROGRESS
                                                             : ErrorCode::NONE;
}

// A producer of before KIP-447 says nothing of the member it commits for.
ErrorCode check_transactional(const ClassicGroup& group, const MemberClaim& claim) {
    if (claim.generation < 0 && group.state == ClassicState::empty) return ErrorCode::NONE;
    return is_anonymous(claim) ? ErrorCode::NONE : check_identity(group, claim);
}

ErrorCode code_of(const Status& status) {
    return status ? ErrorCode::NONE : status.error().code;
}

ErrorCode check(const State& state, const OffsetCommit& request) {
    const auto* group = state.group(request.group_id);
    if (group == nullptr) {
        if (request.member.generation < 0) return ErrorCode::NONE;
        return request.supports_member_epoch ? ErrorCode::GROUP_ID_NOT_FOUND
                                             : ErrorCode::ILLEGAL_GENERATION;
    }
    if (const auto* classic = std::get_if<ClassicGroup>(group))
        return check_commit(*classic, request.member);
    return code_of(consumer::check_commit(std::get<ConsumerGroup>(*group), request.member,
                                          request.supports_member_epoch));
}

ErrorCode check(const State& state, const TxnOffsetCommit& request) {
    const auto* group = state.group(request.group_id);
    if (group == nullptr) {
        return request.member.generation < 0 ? ErrorCode::NONE : ErrorCode::ILLEGAL_GENERATION;
    }
    if (const auto* classic = std::get_if<ClassicGroup>(group))
        return check_transactional(*classic, request.member);
    return code_of(
        consumer::check_transactional_commit(std::get<ConsumerGroup>(*group), request.member));
}

// The same error for every partition.
OffsetCommit::Reply refused(const std::vector<OffsetTopic>& topics, ErrorCode error) {
    OffsetCommit::Reply reply;
    reply.error.code = error;
    for (const auto& topic : topics) {
        auto& to = reply.topics.emplace_back(OffsetErrors::Topic{topic.name, topic.id, {}});
        for (const auto& partition : topic.partitions) {
            to.partitions.push_back({partition.index, error});
        }
    }
    return reply;
}

// Writes all that can be written.
OffsetCommit::Reply store(Deciding& deciding, const std::string& group_id,
                          const std::vector<OffsetTopic>& topics, TimestampMs expires) {
    const auto limit = deciding.settings.offset_metadata_max_bytes;
    OffsetCommit::Reply reply;
    reply.topics.reserve(topics.size());
    for (const auto& topic : topics) {
        auto& to = reply.topics.emplace_back(OffsetErrors::Topic{topic.name, topic.id, {}});
        to.partitions.reserve(topic.partitions.size());
        for (const auto& partition : topic.partitions) {
            if (utf16_units(partition.metadata) > static_cast<std::size_t>(limit)) {
                to.partitions.push_back({partition.index, ErrorCode::OFFSET_METADATA_TOO_LARGE});
                continue;
            }
            to.partitions.push_back({partition.index, ErrorCode::NONE});
            CommittedOffset value;
            value.offset = partition.offset;
            value.leader_epoch = partition.leader_epoch;
            value.metadata = partition.metadata;
            value.commit_timestamp = deciding.context.wall_now;
            value.expire_timestamp = expires;
            value.topic_id = topic.id;
            add_offset(deciding.out.records, {group_id, topic.name, partition.index}, value);
        }
    }
    return reply;
}

// A commit is a sign of life.
void extend_session(Deciding& deciding, const OffsetCommit& request) {
    const auto* group = deciding.state.classic(request.group_id);
    if (group == nullptr || group->state == ClassicState::completing_rebalance) return;
    const auto* member = group->member(request.member.member_id);
    if (member == nullptr) return;
    deciding.set_timer(timer_key(TimerKind::session, request.group_id, member->id),
                       member->session_timeout);
}

}  // namespace

void decide(Deciding& deciding, const OffsetCommit& request, ReplyId reply) {
    const auto error = check(deciding.state, request);
    if (error != ErrorCode::NONE) {
        deciding.reply(reply, refused(request.topics, error));
        return;
    }
    extend_session(deciding, request);
    const auto expires =
        request.retention ? deciding.context.wall_now + request.retention->count() : kNoTimestamp;
    deciding.reply(reply, store(deciding, request.group_id, request.topics, expires));
}

void decide(Deciding& deciding, const TxnOffsetCommit& request, ReplyId reply) {
    const auto error = check(deciding.state, request);
    if (error != ErrorCode::NONE) {
        deciding.reply(reply, refused(request.topics, error));
        return;
    }
    deciding.reply(reply, store(deciding, request.group_id, request.topics, kNoTimestamp));
    deciding.out.producer = TransactionalProducer{request.producer_id, request.producer_epoch};
}

}  // namespace milena::coordinator::group
