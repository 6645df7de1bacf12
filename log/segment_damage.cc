// Segment: what is known of damage to its bytes, and which of them have been checked.

#include "log/damage.h"
#include "log/segment.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <limits>

namespace milena::log {
namespace {

// Of what readers at random places have checked.
constexpr std::size_t kMostCheckedRanges = 32;

}  // namespace

BatchScanner Segment::scan_from(const File& file, std::uint64_t position,
                                std::size_t window) const {
    BatchScanner scanner(file, position, size_, window);
    scanner.step_over(damage_);
    return scanner;
}

Result<std::optional<BatchHead>> Segment::next_sound(BatchScanner& scanner, Offset least) {
    for (;;) {
        const auto head = scanner.next();
        if (!head && !is_corruption(head.error())) return std::unexpected(head.error());
        std::uint64_t bad = scanner.position();
        if (head && *head) {
            const bool fits =
                (*head)->base_offset >= std::max(least, base_) &&
                (*head)->last_offset - base_ <= std::numeric_limits<std::int32_t>::max();
            bool wrong = !fits;
            if (fits && (*head)->base_offset != least) {
                MILENA_ASSIGN(wrong, is_contradicted(scanner, **head));
            }
            if (!wrong) return head;
            bad = (*head)->position;
        } else if (head && bad >= size_) {
            return head;
        }
        MILENA_TRY(take_down_damage(bad, std::max(least, base_)));
        scanner.seek(bad);
    }
}

Status Segment::take_down_damage(std::uint64_t position, Offset least) {
    // Somebody else has come upon it, too.
    if (damage_.behind(position) != position) return {};
    MILENA_ASSIGN(const auto file, log_.get());
    const OffsetBounds bounds{least, base_ + std::numeric_limits<std::int32_t>::max()};
    MILENA_ASSIGN(const auto sound, find_sound_batch(*file, position + 1, size_, bounds));
    take_down_damage(position, sound ? sound->position : size_);
    return {};
}

void Segment::take_down_damage(std::uint64_t begin, std::uint64_t end) {
    log_error("damaged_batches",
              {{"file", log_.path()},
               {"position", begin},
               {"bytes", end - begin},
               {"remedy",
                "their records cannot be read, those behind them can: `milena log verify` "
                "tells which they are; consumers must seek past them"}});
    damage_.add(begin, end);
    if (damage_counts_ != nullptr) damage_counts_->add(end - begin);
}

std::uint64_t Segment::sound_until(std::uint64_t position) const {
    return damage_.next_from(position).value_or(size_);
}

bool Segment::is_checked(std::uint64_t begin, std::uint64_t end) const {
    return begin >= fresh_from_ || checked_.covers(begin, std::min(end, fresh_from_));
}

void Segment::mark_checked(std::uint64_t begin, std::uint64_t end) {
    checked_.add(begin, std::min(end, fresh_from_));
    checked_.limit(kMostCheckedRanges);
}

void Segment::forget_from(std::uint64_t position) {
    damage_.cut(position);
    checked_.cut(position);
    fresh_from_ = std::min(fresh_from_, position);
}

Status Segment::rebuild_indexes(const LogSettings& settings, Rebuild rebuild) {
    log_info("index_rebuilt", {{"segment", log_.path()}});
    MILENA_TRY(begin_rebuild(false, rebuild));
    MILENA_ASSIGN(const auto file, log_.get());
    BatchScanner scanner = scan_from(*file, 0, BatchScanner::kHeaderWindow);
    Offset least = base_;
    for (;;) {
        MILENA_ASSIGN(const auto head, next_sound(scanner, least));
        if (!head) break;
        account(*head, settings);
        least = head->last_offset + 1;
    }
    return finish_rebuild(size_);
}

}  // namespace milena::log
