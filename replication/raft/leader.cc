// What a leader does: begins its epoch with LEADER_CHANGE and tells the voters, appends, commits
// what a majority of the voters has synced, and gives up when no majority fetches any more.
#include "protocol/base/assert.h"
#include "protocol/msg/records/leader_change_message.h"
#include "protocol/wire/frame.h"
#include "replication/raft/raft.h"
#include "replication/raft/voters_record.h"

#include <algorithm>
#include <functional>

namespace milena::raft {
namespace {

void add(Append& batch, ControlType type, ByteView body) {
    batch.control.push_back(type);
    batch.values.add(body);
}

}  // namespace

// LEADER_CHANGE is written at version 0, which names voters by id alone, whatever kraft.version is
// (clients/.../ControlRecordUtils.java).
void Raft::append_epoch_start(const std::vector<BrokerId>& granted) {
    const VoterSet& voters = state_.voters();
    Arena arena;
    msg::LeaderChangeMessage change;
    change.leader_id = state_.self.id;
    change.voters = Array<msg::LeaderChangeMessage::Voter>::make(arena, voters.voters.size());
    for (std::size_t i = 0; i < change.voters.size(); ++i) {
        change.voters[i].voter_id = voters.voters[i].id;
    }
    change.granting_voters = Array<msg::LeaderChangeMessage::Voter>::make(arena, granted.size());
    for (std::size_t i = 0; i < granted.size(); ++i) {
        change.granting_voters[i].voter_id = granted[i];
    }
    const auto body = encode_message(change, ApiVersion(0));
    MILENA_ASSERT(body.has_value());

    Append batch;
    add(batch, ControlType::leader_change, ByteView(*body));
    if (voters.kraft_version >= 1 && !state_.history.in_log()) {
        add(batch, ControlType::kraft_version, encode_kraft_version(voters));
        add(batch, ControlType::kraft_voters, encode_voters(voters));
        state_.history.appended(state_.log_end, VoterSet(voters));
    }
    append(std::move(batch));
}

void Raft::append(Append batch) {
    batch.base_offset = state_.log_end;
    batch.epoch = state_.election.epoch;
    state_.epochs.appended(batch.epoch, batch.base_offset);
    state_.log_end = batch.end();
    ready_.append.push_back(std::move(batch));
}

void Raft::apply(const Propose& input) {
    MILENA_ASSERT(state_.is_leader());
    for (const RecordList& values : input.batches) {
        MILENA_ASSERT(!values.empty());
        append(Append{.values = values});
    }
}

// Also what was appended in an earlier role.
void Raft::apply(const Synced& input) {
    MILENA_ASSERT(input.end >= state_.synced_end && input.end <= state_.log_end);
    state_.synced_end = input.end;
    if (const auto* follower = std::get_if<Follower>(&state_.role)) {
        follow_high_watermark(follower->high_watermark);
    } else {
        advance_high_watermark();
    }
}

// Nobody else has seen them: what is not synced is not sent. So the offsets can be given out again.
void Raft::apply(const Refused& input) {
    MILENA_ASSERT(input.from >= state_.synced_end && input.from <= state_.log_end);
    state_.log_end = input.from;
    state_.epochs.truncated(input.from);
    state_.history.truncated(input.from);
    if (std::holds_alternative<Follower>(state_.role)) back_off(state_.election.leader);
}

// Over the voters, of whom the leader itself need not be one (KAFKA-16530). Records of earlier
// epochs are committed only through one of the leader's own (the rule that makes a deposed leader's
// entries safe).
void Raft::advance_high_watermark() {
    const auto* leader = std::get_if<Leader>(&state_.role);
    if (!leader) return;
    const VoterSet& voters = state_.voters();
    std::vector<Offset> ends;
    ends.reserve(voters.voters.size());
    for (const Voter& voter : voters.voters) {
        const bool is_self = voter.id == state_.self.id && state_.is_voter();
        const auto* replica = is_self ? nullptr : leader->find(voter.key());
        ends.push_back(is_self ? state_.synced_end : replica ? replica->end : kNoOffset);
    }
    if (ends.empty()) return;
    std::sort(ends.begin(), ends.end(), std::greater<>());
    // A fetch may name more than this node has synced: it was fed by an earlier leader.
    const Offset reached = std::min(ends[voters.majority() - 1], state_.synced_end);
    if (reached > leader->epoch_start && reached > state_.high_watermark) {
        state_.high_watermark = reached;
    }
}

// When the last of a majority of the voters was heard of. MonoTime::max() when that is this node
// alone, min() when there is none.
MonoTime Raft::majority_contact(const Leader& leader, Contact contact) const {
    const VoterSet& voters = state_.voters();
    std::vector<MonoTime> contacts;
    contacts.reserve(voters.voters.size());
    for (const Voter& voter : voters.voters) {
        if (voter.id == state_.self.id && state_.is_voter()) {
            contacts.push_back(MonoTime::max());
            continue;
        }
        const auto* replica = leader.find(voter.key());
        if (contact == Contact::quorum) {
            const auto heard = replica ? replica->last_fetch : std::nullopt;
            contacts.push_back(heard.value_or(leader.since));
        } else {
            const auto leased = replica ? replica->lease_from : std::nullopt;
            contacts.push_back(leased.value_or(MonoTime::min()));
        }
    }
    if (contacts.empty()) return MonoTime::min();
    std::sort(contacts.begin(), contacts.end(), std::greater<>());
    return contacts[voters.majority() - 1];
}

MonoTime Raft::check_quorum_at(const Leader& leader) const {
    const MonoTime contact = majority_contact(leader, Contact::quorum);
    return contact == MonoTime::max() ? contact : contact + options_.fetch_timeout * 3 / 2;
}

void Raft::leader_on_time() {
    if (now_ >= check_quorum_at(std::get<Leader>(state_.role))) resign();
}

// Tells the voters that do not fetch that this epoch has begun.
void Raft::drive_leader(Leader& leader) {
    const Nanos pause = options_.fetch_timeout / 2;
    for (const Voter& voter : state_.voters().voters) {
        if (voter.id == state_.self.id) continue;
        const auto* replica = leader.find(voter.key());
        if (replica && replica->last_fetch && now_ - *replica->last_fetch < pause) continue;
        auto told = std::find_if(leader.begun.begin(), leader.begun.end(),
                                 [&](const auto& one) { return one.first == voter.id; });
        if (told != leader.begun.end() && now_ - told->second < pause) continue;
        if (!ask(voter.id, BeginQuorumEpochRequest{voter.key(), state_.leadership()})) continue;
        if (told == leader.begun.end()) {
            leader.begun.emplace_back(voter.id, now_);
        } else {
            told->second = now_;
        }
    }
}

// The voters by how much of the log they have.
std::vector<ReplicaKey> Raft::successors(const Leader& leader) const {
    std::vector<std::pair<Offset, ReplicaKey>> voters;
    for (const Voter& voter : state_.voters().voters) {
        if (voter.id == state_.self.id) continue;
        const auto* replica = leader.find(voter.key());
        voters.emplace_back(replica ? replica->end : kNoOffset, voter.key());
    }
    std::stable_sort(voters.begin(), voters.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<ReplicaKey> keys;
    for (const auto& [end, key] : voters) keys.push_back(key);
    return keys;
}

}  // namespace milena::raft
