#include "tests/unit/replication/partition/simulated_controller.h"

#include <algorithm>

namespace milena::partition {
namespace {

bool holds(const std::vector<BrokerId>& ids, BrokerId id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

bool Registration::has(BrokerId id) const {
    return holds(replicas, id);
}

bool Registration::in_isr(BrokerId id) const {
    return holds(isr, id);
}

SimulatedController::SimulatedController(std::vector<BrokerId> replicas, bool unclean,
                                         Millis session)
    : unclean_(unclean), session_(session) {
    metadata_.partition.replicas = metadata_.partition.isr = std::move(replicas);
    metadata_.version = 1;
}

bool SimulatedController::may_lead(BrokerId id) const {
    const auto found = brokers_.find(id.value());
    return found != brokers_.end() && !found->second.fenced;
}

bool SimulatedController::is_fenced(BrokerId id, BrokerEpoch epoch) const {
    const auto found = brokers_.find(id.value());
    return found == brokers_.end() || found->second.epoch != epoch || found->second.fenced;
}

void SimulatedController::changed() {
    ++metadata_.version;
    metadata_.brokers.clear();
    for (const auto& [id, broker] : brokers_) {
        metadata_.brokers.push_back({.id = BrokerId(id),
                                     .epoch = broker.epoch,
                                     .alive = !broker.fenced,
                                     .active = !broker.fenced,
                                     .rack = ""});
    }
}

void SimulatedController::elect() {
    auto& partition = metadata_.partition;
    BrokerId leader = kNoBroker;
    for (const auto id : partition.replicas) {
        if (partition.in_isr(id) && may_lead(id)) {
            leader = id;
            break;
        }
    }
    partition.leader = leader;
    partition.leader_epoch = partition.leader_epoch + 1;
}

void SimulatedController::remove_from_isr(BrokerId id) {
    auto& partition = metadata_.partition;
    const bool led = partition.leader == id;
    const bool removed = partition.in_isr(id) && partition.isr.size() > 1;
    if (removed) std::erase(partition.isr, id);
    if (led) elect();
    if (led || removed) partition.partition_epoch = partition.partition_epoch + 1;
}

BrokerEpoch SimulatedController::enroll(BrokerId id, std::uint64_t incarnation, MonoTime now) {
    auto& broker = brokers_[id.value()];
    if (incarnation <= broker.incarnation) return broker.epoch;
    const bool first = broker.incarnation == 0;
    broker = {.incarnation = incarnation,
              .epoch = BrokerEpoch(next_epoch_++),
              .fenced = true,
              .registered_at = metadata_.version + 1,
              .last_heard = now};
    if (!first) remove_from_isr(id);
    changed();
    return broker.epoch;
}

bool SimulatedController::heartbeat(BrokerId id, BrokerEpoch epoch, std::uint64_t seen,
                                    MonoTime now) {
    auto& broker = brokers_[id.value()];
    if (broker.epoch != epoch) return false;
    broker.last_heard = std::max(broker.last_heard, now);
    if (broker.fenced && seen >= broker.registered_at) {
        broker.fenced = false;
        auto& partition = metadata_.partition;
        if (partition.leader == kNoBroker && partition.in_isr(id)) {
            elect();
            partition.partition_epoch = partition.partition_epoch + 1;
        }
        changed();
    }
    return true;
}

void SimulatedController::fence(BrokerId id, BrokerEpoch epoch) {
    auto& broker = brokers_[id.value()];
    if (broker.epoch != epoch || broker.fenced) return;
    broker.fenced = true;
    // To be let in again it has to have seen this.
    broker.registered_at = metadata_.version + 1;
    remove_from_isr(id);
    changed();
}

void SimulatedController::fence_expired(MonoTime now) {
    for (const auto& [id, broker] : brokers_) {
        if (!broker.fenced && now >= broker.last_heard + session_) {
            fence(BrokerId(id), broker.epoch);
        }
    }
}

AlterIsrAnswered SimulatedController::alter_isr(BrokerId from, BrokerEpoch epoch,
                                                const AlterIsr& request) {
    auto& partition = metadata_.partition;
    AlterIsrAnswered answer{.id = request.id, .isr = {}};
    const auto refuse = [&](ErrorCode error) {
        answer.error = error;
        return answer;
    };
    if (brokers_[from.value()].epoch != epoch) return refuse(ErrorCode::STALE_BROKER_EPOCH);
    if (request.leader_epoch > partition.leader_epoch ||
        request.partition_epoch > partition.partition_epoch) {
        return refuse(ErrorCode::NOT_CONTROLLER);
    }
    if (request.leader_epoch < partition.leader_epoch) {
        return refuse(ErrorCode::FENCED_LEADER_EPOCH);
    }
    if (request.partition_epoch < partition.partition_epoch) {
        return refuse(ErrorCode::INVALID_UPDATE_VERSION);
    }
    std::vector<BrokerId> isr;
    for (const auto& member : request.isr) {
        if (!partition.has(member.id)) return refuse(ErrorCode::INVALID_REQUEST);
        const auto& broker = brokers_[member.id.value()];
        const bool other_life = member.epoch.value() != -1 && member.epoch != broker.epoch;
        if (broker.fenced || other_life) return refuse(ErrorCode::INELIGIBLE_REPLICA);
        isr.push_back(member.id);
    }
    if (partition.leader != from || !holds(isr, from)) return refuse(ErrorCode::INVALID_REQUEST);
    if (isr != partition.isr) {
        partition.isr = isr;
        partition.partition_epoch = partition.partition_epoch + 1;
        finish_reassignment();
        changed();
    }
    if (partition.leader != from) return refuse(ErrorCode::NEW_LEADER_ELECTED);
    answer.leader_epoch = partition.leader_epoch;
    answer.partition_epoch = partition.partition_epoch;
    answer.isr = partition.isr;
    return answer;
}

void SimulatedController::finish_reassignment() {
    auto& partition = metadata_.partition;
    if (partition.target.empty()) return;
    for (const auto id : partition.target) {
        if (!partition.in_isr(id)) return;
    }
    const bool shrinks = partition.replicas.size() > partition.target.size();
    partition.replicas = partition.isr = std::exchange(partition.target, {});
    if (!holds(partition.replicas, partition.leader)) {
        elect();
    } else if (shrinks) {
        // Who is gone must not go on fetching, or it might be taken for its own successor that
        // comes back with an empty log (PartitionChangeBuilder bumps the epoch, too).
        partition.leader_epoch = partition.leader_epoch + 1;
    }
}

void SimulatedController::move_leadership(Random& random) {
    auto& partition = metadata_.partition;
    std::vector<BrokerId> others;
    for (const auto id : partition.isr) {
        if (id != partition.leader && may_lead(id)) others.push_back(id);
    }
    if (others.empty()) return;
    partition.leader = others[random.below(others.size())];
    partition.leader_epoch = partition.leader_epoch + 1;
    partition.partition_epoch = partition.partition_epoch + 1;
    changed();
}

void SimulatedController::reassign(std::vector<BrokerId> target) {
    auto& partition = metadata_.partition;
    if (!partition.target.empty()) return;
    for (const auto id : target) {
        if (!partition.has(id)) partition.replicas.push_back(id);
    }
    partition.target = std::move(target);
    partition.partition_epoch = partition.partition_epoch + 1;
    finish_reassignment();
    changed();
}

bool SimulatedController::elect_unclean() {
    auto& partition = metadata_.partition;
    if (!unclean_ || partition.leader != kNoBroker) return false;
    for (const auto id : partition.replicas) {
        if (!may_lead(id)) continue;
        partition.isr = {id};
        partition.leader = id;
        partition.leader_epoch = partition.leader_epoch + 1;
        partition.partition_epoch = partition.partition_epoch + 1;
        changed();
        return true;
    }
    return false;
}

}  // namespace milena::partition
