// What must hold in the simulation, whatever happens.
#include "replication/partition/access.h"
#include "tests/unit/replication/partition/simulated_world.h"

#include <algorithm>

namespace milena::partition {
namespace {

std::string text(Offset offset) {
    return std::to_string(offset.value());
}

std::string name(BrokerId id) {
    return "broker " + std::to_string(id.value());
}

}  // namespace

void SimulatedWorld::fail(const std::string& invariant, const std::string& why) {
    if (!report_.violation.empty()) return;
    report_.violation = invariant + ": " + why + " (after " +
                        std::to_string((now_ - MonoTime{}) / Millis(1)) + " ms)";
}

bool SimulatedWorld::serves(const Node& self) const {
    const auto& state = self.machine->state();
    return check_leader(state, kNoLeaderEpoch, "t-0") && check_lease(state, now_, "t-0");
}

// --- What may be lost ---

// Every record below `end` of this leader is acknowledged. Not by one that an unclean election has
// passed by and that does not know yet: nobody hears it, its lease is over.
void SimulatedWorld::note_acknowledged(Node& self, Offset end) {
    if (forgiven_ && self.machine->state().leader_epoch <= *forgiven_) return;
    for (; acked_end_ < end; acked_end_ = acked_end_ + 1) {
        acked_.push_back(self.log.holds(acked_end_) ? std::optional(self.log.at(acked_end_))
                                                    : std::nullopt);
        ++report_.acknowledged;
    }
}

void SimulatedWorld::suspect_all(LeaderEpoch lost_in) {
    for (const auto& one : nodes_) {
        one->trusted = one->suspect ? std::min(one->trusted, acked_end_) : acked_end_;
        one->suspect = lost_in;
    }
    matched_.clear();
}

void SimulatedWorld::forgive(LeaderEpoch lost_in) {
    void_ = true;
    forgiven_ = lost_in;
    acked_.clear();
    acked_end_ = Offset(0);
    suspect_all(lost_in);
    for (const auto& one : nodes_) one->verified_to = Offset(0);
}

void SimulatedWorld::note_registration() {
    const auto& partition = controller_->metadata().partition;
    if (partition.leader_epoch != seen_epoch_) ++report_.elections;
    seen_epoch_ = partition.leader_epoch;
    if (partition.isr != seen_isr_) {
        ++report_.isr_changes;
        for (const auto id : partition.isr) {
            const bool joined =
                std::find(seen_isr_.begin(), seen_isr_.end(), id) == seen_isr_.end();
            Node& member = node(id);
            if (joined && member.up && !controller_->is_fenced(id, member.epoch)) {
                member.intact = true;
            }
        }
        seen_isr_ = partition.isr;
    }
    dirty_ = true;
    if (options_.durability == Durability::page_cache) {
        const bool lives = std::any_of(partition.isr.begin(), partition.isr.end(),
                                       [&](BrokerId id) { return node(id).up && node(id).intact; });
        if (!lives && !void_) forgive(partition.leader_epoch);
    }
    if (void_ && partition.leader != kNoBroker &&
        !controller_->is_fenced(partition.leader, node(partition.leader).epoch)) {
        node(partition.leader).intact = true;
        void_ = false;
    }
}

// --- The invariants ---

void SimulatedWorld::check_acked(Node& self, const char* invariant) {
    const auto& log = self.log;
    if (self.verified_generation != log.generation()) self.verified_to = Offset(0);
    self.verified_generation = log.generation();
    for (Offset offset = self.verified_to; offset < acked_end_; offset = offset + 1) {
        const auto& record = acked_[static_cast<std::size_t>(offset.value())];
        if (offset < log.start() || !record) continue;
        if (!log.holds(offset) || log.at(offset) != *record) {
            fail(invariant, name(self.id) + " does not hold the record acknowledged at offset " +
                                text(offset) + "; its log ends at " + text(log.end()));
            return;
        }
    }
    self.verified_to = acked_end_;
}

void SimulatedWorld::check_matching(const Node& a, const Node& b) {
    Offset limit = std::min(a.machine->state().high_watermark, b.machine->state().high_watermark);
    for (const Node* one : {&a, &b}) {
        if (one->suspect) limit = std::min(limit, one->trusted);
    }
    auto& matched = matched_[{a.id.value(), b.id.value()}];
    const auto generations = a.log.generation() * 1'000'003 + b.log.generation();
    if (matched.generations != generations) matched = {generations, Offset(0)};
    const Offset begin = std::max({matched.to, a.log.start(), b.log.start()});
    for (Offset offset = begin; offset < limit; offset = offset + 1) {
        if (a.log.holds(offset) && b.log.holds(offset) && a.log.at(offset) == b.log.at(offset)) {
            continue;
        }
        fail("LogMatchingBelowHighWatermark",
             name(a.id) + " and " + name(b.id) + " differ at offset " + text(offset));
        return;
    }
    matched.to = std::max(matched.to, limit);
}

void SimulatedWorld::check_high_watermark(Node& self) {
    const auto& state = self.machine->state();
    if (state.role == Role::leader && self.hw_epoch == state.leader_epoch &&
        state.high_watermark < self.hw_seen) {
        fail("HighWatermarkMonotonicPerEpoch", name(self.id) + " went from " + text(self.hw_seen) +
                                                   " to " + text(state.high_watermark));
    }
    self.hw_epoch = state.role == Role::leader ? state.leader_epoch : kNoLeaderEpoch;
    self.hw_seen = state.high_watermark;
}

void SimulatedWorld::check() {
    for (const auto& one : nodes_) {
        if (!one->up || !one->machine || now_ < one->paused_until) continue;
        if (serves(*one) && controller_->is_fenced(one->id, one->epoch)) {
            fail("StaleLeaderServesNothingAfterLease", name(one->id) + " serves though fenced");
        }
    }
    if (!std::exchange(dirty_, false)) return;
    const auto& partition = controller_->metadata().partition;
    const bool disk = options_.durability == Durability::disk;
    for (const auto id : partition.isr) {
        Node& member = node(id);
        if (disk) {
            check_acked(member, "IsrMembersHaveCommitted");
            if (acked_end_ > member.log.synced_end()) {
                fail("IsrMembersHaveCommitted", name(id) + " has synced up to " +
                                                    text(member.log.synced_end()) + " only, but " +
                                                    text(acked_end_) + " was acknowledged");
            }
        } else if (member.up && member.intact) {
            check_acked(member, "IsrMembersHaveCommitted");
        }
    }
    for (const auto& one : nodes_) {
        if (!one->up || !one->machine) continue;
        const auto& state = one->machine->state();
        if (state.role == Role::leader && state.leader_epoch == partition.leader_epoch && !void_) {
            check_acked(*one, "AckedIsNeverLost");
        }
        check_high_watermark(*one);
        for (const auto& other : nodes_) {
            if (other->id.value() <= one->id.value() || !other->up || !other->machine) continue;
            check_matching(*one, *other);
        }
    }
}

std::string SimulatedWorld::unhealed() const {
    const auto& partition = controller_->metadata().partition;
    if (partition.leader == kNoBroker) return "nobody leads";
    if (!partition.target.empty()) return "the reassignment is not done";
    if (partition.isr.size() != partition.replicas.size()) {
        return std::to_string(partition.isr.size()) + " of " +
               std::to_string(partition.replicas.size()) + " replicas are in sync";
    }
    const Node& leader = *nodes_[static_cast<std::size_t>(partition.leader.value() - 1)];
    for (const auto id : partition.replicas) {
        const Node& replica = *nodes_[static_cast<std::size_t>(id.value() - 1)];
        if (!replica.machine) return name(id) + " does not take part";
        if (replica.log.end() != leader.log.end()) {
            return name(id) + " ends at " + text(replica.log.end()) + ", its leader at " +
                   text(leader.log.end());
        }
        if (replica.machine->state().high_watermark != leader.log.end()) {
            return name(id) + " has committed " + text(replica.machine->state().high_watermark) +
                   " of " + text(leader.log.end());
        }
        for (Offset offset = std::max(replica.log.start(), leader.log.start());
             offset < leader.log.end(); offset = offset + 1) {
            if (replica.log.at(offset) != leader.log.at(offset)) {
                return name(id) + " differs from its leader at offset " + text(offset);
            }
        }
    }
    return {};
}

}  // namespace milena::partition
