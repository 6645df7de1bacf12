// Bytes of a segment that are not what was written: where they are, and where sound batches go on.
//
// A checksum covers a batch from its attributes on. What stands before (base offset, length, leader
// epoch, magic) is judged by what must hold between neighbours: lengths lead from batch to batch,
// offsets ascend.
#pragma once

#include "log/batch_scan.h"
#include "log/byte_ranges.h"
#include "log/checkpoint.h"

#include <cstdint>
#include <optional>
#include <span>

namespace milena::log {

// What must hold of the offsets of a batch that may stand at some place.
struct OffsetBounds {
    Offset least;  // base offset at or above
    Offset most;   // last offset below
};

// The first byte in [from, end) at which sound batches begin again: one whose checksum matches, and
// behind it the end or the header of another. nullopt: nowhere.
Result<std::optional<BatchHead>> find_sound_batch(const File& file, std::uint64_t from,
                                                  std::uint64_t end, const OffsetBounds& bounds);

// Zeros where a batch should begin, or a sector (the part of one that lies in the range) of nothing
// but zeros: a write that never reached the device, rather than damage to one that did.
Result<bool> looks_torn(const File& file, std::uint64_t begin, std::uint64_t end);

// Does the batch behind begin below the end of `head`, which the scanner has just given? Then, if
// offsets are missing before `head`, its own is wrong.
Result<bool> is_contradicted(BatchScanner& scanner, const BatchHead& head);

// Is the leader epoch the one that wrote at this offset, as far as `epochs` know?
bool epoch_fits(const BatchHead& head, std::span<const EpochEntry> epochs);

// What a look at the batches of a range found.
struct BatchesChecked {
    std::uint64_t sound_to = 0;  // the end of the last sound batch before any damage
    std::optional<std::uint64_t> damaged_at;
};

// Reads every batch that begins in [begin, end), of a file that holds whole batches up to `limit`,
// and checks it: its checksum, its offsets against its neighbours', its leader epoch against what
// is known of epochs.
Result<BatchesChecked> check_batches(const File& file, std::uint64_t begin, std::uint64_t end,
                                     std::uint64_t limit, const OffsetBounds& bounds,
                                     std::span<const EpochEntry> epochs);

}  // namespace milena::log
