// What drives the raft machine, and what it asks its shell to do.
//
// The shell performs a Ready strictly in this order:
//   1. persist  `election` into quorum-state, synced
//   2. log      truncate; then append `append` or `append_fetched`; then write `snapshot_chunk`.
//               Whatever was appended is to be synced, and step(Synced) to follow; the machine
//               sends nothing that depends on it before
//   3. send     `requests` and `replies`
//   4. apply    what `high_watermark` newly covers, `leadership`, `trim_to`
// and then calls step() again no later than `deadline` (Tick when nothing else happened).
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/strong.h"
#include "protocol/base/time.h"
#include "protocol/record/control_record.h"
#include "replication/raft/election_state.h"
#include "replication/raft/messages.h"
#include "replication/record_list.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace milena::raft {

namespace tag {
struct RequestId {
    static constexpr bool ordinal = true;
};
struct RequestToken {
    static constexpr bool ordinal = false;
};
}  // namespace tag

// Numbers what this node asks; never given out twice by one machine.
using RequestId = Strong<tag::RequestId, std::int64_t>;
// Numbers what this node is asked; the shell's choice, given back with the answer.
using RequestToken = Strong<tag::RequestToken, std::int64_t>;

// The log and the election state are loaded: take part.
struct Start {};

// Time passed.
struct Tick {};

struct Received {
    RequestToken token;
    Request request;
};
// Views in it need to live until its Ready is performed.
struct Answered {
    RequestId id;
    Response response;
};
// No answer will come: not sent, or the connection broke.
struct Failed {
    RequestId id;
};
// The process of a node has ended: a connection to it was reset or closed by it, or is refused.
// Not for timeouts.
struct Disconnected {
    BrokerId node;
};

// The active controller wants these written; each list is one batch, committed as a whole. Only
// while leading.
struct Propose {
    std::vector<RecordList> batches;
};

// The local log is on disk up to `end`.
struct Synced {
    Offset end;
};

// The log refused the batches from `from` on (a full disk) and holds nothing of them; what was
// never synced.
struct Refused {
    Offset from;
};

// A snapshot of committed state stands on disk, complete and synced.
struct SnapshotWritten {
    SnapshotId id;
    std::uint64_t size = 0;
};
// The last chunk was written: the snapshot is complete, synced and the state replaced by it, the
// log is empty and begins at its end. Follows at once on the Ready with that chunk.
struct SnapshotLoaded {
    SnapshotId id;
    std::uint64_t size = 0;
    std::optional<VoterSet> voters;  // that stand in it
};
// What came is no snapshot: it is thrown away. Instead of SnapshotLoaded.
struct SnapshotRefused {
    SnapshotId id;
};

// Give up leadership before the process stops.
struct Resign {};

using Input = std::variant<Start, Tick, Received, Answered, Failed, Disconnected, Propose, Synced,
                           Refused, SnapshotWritten, SnapshotLoaded, SnapshotRefused, Resign>;

// One batch to append, exactly at `base_offset`.
struct Append {
    Offset base_offset{0};
    LeaderEpoch epoch{0};
    std::vector<ControlType> control = {};  // one per record of a control batch; empty for data
    RecordList values;

    Offset end() const { return base_offset + static_cast<std::int64_t>(values.size()); }
};

// Checked batches of the leader to append as they are; a view into the response.
struct AppendFetched {
    Offset base_offset;
    Offset end;
    ByteView batches;
};

// Bytes of the snapshot that is being fetched. position 0 begins it anew.
struct SnapshotChunk {
    SnapshotId id;
    std::uint64_t position = 0;
    ByteView bytes;
    bool is_last = false;
};

struct Send {
    RequestId id;
    BrokerId to;
    Request request;
};

// Records that go into a FetchResponse: whole batches, at least one, of at most max_bytes.
struct ReadLog {
    Offset from;
    Offset limit;  // exclusive; not to be passed
    std::int32_t max_bytes = 0;
};
// Bytes that go into a FetchSnapshotResponse.
struct ReadSnapshot {
    SnapshotId id;
    std::uint64_t position = 0;
    std::uint64_t length = 0;
};

struct Reply {
    RequestToken token;
    Response response;
    std::variant<std::monostate, ReadLog, ReadSnapshot> read = {};
};

struct Ready {
    std::optional<ElectionState> election;
    std::optional<Offset> truncate_to;
    std::vector<Append> append;
    std::optional<AppendFetched> append_fetched;
    std::optional<SnapshotChunk> snapshot_chunk;
    std::vector<Send> requests;
    std::vector<Reply> replies;
    std::optional<Offset> high_watermark;  // moved: everything below it is committed
    // Changed. Who leads may propose at once, but the state is its predecessor's until the high
    // watermark passes the beginning of its epoch (State::is_established).
    std::optional<Leadership> leadership;
    // The log begins at this snapshot from now on; older snapshots and segments may go.
    std::optional<SnapshotId> trim_to;
    // The quorum is damaged beyond what this node may repair: stop the process.
    std::optional<Error> fatal;
    MonoTime deadline = MonoTime::max();
};

}  // namespace milena::raft
