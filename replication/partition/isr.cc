// Who is in sync: what a leader proposes to the controller, and what becomes of it (core/.../
// cluster/Partition.scala; KIP-497, 841, 903).
#include "replication/partition/partition.h"

#include <algorithm>

namespace milena::partition {
namespace {

constexpr Millis kRetryAfter{50};

enum class Outcome : std::uint8_t {
    registered,     // the answer says what the ISR is now
    refused,        // it is known that nothing changed
    wait_for_news,  // what the partition is now will come with the metadata
    unknown,        // it may have happened or not: ask again
};

Outcome outcome_of(ErrorCode error) {
    switch (error) {
        case ErrorCode::NONE:
            return Outcome::registered;
        case ErrorCode::INELIGIBLE_REPLICA:
        case ErrorCode::OPERATION_NOT_ATTEMPTED:
            return Outcome::refused;
        case ErrorCode::UNKNOWN_TOPIC_OR_PARTITION:
        case ErrorCode::UNKNOWN_TOPIC_ID:
        case ErrorCode::FENCED_LEADER_EPOCH:
        case ErrorCode::INVALID_UPDATE_VERSION:
        case ErrorCode::INVALID_REQUEST:
        case ErrorCode::NEW_LEADER_ELECTED:
            return Outcome::wait_for_news;
        default:
            return Outcome::unknown;
    }
}

}  // namespace

// As the leader sees it; the controller has the last word.
bool Partition::is_eligible(const Follower& follower) const {
    const BrokerView* view = state_.broker(follower.id);
    if (view == nullptr || !view->active) return false;
    return follower.broker_epoch.value() == -1 || follower.broker_epoch == view->epoch;
}

// Whoever has just asked for something. One that asked long ago may stand at the high watermark
// only because it was what held it there.
bool Partition::may_join(const Follower& follower, MonoTime now) const {
    return !state_.in_isr(follower.id) && follower.log_end >= state_.high_watermark &&
           follower.log_end >= state_.leader_epoch_start && is_eligible(follower) &&
           now - follower.last_fetch <= state_.settings.replica_lag_time_max;
}

// One proposal at a time. Who catches up is let in at once; who lags is put out when
// replica.lag.time.max.ms has passed since it last had everything.
void Partition::propose_if_needed(MonoTime now, Ready& ready) {
    if (state_.role != Role::leader || state_.proposal || now < state_.no_proposal_before) return;
    const auto joins = [&](const Follower& follower) { return may_join(follower, now); };
    const auto lags = [&](const Follower& follower) {
        return state_.in_isr(follower.id) &&
               !follower.is_caught_up(state_.log_end, now, state_.settings.replica_lag_time_max);
    };
    // Looked at with every fetch: the usual answer costs no memory.
    const auto& followers = state_.followers;
    const bool widens = std::any_of(followers.begin(), followers.end(), joins);
    if (!widens && std::none_of(followers.begin(), followers.end(), lags)) return;
    std::vector<BrokerId> isr = state_.isr;
    for (const auto& follower : followers) {
        if (widens && joins(follower)) isr.push_back(follower.id);
        if (!widens && lags(follower)) std::erase(isr, follower.id);
    }
    propose(std::move(isr), ready);
}

void Partition::propose(std::vector<BrokerId> isr, Ready& ready) {
    Proposal proposal{
        .id = ++state_.last_proposal, .partition_epoch = state_.partition_epoch, .isr = {}};
    for (const auto id : isr) {
        const BrokerView* view = state_.broker(id);
        const Follower* follower = state_.follower(id);
        BrokerEpoch epoch{-1};
        if (follower != nullptr) {
            epoch = follower->broker_epoch;
        } else if (view != nullptr) {
            epoch = view->epoch;
        }
        proposal.isr.push_back({id, epoch});
    }
    state_.proposal = std::move(proposal);
    send_proposal(ready);
}

void Partition::send_proposal(Ready& ready) {
    Proposal& proposal = *state_.proposal;
    proposal.retry_at = MonoTime::max();
    ready.alter_isr = AlterIsr{.id = proposal.id,
                               .leader_epoch = state_.leader_epoch,
                               .partition_epoch = proposal.partition_epoch,
                               .isr = proposal.isr};
}

void Partition::apply(const BrokersChanged& input, MonoTime now, Ready& ready) {
    state_.brokers = input.brokers;
    propose_if_needed(now, ready);
    advance(now, ready);
}

void Partition::apply(const AlterIsrAnswered& input, MonoTime now, Ready& ready) {
    if (!state_.proposal || state_.proposal->id != input.id) return;
    const auto known = [&](BrokerId id) { return id == state_.self || state_.follower(id); };
    switch (outcome_of(input.error)) {
        case Outcome::registered:
            // An answer that does not fit what is known here: the metadata will.
            if (input.leader_epoch != state_.leader_epoch ||
                input.partition_epoch < state_.partition_epoch ||
                !std::all_of(input.isr.begin(), input.isr.end(), known)) {
                return;
            }
            state_.partition_epoch = input.partition_epoch;
            // Whoever is put out has to ask anew before it can come back: what it asked for last is
            // why it was put out.
            for (auto& follower : state_.followers) {
                const bool stays =
                    std::find(input.isr.begin(), input.isr.end(), follower.id) != input.isr.end();
                if (state_.in_isr(follower.id) && !stays) follower = Follower{.id = follower.id};
            }
            state_.isr = input.isr;
            state_.proposal.reset();
            break;
        case Outcome::refused:
            // Until it is certain that nothing changed, its members go on to count.
            if (!input.final) {
                state_.proposal->retry_at = now + kRetryAfter;
                return;
            }
            state_.proposal.reset();
            state_.no_proposal_before = now + kRetryAfter;
            break;
        case Outcome::wait_for_news:
            return;
        case Outcome::unknown:
            state_.proposal->retry_at = now + kRetryAfter;
            return;
    }
    propose_if_needed(now, ready);
    advance(now, ready);
}

void Partition::apply(const Tick&, MonoTime now, Ready& ready) {
    if (state_.role != Role::leader) return;
    if (state_.proposal && now >= state_.proposal->retry_at) {
        send_proposal(ready);
    } else {
        propose_if_needed(now, ready);
    }
    advance(now, ready);
}

}  // namespace milena::partition
