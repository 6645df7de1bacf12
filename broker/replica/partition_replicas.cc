// Partition: as the leader of other replicas.
#include "broker/replica/partition.h"

#include <algorithm>

namespace milena::replica {

partition::EpochEnd Partition::epoch_end(LeaderEpoch epoch) const {
    const auto end = log_->epoch_end_offset(epoch);
    return {end.leader_epoch, end.end_offset};
}

Result<ReadOutcome> Partition::read_as_replica(const ReadRequest& request,
                                               const ReplicaFetch& fetch) {
    return check_read(answer_replica(request, fetch));
}

Result<ReadOutcome> Partition::answer_replica(const ReadRequest& request,
                                              const ReplicaFetch& fetch) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    const auto& state = machine_.state();
    MILENA_TRY(partition::check_leader(state, request.current_leader_epoch, label_));
    MILENA_TRY(partition::check_follower(state, fetch.replica, label_));
    partition::Fetched fetched;
    fetched.replica = fetch.replica;
    fetched.broker_epoch = fetch.broker_epoch;
    fetched.leader_epoch = state.leader_epoch;
    fetched.offset = request.from;
    fetched.last_fetched_epoch = request.last_fetched_epoch;
    if (request.last_fetched_epoch != kNoLeaderEpoch) {
        fetched.ours = epoch_end(request.last_fetched_epoch);
    }
    fetched.log_start = fetch.log_start;
    // First, so that the answer tells the high watermark that follows from it.
    perform(machine_.step(fetched, request.now));
    const bool throttled =
        watcher_ != nullptr && settings()->throttled_senders.contains(name_.index, fetch.replica);
    return throttled ? read_throttled(request, fetch.replica) : read_log(request);
}

// Who is in sync is never held up: acknowledgements wait for it (KIP-73).
Result<ReadOutcome> Partition::read_throttled(const ReadRequest& request, BrokerId replica) const {
    auto allowed = request;
    auto& sending = watcher_->sending();
    if (!machine_.state().in_isr(replica) && sending.is_exceeded(request.now)) {
        allowed.max_bytes = 0;
        allowed.first = log::FirstBatch::within_limit;
    }
    MILENA_ASSIGN(auto outcome, read_log(allowed));
    sending.record(outcome.records.slice.length, request.now);
    return outcome;
}

void Partition::update_brokers(std::vector<partition::BrokerView> brokers, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (dormant_ && dormant_->leadership) {
        dormant_->leadership->brokers = std::move(brokers);
    } else if (log_) {
        perform(machine_.step(partition::BrokersChanged{std::move(brokers)}, now));
    }
}

void Partition::on_isr_answer(const partition::AlterIsrAnswered& answer, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (log_) perform(machine_.step(answer, now));
}

Partition::Ticked Partition::tick(MonoTime now) {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    if (!log_ || state.role != partition::Role::leader || state.followers.empty()) return {};
    if (const auto due = machine_.deadline(); due && *due <= now) {
        perform(machine_.step(partition::Tick{}, now));
    }
    return {true, machine_.deadline()};
}

void Partition::take_lease(MonoTime now) {
    if (watcher_ == nullptr) return;
    const auto until = watcher_->lease().until();
    if (until == machine_.state().lease_until) return;
    perform(machine_.step(partition::LeaseUntil{until}, now));
    lease_ended_ = false;
}

Status Partition::check_lease(MonoTime now) {
    take_lease(now);
    return partition::check_lease(machine_.state(), now, label_);
}

void Partition::on_lease_end(MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_ || machine_.state().role != partition::Role::leader || check_lease(now)) return;
    lease_ended_ = true;
    for (const auto& reader : readers_) reader->wake();
    std::erase_if(producers_, [](const ParkedProducer& parked) {
        if (parked.ends_with_lease) parked.waiter->wake();
        return parked.ends_with_lease;
    });
}

ReplicationView Partition::replication_view() const {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    ReplicationView view;
    if (!log_ || state.role != partition::Role::leader) return view;
    view.leads = true;
    view.under_replicated = state.isr.size() < state.replicas.size();
    view.under_min_isr = !state.has_enough_isr();
    for (const auto& follower : state.followers) {
        const Offset held = std::max(follower.log_end, state.log_start);
        view.furthest_behind = std::max(view.furthest_behind, Offset(state.log_end - held));
    }
    return view;
}

}  // namespace milena::replica
