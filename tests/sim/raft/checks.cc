// The invariants, see world.h.
#include "tests/sim/raft/world.h"

#include <algorithm>

namespace milena::raft::sim {
namespace {

// How long a healed quorum may take; a few election timeouts.
constexpr Millis kHealingTime{30'000};
// More than this many steps per node and second without anything to do is a busy loop.
constexpr std::uint64_t kQuietSteps = 60;

}  // namespace

void World::check(std::size_t index, const Ready& ready) {
    check_votes(index);
    check_leader(index);
    if (ready.truncate_to) check_truncation(index, *ready.truncate_to);
    check_lease();
}

// A replica is its directory: one that was wiped is another.
void World::check_votes(std::size_t index) {
    const Node& node = nodes_[index];
    const ElectionState& election = node.raft->state().election;
    const BrokerId self = node.self.id;
    const BrokerId voted = election.leader == self ? self : election.voted;
    if (voted == kNoBroker) return;
    const auto key = std::pair(node.self.directory.value().low, election.epoch);
    const auto [known, is_new] = votes_.emplace(key, voted);
    if (!is_new && known->second != voted) {
        broken("VotedOnceInEpoch: node " + std::to_string(index + 1) + " in epoch " +
               std::to_string(election.epoch.value()));
    }
}

void World::check_leader(std::size_t index) {
    const Node& node = nodes_[index];
    const State& state = node.raft->state();
    if (!state.is_leader()) return;
    const auto [known, is_new] = leaders_.emplace(state.election.epoch, index);
    if (known->second != index) {
        return broken("NeverTwoLeadersInSameEpoch: nodes " + std::to_string(index + 1) + " and " +
                      std::to_string(known->second + 1) + " in epoch " +
                      std::to_string(state.election.epoch.value()));
    }
    if (!is_new) return;
    ++figures_.leaders;
    note("node " + std::to_string(index + 1) + " leads epoch " +
         std::to_string(state.election.epoch.value()) + " from " +
         std::to_string(node.disk.end().value()));
    // It may have been elected long ago and learn of it now: what was committed since is not its.
    Offset end{0};
    std::uint64_t chain = 0;
    for (const auto& [at, commit] : committed_) {
        if (commit.epoch >= state.election.epoch) break;
        end = at;
        chain = commit.chain;
    }
    if (end > node.disk.start() && node.disk.chain_at(end) != chain) {
        broken("LeaderHasAllCommitted: node " + std::to_string(index + 1) + " leads epoch " +
               std::to_string(state.election.epoch.value()) + " without what is committed below " +
               std::to_string(end.value()));
    }
}

void World::check_truncation(std::size_t index, Offset end) {
    for (const BatchPtr& batch : nodes_[index].disk.log()) {
        if (batch->end <= end) continue;
        const auto committed = committed_.find(batch->end);
        if (committed != committed_.end() && committed->second.chain == batch->chain) {
            broken("CommittedNeverTruncated: node " + std::to_string(index + 1) + " to " +
                   std::to_string(end.value()));
        }
    }
}

// What was appended from `from` on is what everybody has there in that epoch.
void World::check_appends(std::size_t index, Offset from) {
    const auto& log = nodes_[index].disk.log();
    for (auto batch = log.rbegin(); batch != log.rend() && (*batch)->base >= from; ++batch) {
        const auto [known, is_new] =
            chains_.emplace(std::pair((*batch)->epoch, (*batch)->end), (*batch)->chain);
        if (!is_new && known->second != (*batch)->chain) {
            broken("LogMatching: node " + std::to_string(index + 1) + " at " +
                   std::to_string((*batch)->end.value()));
        }
    }
}

void World::check_commits(std::size_t index) {
    Node& node = nodes_[index];
    const State& state = node.raft->state();
    if (node.disk.start().value() > 0) {
        const auto& snapshots = node.disk.snapshots();
        if (snapshots.empty() || snapshots.rbegin()->first.end < node.disk.start() ||
            committed_.find(node.disk.start()) == committed_.end() ||
            committed_.at(node.disk.start()).chain != node.disk.chain_at(node.disk.start())) {
            broken("SnapshotAtLogStart: node " + std::to_string(index + 1));
        }
    }
    if (state.high_watermark <= node.applied) return;
    for (const BatchPtr& batch : node.disk.log()) {
        if (batch->end <= node.applied || batch->end > state.high_watermark) continue;
        const auto known = committed_.find(batch->end);
        if (known == committed_.end()) {
            check_new_commit(index, *batch);
        } else if (known->second.chain != batch->chain) {
            broken("LogMatching: node " + std::to_string(index + 1) +
                   " commits something else below " + std::to_string(batch->end.value()));
        }
    }
    node.applied = state.high_watermark;
}

void World::check_new_commit(std::size_t index, const Batch& batch) {
    const State& state = nodes_[index].raft->state();
    if (!committed_.empty() && committed_.rbegin()->first > batch.base) {
        return broken("LogMatching: node " + std::to_string(index + 1) + " commits anew below " +
                      std::to_string(batch.end.value()));
    }
    // What is committed by a majority alone may still be lost to a leader that does not have it.
    if (state.is_leader() && !state.is_established()) {
        return broken("CommitsInOwnEpoch: node " + std::to_string(index + 1));
    }
    committed_.emplace(batch.end, Commit{batch.chain, state.election.epoch});
    figures_.committed = batch.end;
    std::size_t durable = 0;
    for (const Voter& voter : state.voters().voters) {
        const Node& other = nodes_[*index_of(voter.id)];
        // A disk that was lost may have held it.
        const bool is_lost =
            !voter.directory.value().is_zero() && voter.directory != other.self.directory;
        if (is_lost || other.disk.holds_durably(batch.end, batch.chain)) ++durable;
    }
    if (durable < state.voters().majority()) {
        broken("CommittedIsDurableOnMajority: node " + std::to_string(index + 1) + " below " +
               std::to_string(batch.end.value()) + ", on " + std::to_string(durable) + roles());
    }
}

// Where connections break only when a process ends and no process ends.
void World::check_lease() {
    if (!faults_.lease_holds) return;
    LeaderEpoch latest = kNoLeaderEpoch;
    for (const Node& node : nodes_) {
        if (node.raft && node.raft->state().is_leader()) {
            latest = std::max(latest, node.raft->state().election.epoch);
        }
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& node = nodes_[i];
        if (!node.raft || node.raft->state().election.epoch >= latest) continue;
        const auto until = node.raft->lease_until();
        if (until && *until > local(node)) {
            broken("LeaseIsExclusive: node " + std::to_string(i + 1) + " beside epoch " +
                   std::to_string(latest.value()));
        }
    }
}

bool World::is_converged() const {
    const Raft* leader = nullptr;
    for (const Node& node : nodes_) {
        if (!node.raft) return false;
        if (node.raft->state().is_established()) leader = &*node.raft;
    }
    if (!leader) return false;
    const Offset end = leader->state().log_end;
    return std::all_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
        const State& state = node.raft->state();
        return state.election.epoch == leader->state().election.epoch && state.log_end == end &&
               state.high_watermark == end;
    });
}

void World::converge() {
    note("the faults end");
    faulty_ = false;
    cut_.clear();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i].paused_until = now_;
        start(i);
    }
    const MonoTime deadline = now_ + kHealingTime;
    const std::size_t before = committed_.size();
    while (!broken_ && now_ < deadline) {
        if (committed_.size() < before + 5) propose();
        run_until(now_ + Millis(500));
        if (committed_.size() >= before + 5 && is_converged()) break;
    }
    if (broken_) return;
    if (now_ >= deadline) return broken("LiveAfterHealing" + roles());
    const std::uint64_t steps = figures_.steps;
    run_until(now_ + Millis(5000));
    const std::uint64_t each = (figures_.steps - steps) / nodes_.size() / 5;
    if (!broken_ && each > kQuietSteps) {
        broken("Quiet: " + std::to_string(each) + " steps per node and second" + roles());
    }
}

std::string World::roles() const {
    static constexpr const char* kNames[] = {"unattached", "prospective", "candidate",
                                             "follower",   "leader",      "resigned"};
    std::string text;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        text += "; " + std::to_string(i + 1);
        if (!nodes_[i].raft) {
            text += " down";
            continue;
        }
        const State& state = nodes_[i].raft->state();
        text +=
            std::string(" ") + kNames[state.role.index()] + " of " +
            std::to_string(state.election.leader.value()) + " in " +
            std::to_string(state.election.epoch.value()) + (state.is_voter() ? "" : " (observer)") +
            ", " + std::to_string(state.high_watermark.value()) + "/" +
            std::to_string(state.synced_end.value()) + "/" + std::to_string(state.log_end.value());
    }
    return text;
}

}  // namespace milena::raft::sim
