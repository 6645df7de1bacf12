// What drives the raft machine, and what it asks its shell to do.
//
// The shell (broker/quorum) performs a Ready strictly in this order:
//   1. persist    `election` into quorum-state, synced
//   2. append     the batches in order; sync the log; then step(Synced)
//   3. apply      what `high_watermark` newly covers
// Between 1 and 2 stands, with more than one voter, "send".
#pragma once

#include "protocol/base/ids.h"
#include "protocol/record/control_record.h"
#include "replication/raft/election_state.h"
#include "replication/record_list.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace milena::raft {

// The log and the election state are loaded: take part.
struct Start {};

// The active controller wants these written; each list is one batch, committed as a whole. Only
// while leading.
struct Propose {
    std::vector<RecordList> batches;
};

// The local log is on disk up to `end`.
struct Synced {
    Offset end;
};

// The log refused the batches from `from` on (a full disk) and holds nothing of them. Only while
// leading, and only what was never synced.
struct Refused {
    Offset from;
};

// Give up leadership before the process stops.
struct Resign {};

using Input = std::variant<Start, Propose, Synced, Refused, Resign>;

// One batch to append, exactly at `base_offset`.
struct Append {
    Offset base_offset{0};
    LeaderEpoch epoch{0};
    std::vector<ControlType> control = {};  // one per record of a control batch; empty for data
    RecordList values;

    Offset end() const { return base_offset + static_cast<std::int64_t>(values.size()); }
};

struct Ready {
    std::optional<ElectionState> election;
    std::vector<Append> append;
    std::optional<Offset> high_watermark;  // moved: everything below it is committed
};

}  // namespace milena::raft
