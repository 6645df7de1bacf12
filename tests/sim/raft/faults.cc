// What happens to the nodes and what is asked of them.
#include "tests/sim/raft/world.h"

#include <algorithm>
#include <array>

namespace milena::raft::sim {

void World::draw_faults() {
    const auto has = [&] { return !chance(0.3); };
    const auto around = [&](std::int64_t low, std::int64_t high) {
        return Millis(
            low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low))));
    };
    faults_.delay = around(1, 30);
    if (has()) faults_.loss = static_cast<double>(random_.below(50)) / 1000;
    if (has()) faults_.doubling = static_cast<double>(random_.below(100)) / 1000;
    if (has()) faults_.long_delay = around(50, 3000);
    if (has()) faults_.between_crashes = around(1000, 10'000);
    if (has()) faults_.between_partitions = around(1000, 8000);
    if (has()) faults_.between_pauses = around(2000, 10'000);
    if (has()) faults_.between_resignations = around(3000, 10'000);
    if (has()) faults_.between_disconnects = around(500, 5000);
    if (has()) faults_.refused = 0.01;
    if (has()) faults_.drift = 0.05;
    if (scenario_.dynamic) faults_.between_voter_changes = around(300, 3000);
    // What a lease does not promise anything against is absent in some runs, where it is checked.
    if (chance(0.3)) {
        faults_.lease_holds = true;
        faults_.between_crashes = faults_.between_resignations = faults_.between_disconnects =
            faults_.between_voter_changes = Millis(0);
        faults_.loss = faults_.doubling = 0;
        faults_.long_delay = std::min(faults_.long_delay, Millis(750));
    }
}

// Again and again while the faults last, about every `around`.
void World::again(Millis around, std::function<void()> action) {
    if (around.count() == 0) return;
    after(draw(around), [this, around, action] {
        if (!faulty_) return;
        action();
        again(around, action);
    });
}

void World::plan_faults() {
    const auto any = [this] { return random_.below(nodes_.size()); };
    again(faults_.between_crashes, [this, any] {
        const std::size_t index = any();
        const bool wiped = scenario_.dynamic && chance(0.2);
        if (!nodes_[index].raft) return;
        crash(index);
        if (wiped) wipe(index);
        after(draw(Millis(chance(0.5) ? 100 : 3000)), [this, index] { start(index); });
    });
    again(faults_.between_partitions, [this] {
        cut();
        after(draw(Millis(3000)), [this] { cut_.clear(); });
    });
    again(faults_.between_pauses, [this, any] {
        Node& node = nodes_[any()];
        node.paused_until = std::max(node.paused_until, now_ + draw(Millis(3000)));
    });
    again(faults_.between_resignations, [this, any] {
        const std::size_t index = any();
        if (!nodes_[index].raft) return;
        step(index, Resign{});
        after(draw(Millis(100)), [this, index] {
            crash(index);
            after(draw(Millis(1000)), [this, index] { start(index); });
        });
    });
    again(faults_.between_disconnects, [this, any] {
        const std::size_t index = any();
        const BrokerId of = nodes_[any()].self.id;
        if (of != nodes_[index].self.id) step(index, Disconnected{of});
    });
    again(faults_.between_voter_changes, [this] { change_voters(); });
    again(Millis(100), [this] { propose(); });
    again(Millis(700), [this] { take_snapshot(); });
}

// One node alone, two halves, or single directions.
void World::cut() {
    const std::size_t count = nodes_.size();
    const auto mode = random_.below(3);
    const std::size_t alone = random_.below(count);
    std::vector<bool> side(count);
    for (std::size_t i = 0; i < count; ++i) side[i] = mode == 0 ? i == alone : chance(0.5);
    for (std::size_t from = 0; from < count; ++from) {
        for (std::size_t to = 0; to < count; ++to) {
            const bool is_cut = mode == 2 ? chance(0.2) : side[from] != side[to];
            if (from != to && is_cut) cut_.insert({from, to});
        }
    }
}

void World::propose() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        if (!is_awake(node) || !node.raft->state().is_leader()) continue;
        Propose propose;
        const std::size_t batches = 1 + random_.below(3);
        for (std::size_t b = 0; b < batches; ++b) {
            RecordList values;
            for (std::size_t r = 0; r < 1 + random_.below(3); ++r) {
                values.add(as_bytes("value " + std::to_string(++next_value_)));
            }
            propose.batches.push_back(std::move(values));
        }
        step(i, propose);
    }
}

void World::take_snapshot() {
    const std::size_t index = random_.below(nodes_.size());
    Node& node = nodes_[index];
    if (!is_awake(node) || node.disk.log().empty()) return;
    const State& state = node.raft->state();
    // Of any committed state that is still in the log.
    std::vector<SnapshotId> candidates;
    for (const BatchPtr& batch : node.disk.log()) {
        if (batch->end <= state.high_watermark) candidates.push_back({batch->end, batch->epoch});
    }
    if (candidates.empty()) return;
    const SnapshotId id = candidates[candidates.size() - 1 -
                                     random_.below(std::min<std::size_t>(candidates.size(), 4))];
    if (!state.snapshots.empty() && id <= state.snapshots.back().id) return;
    const std::uint64_t size = node.disk.write_snapshot(id, state.history);
    step(index, SnapshotWritten{id, size});
}

void World::change_voters() {
    const std::size_t target = random_.below(nodes_.size());
    const Voter voter = nodes_[target].self;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        if (!is_awake(node) || !node.raft->state().is_leader()) continue;
        const VoterSet& voters = node.raft->state().voters();
        const RequestToken token(-++next_admin_);
        const bool all_whole =
            std::all_of(voters.voters.begin(), voters.voters.end(), [&](const Voter& one) {
                return nodes_[*index_of(one.id)].self.directory == one.directory;
            });
        const Voter* known = voters.find(voter.id);
        // A replica that lost its directory is taken out under the key that it had.
        if (known &&
            (known->directory != voter.directory || (all_whole && voters.voters.size() > 3))) {
            step(i, Received{token, RemoveVoterRequest{known->key()}});
        } else if (!known) {
            step(i, Received{token, AddVoterRequest{voter, Millis(2000),
                                                    chance(0.5) ? AckVoters::when_committed
                                                                : AckVoters::when_appended}});
        } else if (all_whole && voters.voters.size() > 2 && chance(0.3)) {
            step(i, Received{token, RemoveVoterRequest{known->key()}});
        }
    }
}

// The disk is replaced by an empty one: an observer's at any time, a voter's once, and only where
// the others agree on who votes and are a majority without it.
void World::wipe(std::size_t index) {
    const VoterSet* voters = nullptr;
    bool agree = true;
    for (const Node& node : nodes_) {
        if (&node == &nodes_[index]) continue;
        if (!node.raft) return;
        if (voters && *voters != node.raft->state().voters()) agree = false;
        voters = &node.raft->state().voters();
        if (voters->contains(nodes_[index].self.key()) &&
            (wiped_a_voter_ || voters->voters.size() < 3)) {
            return;
        }
    }
    if (!voters || !agree) return;
    if (voters->contains(nodes_[index].self.key())) wiped_a_voter_ = true;
    Node& node = nodes_[index];
    node.self.directory = DirectoryId(Uuid{7, random_.next()});
    node.disk = SimDisk();
}

}  // namespace milena::raft::sim
