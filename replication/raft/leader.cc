// What a leader does: begins its epoch with LEADER_CHANGE, appends, and commits what a majority of
// the voters has synced, which alone is itself.
#include "protocol/base/assert.h"
#include "protocol/msg/records/kraft_version_record.h"
#include "protocol/msg/records/leader_change_message.h"
#include "protocol/msg/records/voters_record.h"
#include "protocol/wire/frame.h"
#include "replication/raft/raft.h"

namespace milena::raft {
namespace {

template <class T>
void add(Append& batch, ControlType type, const T& message) {
    const auto bytes = encode_message(message, ApiVersion(0));
    MILENA_ASSERT(bytes.has_value());
    batch.control.push_back(type);
    batch.values.add(ByteView(*bytes));
}

}  // namespace

// LEADER_CHANGE is written at version 0, which names voters by id alone, whatever kraft.version is
// (clients/.../ControlRecordUtils.java).
void Raft::append_epoch_start(Ready& ready) {
    Arena arena;
    msg::LeaderChangeMessage change;
    change.leader_id = state_.self.id;
    change.voters =
        Array<msg::LeaderChangeMessage::Voter>::make(arena, state_.voters.voters.size());
    for (std::size_t i = 0; i < change.voters.size(); ++i) {
        change.voters[i].voter_id = state_.voters.voters[i].id;
    }
    change.granting_voters = Array<msg::LeaderChangeMessage::Voter>::make(arena, 1);
    change.granting_voters[0].voter_id = state_.self.id;

    Append batch;
    add(batch, ControlType::leader_change, change);
    if (state_.voters.kraft_version >= 1 && !state_.voters_in_log) {
        msg::KRaftVersionRecord version;
        version.k_raft_version = state_.voters.kraft_version;
        add(batch, ControlType::kraft_version, version);
        msg::VotersRecord record;
        record.voters = Array<msg::VotersRecord::Voter>::make(arena, state_.voters.voters.size());
        for (std::size_t i = 0; i < record.voters.size(); ++i) {
            const Voter& voter = state_.voters.voters[i];
            record.voters[i].voter_id = voter.id;
            record.voters[i].voter_directory_id = voter.directory;
            record.voters[i].k_raft_version_feature = {.min_supported_version = 0,
                                                       .max_supported_version = 1};
        }
        add(batch, ControlType::kraft_voters, record);
        state_.voters_in_log = true;
    }
    append(std::move(batch), ready);
}

void Raft::append(Append batch, Ready& ready) {
    batch.base_offset = state_.log_end;
    batch.epoch = state_.election.epoch;
    state_.log_end = batch.end();
    state_.last_epoch = batch.epoch;
    ready.append.push_back(std::move(batch));
}

void Raft::apply(const Propose& input, Ready& ready) {
    MILENA_ASSERT(state_.is_leader());
    for (const RecordList& values : input.batches) {
        MILENA_ASSERT(!values.empty());
        append(Append{.values = values}, ready);
    }
}

void Raft::apply(const Synced& input, Ready& ready) {
    MILENA_ASSERT(input.end >= state_.synced_end && input.end <= state_.log_end);
    state_.synced_end = input.end;
    advance_high_watermark(ready);
}

// Nobody else has seen them, so the offsets can be given out again.
void Raft::apply(const Refused& input, Ready&) {
    MILENA_ASSERT(state_.is_leader());
    MILENA_ASSERT(input.from >= state_.synced_end && input.from <= state_.log_end);
    state_.log_end = input.from;
}

// Records of earlier epochs are committed only through one of the leader's own (the rule that makes
// a deposed leader's entries safe).
void Raft::advance_high_watermark(Ready& ready) {
    const auto* leader = std::get_if<Leader>(&state_.role);
    if (!leader || state_.synced_end <= leader->epoch_start) return;
    if (state_.synced_end <= state_.high_watermark) return;
    state_.high_watermark = state_.synced_end;
    ready.high_watermark = state_.high_watermark;
}

}  // namespace milena::raft
