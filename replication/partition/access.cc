#include "replication/partition/access.h"

#include <algorithm>
#include <string>

namespace milena::partition {
namespace {

std::string number(auto strong) {
    return std::to_string(strong.value());
}

Status not_leader(const State& state, std::string_view topic_partition) {
    std::string detail = "broker " + number(state.self) + " does not lead " +
                         std::string(topic_partition) + " (leader epoch " +
                         number(state.leader_epoch) + "); ";
    detail += state.leader == kNoBroker ? "it has no leader now; retry later"
                                        : "ask broker " + number(state.leader);
    return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER, std::move(detail));
}

Status check_epoch(const State& state, LeaderEpoch asked, std::string_view topic_partition) {
    if (asked == kNoLeaderEpoch || asked == state.leader_epoch) return {};
    const bool older = asked < state.leader_epoch;
    return fail(older ? ErrorCode::FENCED_LEADER_EPOCH : ErrorCode::UNKNOWN_LEADER_EPOCH,
                "leader epoch " + number(asked) + " for " + std::string(topic_partition) + " is " +
                    (older ? "older" : "newer") + " than epoch " + number(state.leader_epoch) +
                    " known to broker " + number(state.self) +
                    (older ? "; refresh the metadata" : "; retry later"));
}

std::string isr_shortage(const State& state, std::string_view topic_partition) {
    return std::string(topic_partition) + " has " + std::to_string(state.isr.size()) +
           " in-sync replicas, but min.insync.replicas asks for " +
           std::to_string(state.effective_min_isr());
}

}  // namespace

Status check_leader(const State& state, LeaderEpoch asked, std::string_view topic_partition) {
    // A client that is ahead of us is told so before anything else: our metadata is what lags.
    MILENA_TRY(check_epoch(state, asked, topic_partition));
    if (state.role != Role::leader) return not_leader(state, topic_partition);
    return {};
}

Status check_replica(const State& state, LeaderEpoch asked, std::string_view topic_partition) {
    MILENA_TRY(check_epoch(state, asked, topic_partition));
    if (state.role == Role::none) return not_leader(state, topic_partition);
    return {};
}

Status check_lease(const State& state, MonoTime now, std::string_view topic_partition) {
    if (now < state.lease_until) return {};
    return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                "broker " + number(state.self) +
                    " has not heard from the controller for so long "
                    "that another may lead " +
                    std::string(topic_partition) + " by now; refresh the metadata");
}

Status check_follower(const State& state, BrokerId replica, std::string_view topic_partition) {
    if (state.follower(replica) != nullptr) return {};
    return fail(ErrorCode::UNKNOWN_LEADER_EPOCH,
                "broker " + number(replica) + " holds no replica of " +
                    std::string(topic_partition) + " as far as broker " + number(state.self) +
                    " knows; retry later");
}

Result<LeaderEpoch> may_produce(const State& state, std::int16_t acks,
                                std::string_view topic_partition) {
    MILENA_TRY(check_leader(state, kNoLeaderEpoch, topic_partition));
    if (acks == -1 && !state.has_enough_isr()) {
        return fail(ErrorCode::NOT_ENOUGH_REPLICAS,
                    isr_shortage(state, topic_partition) + "; nothing was written, retry later");
    }
    return state.leader_epoch;
}

Status check_acknowledged(const State& state, std::string_view topic_partition) {
    if (state.has_enough_isr()) return {};
    return fail(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
                isr_shortage(state, topic_partition) +
                    " since the batch was written; it may be retried as a duplicate");
}

Offset visible_end(const State& state, Reader reader, Offset first_unstable) {
    switch (reader) {
        case Reader::uncommitted:
            return state.high_watermark;
        case Reader::committed:
            return first_unstable == kNoOffset ? state.high_watermark
                                               : std::min(first_unstable, state.high_watermark);
        case Reader::replica:
            return state.log_end;
    }
    return state.high_watermark;
}

Status may_list_latest(const State& state, std::string_view topic_partition) {
    if (state.high_watermark >= state.leader_epoch_start) return {};
    return fail(ErrorCode::OFFSET_NOT_AVAILABLE,
                "the high watermark " + number(state.high_watermark) + " of " +
                    std::string(topic_partition) + " has not yet reached offset " +
                    number(state.leader_epoch_start) + ", where leader epoch " +
                    number(state.leader_epoch) + " began; retry");
}

}  // namespace milena::partition
