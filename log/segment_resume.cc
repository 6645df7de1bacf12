// Segment: going on after a crash where the device is known to hold everything, instead of at the
// first byte.
#include "log/segment.h"

namespace milena::log {
namespace {

struct Prefix {
    std::size_t entries = 0;
    IndexedPosition last;
};

// The entries of the offset index that can be meant: ascending, below the recovery point, within
// the file. What a crash left behind them is anything.
Prefix sound_prefix(ByteView entries, Offset base, Offset recovery_point, std::uint64_t log_bytes) {
    Prefix prefix;
    const auto count = entries.size() / OffsetIndex::kEntryBytes;
    for (std::size_t i = 0; i < count; ++i) {
        const auto* entry = entries.data() + i * OffsetIndex::kEntryBytes;
        const Offset offset = base + load_be<std::int32_t>(entry);
        const auto position = static_cast<std::uint64_t>(load_be<std::uint32_t>(entry + 4));
        const bool ascends =
            i == 0 || (offset > prefix.last.offset && position > prefix.last.position);
        if (!ascends || offset < base || offset >= recovery_point || position >= log_bytes) break;
        prefix = {i + 1, {offset, position}};
    }
    return prefix;
}

// Those of the time index that go with them. An entry of zeros is what a crash leaves of one that
// the device had not got; one that means it is left out, too, which costs a longer search.
std::size_t sound_timestamps(ByteView entries, Offset base, Offset last) {
    const auto count = entries.size() / TimeIndex::kEntryBytes;
    std::int64_t before = -1;
    Offset from = base;
    for (std::size_t i = 0; i < count; ++i) {
        const auto* entry = entries.data() + i * TimeIndex::kEntryBytes;
        const auto timestamp = load_be<std::int64_t>(entry);
        const Offset offset = base + load_be<std::int32_t>(entry + 8);
        const bool is_zero = timestamp == 0 && offset == base;
        if (is_zero || timestamp <= before || offset < from || offset > last) return i;
        before = timestamp;
        from = offset;
    }
    return count;
}

}  // namespace

Result<std::optional<Segment::Resumption>> Segment::resume(Offset recovery_point) {
    IndexFile& offsets = offset_index_.file();
    if (recovery_point <= base_ || offsets.empty()) return std::nullopt;
    MILENA_ASSIGN(const auto offset_bytes, offsets.read_all());
    const Prefix prefix = sound_prefix(offset_bytes, base_, recovery_point, size_);
    if (prefix.entries == 0) return std::nullopt;
    // It must be a batch that the last of them names.
    MILENA_ASSIGN(const auto file, log_.get());
    BatchScanner scanner(*file, prefix.last.position, size_, BatchScanner::kHeaderWindow);
    const auto head = scanner.next();
    if (!head && !is_corruption(head.error())) return std::unexpected(head.error());
    if (!head || !*head || (*head)->last_offset != prefix.last.offset) return std::nullopt;
    const Resumption here{(*head)->base_offset, (*head)->position};

    std::size_t aborted = 0;
    for (; aborted < txn_index_.file().size(); ++aborted) {
        const auto entry = txn_index_.entry(aborted);
        if (!entry && entry.error().io != IoCause::none) return std::unexpected(entry.error());
        if (!entry || entry->last_offset < base_) return std::nullopt;
        if (entry->last_offset >= here.offset) break;
    }
    MILENA_ASSIGN(const auto time_bytes, time_index_.file().read_all());
    MILENA_TRY(offsets.truncate(prefix.entries));
    MILENA_TRY(time_index_.keep(sound_timestamps(time_bytes, base_, prefix.last.offset)));
    MILENA_TRY(txn_index_.file().truncate(aborted));
    tail_.clear();
    since_index_entry_ = 0;
    first_batch_timestamp_.reset();
    max_timestamp_.reset();
    MILENA_TRY(max_timestamp());
    indexes_synced_ = false;
    return here;
}

}  // namespace milena::log
