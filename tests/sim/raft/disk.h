// The disk of one simulated replica of the metadata log: what is written is lost at a crash unless
// it was synced, or happens to survive.
#pragma once

#include "protocol/base/random.h"
#include "replication/raft/raft.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace milena::raft::sim {

// One batch as it lies in the log. `chain` is a hash of everything up to its end, so that two logs
// agree up to an offset exactly when the hashes there are equal.
struct Batch {
    Offset base;
    Offset end;
    LeaderEpoch epoch;
    std::uint64_t chain = 0;
    std::vector<std::uint8_t> bytes;
    std::optional<VoterSet> voters;  // that it makes
};
using BatchPtr = std::shared_ptr<const Batch>;

struct SnapshotFile {
    std::uint64_t chain = 0;
    std::optional<VoterSet> voters;
    std::vector<std::uint8_t> bytes;
};

class SimDisk {
  public:
    // What a process that starts finds.
    Found found() const;

    void write_election(const ElectionState& election) { election_ = election; }
    const ElectionState& election() const { return election_; }
    void append(const Append& batch);
    // False when the bytes do not continue the log.
    bool append_raw(ByteView batches);
    void truncate(Offset end);
    // Drops the snapshots before it and the log below it.
    void trim(const SnapshotId& to);
    // At `end`, which is the end of a batch.
    std::uint64_t write_snapshot(const SnapshotId& id, const VoterHistory& history);
    // Bytes of a snapshot that came in pieces; false when they are no snapshot.
    bool load_snapshot(const SnapshotId& id, const std::vector<std::uint8_t>& bytes);

    // Writes back what is there now; it is durable with the finish.
    void begin_sync() {
        syncing_ = log_;
        ++syncs_;
    }
    std::uint64_t syncs() const { return syncs_; }
    Offset finish_sync();
    bool is_syncing() const { return syncing_.has_value(); }
    void crash(Random& random);

    const std::vector<BatchPtr>& log() const { return log_; }
    const std::vector<BatchPtr>& durable() const { return durable_; }
    Offset start() const { return start_; }
    Offset end() const { return log_.empty() ? start_ : log_.back()->end; }
    const std::map<SnapshotId, SnapshotFile>& snapshots() const { return snapshots_; }
    // Of the log up to `end`; nullopt when that is not the end of a batch or the beginning.
    std::optional<std::uint64_t> chain_at(Offset end) const { return chain_at(log_, end); }
    // Does the part that outlives a crash hold everything up to `end` with this hash?
    bool holds_durably(Offset end, std::uint64_t chain) const;

  private:
    std::optional<std::uint64_t> chain_at(const std::vector<BatchPtr>& log, Offset end) const;
    void push(Batch batch);

    ElectionState election_;
    std::vector<BatchPtr> log_;
    std::vector<BatchPtr> durable_;
    std::optional<std::vector<BatchPtr>> syncing_;
    std::uint64_t syncs_ = 0;  // begun so far
    Offset start_{0};
    std::uint64_t start_chain_ = 0;
    std::map<SnapshotId, SnapshotFile> snapshots_;
};

}  // namespace milena::raft::sim
