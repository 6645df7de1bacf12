#include "tests/sim/raft/disk.h"

#include "protocol/base/assert.h"
#include "protocol/record/batch_builder.h"
#include "replication/raft/voters_record.h"

#include <algorithm>

namespace milena::raft::sim {
namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 29);
}

std::uint64_t mix(std::uint64_t hash, ByteView bytes) {
    for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3ULL;
    return mix(hash, bytes.size());
}

std::vector<std::uint8_t> encode(const Append& batch) {
    BatchTraits traits;
    traits.base_offset = batch.base_offset;
    traits.leader_epoch = batch.epoch;
    if (!batch.control.empty()) {
        std::vector<ControlRecord> records;
        for (std::size_t i = 0; i < batch.control.size(); ++i) {
            records.push_back({batch.control[i], batch.values[i]});
        }
        return build_control_batch(traits, TimestampMs(0), records);
    }
    BatchBuilder builder(traits);
    for (std::size_t i = 0; i < batch.values.size(); ++i) {
        builder.add(TimestampMs(0), {}, batch.values[i]);
    }
    const auto bytes = builder.finish();
    return {bytes.begin(), bytes.end()};
}

constexpr std::size_t kSnapshotHead = 10;

// A snapshot's file: the hash, whether there are voters and how long they are, the voters, padding.
std::vector<std::uint8_t> snapshot_bytes(std::uint64_t chain,
                                         const std::optional<VoterSet>& voters) {
    std::vector<std::uint8_t> bytes(kSnapshotHead);
    store_be<std::uint64_t>(bytes.data(), chain);
    if (voters) {
        const auto encoded = encode_voters(*voters);
        store_be<std::uint16_t>(bytes.data() + 8, static_cast<std::uint16_t>(encoded.size()));
        bytes.insert(bytes.end(), encoded.begin(), encoded.end());
    }
    bytes.resize(bytes.size() + chain % 300, 0xaa);
    return bytes;
}

std::optional<SnapshotFile> parse_snapshot(const std::vector<std::uint8_t>& bytes) {
    if (bytes.size() < kSnapshotHead) return std::nullopt;
    SnapshotFile file{.chain = load_be<std::uint64_t>(bytes.data()), .voters = {}, .bytes = bytes};
    const std::size_t length = load_be<std::uint16_t>(bytes.data() + 8);
    if (kSnapshotHead + length > bytes.size()) return std::nullopt;
    if (length > 0) {
        VotersReader voters({.voters = {}, .kraft_version = 1});
        if (!voters.on_control(ControlType::kraft_voters,
                               ByteView(bytes).subspan(kSnapshotHead, length))) {
            return std::nullopt;
        }
        file.voters = voters.take();
    }
    if (snapshot_bytes(file.chain, file.voters) != bytes) return std::nullopt;
    return file;
}

}  // namespace

Found SimDisk::found() const {
    Found found;
    found.election = election_;
    found.log_start = start_;
    found.log_end = end();
    if (start_.value() > 0) {
        for (const auto& [id, file] : snapshots_) {
            if (id.end != start_) continue;
            found.epochs.push_back({id.epoch, start_});
            if (file.voters) found.voters.push_back({start_ - 1, *file.voters});
        }
    }
    for (const BatchPtr& batch : log_) {
        if (found.epochs.empty() || found.epochs.back().epoch < batch->epoch) {
            found.epochs.push_back({batch->epoch, batch->base});
        }
        if (batch->voters) found.voters.push_back({batch->base, *batch->voters});
    }
    for (const auto& [id, file] : snapshots_) {
        found.snapshots.push_back({id, file.bytes.size()});
    }
    return found;
}

void SimDisk::push(Batch batch) {
    const std::uint64_t before = log_.empty() ? start_chain_ : log_.back()->chain;
    batch.chain = mix(before, ByteView(batch.bytes));
    const BatchView view{ByteView(batch.bytes)};
    auto voters = voters_in(view, {});
    MILENA_ASSERT(voters.has_value());
    if (*voters) {
        // Whoever changes the voters has kraft.version 1.
        (*voters)->kraft_version = 1;
        batch.voters = std::move(**voters);
    }
    log_.push_back(std::make_shared<const Batch>(std::move(batch)));
}

void SimDisk::append(const Append& batch) {
    MILENA_ASSERT(batch.base_offset == end());
    push({.base = batch.base_offset,
          .end = batch.end(),
          .epoch = batch.epoch,
          .bytes = encode(batch),
          .voters = {}});
}

bool SimDisk::append_raw(ByteView batches) {
    BatchSplitter split(batches);
    while (split.next()) {
        const BatchView batch = split.batch();
        if (batch.base_offset() != end()) return false;
        push({.base = batch.base_offset(),
              .end = batch.last_offset() + 1,
              .epoch = batch.leader_epoch(),
              .bytes = {batch.bytes().begin(), batch.bytes().end()},
              .voters = {}});
    }
    return split.rest().empty();
}

void SimDisk::truncate(Offset end) {
    syncing_.reset();
    while (!log_.empty() && log_.back()->end > end) log_.pop_back();
}

void SimDisk::trim(const SnapshotId& to) {
    MILENA_ASSERT(snapshots_.contains(to));
    start_chain_ = snapshots_.at(to).chain;
    start_ = to.end;
    snapshots_.erase(snapshots_.begin(), snapshots_.find(to));
    const auto drop = [&](std::vector<BatchPtr>& log) {
        std::erase_if(log, [&](const BatchPtr& batch) { return batch->end <= to.end; });
    };
    drop(log_);
    drop(durable_);
    if (syncing_) drop(*syncing_);
}

std::uint64_t SimDisk::write_snapshot(const SnapshotId& id, const VoterHistory& history) {
    const auto chain = chain_at(id.end);
    MILENA_ASSERT(chain.has_value());
    SnapshotFile file{.chain = *chain, .voters = {}, .bytes = {}};
    if (history.at(id.end).kraft_version >= 1) file.voters = history.at(id.end);
    file.bytes = snapshot_bytes(file.chain, file.voters);
    const std::uint64_t size = file.bytes.size();
    snapshots_[id] = std::move(file);
    return size;
}

bool SimDisk::load_snapshot(const SnapshotId& id, const std::vector<std::uint8_t>& bytes) {
    auto file = parse_snapshot(bytes);
    if (!file) return false;
    const std::uint64_t chain = file->chain;
    snapshots_.clear();
    snapshots_[id] = std::move(*file);
    log_.clear();
    durable_.clear();
    syncing_.reset();
    start_ = id.end;
    start_chain_ = chain;
    return true;
}

Offset SimDisk::finish_sync() {
    durable_ = std::move(*syncing_);
    syncing_.reset();
    return durable_.empty() ? start_ : durable_.back()->end;
}

// What was not synced survives up to some batch, or not at all; of a log that was cut, either the
// one before or the one after.
void SimDisk::crash(Random& random) {
    std::size_t same = 0;
    while (same < log_.size() && same < durable_.size() && log_[same] == durable_[same]) ++same;
    if (same < durable_.size() && random.below(2) == 0) {
        log_ = durable_;
    } else {
        log_.resize(same + random.below(log_.size() - same + 1));
    }
    durable_ = log_;
    syncing_.reset();
}

std::optional<std::uint64_t> SimDisk::chain_at(const std::vector<BatchPtr>& log, Offset end) const {
    if (end == start_) return start_chain_;
    const auto found =
        std::lower_bound(log.begin(), log.end(), end,
                         [](const BatchPtr& batch, Offset at) { return batch->end < at; });
    if (found == log.end() || (*found)->end != end) return std::nullopt;
    return (*found)->chain;
}

bool SimDisk::holds_durably(Offset end, std::uint64_t chain) const {
    return end < start_ || chain_at(durable_, end) == chain;
}

}  // namespace milena::raft::sim
