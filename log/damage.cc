#include "log/damage.h"

#include <algorithm>
#include <vector>

namespace milena::log {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kWindowBytes = 1 << 20;
// Of a range that is zeros by chance: fewer say nothing.
constexpr std::uint64_t kLeastZeros = 16;

bool fits(const BatchHead& head, const OffsetBounds& bounds) {
    return head.base_offset >= bounds.least && head.last_offset < bounds.most;
}

Result<std::vector<std::uint8_t>> read_range(const File& file, std::uint64_t begin,
                                             std::uint64_t end) {
    std::vector<std::uint8_t> bytes(end - begin);
    MILENA_TRY(file.read_at(begin, bytes));
    return bytes;
}

// The sound batch that begins at `position`, if one does.
Result<std::optional<BatchHead>> sound_batch_at(const File& file, std::uint64_t position,
                                                std::uint64_t end, const OffsetBounds& bounds) {
    MILENA_ASSIGN(const auto bytes,
                  read_range(file, position, std::min(end, position + kBatchOverhead)));
    auto head = parse_batch_head(bytes);
    if (!head || !*head || (*head)->size > end - position || !fits(**head, bounds)) {
        return std::nullopt;
    }
    (*head)->position = position;
    MILENA_ASSIGN(const auto whole, read_range(file, position, (*head)->end()));
    if (!batch_checksum_matches(**head, whole)) return std::nullopt;
    return **head;
}

// Does the segment end here, or another batch begin?
Result<bool> goes_on_at(const File& file, std::uint64_t position, std::uint64_t end,
                        const OffsetBounds& bounds) {
    if (position == end) return true;
    MILENA_ASSIGN(const auto bytes,
                  read_range(file, position, std::min(end, position + kBatchOverhead)));
    const auto head = parse_batch_head(bytes);
    return head && *head && fits(**head, bounds);
}

}  // namespace

Result<bool> is_contradicted(BatchScanner& scanner, const BatchHead& head) {
    const auto next = scanner.peek();
    if (!next && !is_corruption(next.error())) return std::unexpected(next.error());
    return next && *next && (*next)->base_offset <= head.last_offset;
}

bool epoch_fits(const BatchHead& head, std::span<const EpochEntry> epochs) {
    if (head.leader_epoch == kNoLeaderEpoch) return true;
    const auto after =
        std::ranges::upper_bound(epochs, head.base_offset, {}, &EpochEntry::start_offset);
    return after == epochs.begin() || (after - 1)->epoch == head.leader_epoch;
}

Result<std::optional<BatchHead>> find_sound_batch(const File& file, std::uint64_t from,
                                                  std::uint64_t end, const OffsetBounds& bounds) {
    for (std::uint64_t at = from; at + kBatchOverhead <= end;) {
        const std::uint64_t window_end = std::min(end, at + kWindowBytes);
        MILENA_ASSIGN(const auto window, read_range(file, at, window_end));
        for (std::uint64_t i = 0; i + kBatchOverhead <= window.size(); ++i) {
            if (window[i + batch_layout::kMagic] != batch_layout::kMagicValue) continue;
            const auto head = parse_batch_head(ByteView(window).subspan(i));
            if (!head || !*head || !fits(**head, bounds)) continue;
            MILENA_ASSIGN(const auto sound, sound_batch_at(file, at + i, end, bounds));
            if (!sound) continue;
            const OffsetBounds next{sound->last_offset + 1, bounds.most};
            MILENA_ASSIGN(const bool goes_on, goes_on_at(file, sound->end(), end, next));
            if (goes_on) return sound;
        }
        if (window_end == end) break;
        at = window_end - kBatchOverhead + 1;
    }
    return std::nullopt;
}

Result<bool> looks_torn(const File& file, std::uint64_t begin, std::uint64_t end) {
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    // No batch begins with zeros: its length stands there. Others that followed it into the same
    // sector may have reached the device.
    MILENA_ASSIGN(const auto head, read_range(file, begin, std::min(end, begin + kLeastZeros)));
    if (std::ranges::all_of(head, is_zero)) return true;
    for (std::uint64_t at = begin; at < end;) {
        const std::uint64_t sector_end = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
        if (sector_end - at >= kLeastZeros || sector_end - at == end - begin) {
            MILENA_ASSIGN(const auto bytes, read_range(file, at, sector_end));
            if (std::ranges::all_of(bytes, is_zero)) return true;
        }
        at = sector_end;
    }
    return false;
}

Result<BatchesChecked> check_batches(const File& file, std::uint64_t begin, std::uint64_t end,
                                     std::uint64_t limit, const OffsetBounds& bounds,
                                     std::span<const EpochEntry> epochs) {
    BatchScanner scanner(file, begin, limit, BatchScanner::kBodyWindow);
    BatchesChecked checked{begin, std::nullopt};
    std::uint64_t before = begin;  // where the last batch begins
    Offset next = bounds.least;
    while (scanner.position() < limit) {
        // Of the one behind the end only its offset counts: it judges that of the last.
        const bool behind = scanner.position() >= end;
        const auto head = scanner.next();
        if (!head && !is_corruption(head.error())) return std::unexpected(head.error());
        bool sound = head && *head && (*head)->last_offset < bounds.most;
        if (sound && (*head)->base_offset < next) {
            // One of the two has a wrong offset, and which cannot be told.
            checked.damaged_at = checked.sound_to = before;
            return checked;
        }
        if (behind) return checked;
        if (sound) {
            MILENA_ASSIGN(const ByteView body, scanner.body());
            sound = epoch_fits(**head, epochs) && batch_checksum_matches(**head, body);
        }
        if (!sound) {
            checked.damaged_at = checked.sound_to;
            return checked;
        }
        before = (*head)->position;
        checked.sound_to = (*head)->end();
        next = (*head)->last_offset + 1;
    }
    return checked;
}

}  // namespace milena::log
