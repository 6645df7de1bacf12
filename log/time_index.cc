#include "log/time_index.h"

#include "protocol/base/assert.h"

#include <array>

namespace milena::log {
namespace {

constexpr KeyColumn kTimestampColumn{0, 8};
constexpr KeyColumn kOffsetColumn{8, 4};

}  // namespace

TimeIndex::TimeIndex(const LogPlace& place, Offset base, std::uint64_t file_bytes)
    : base_(base),
      file_(place, {base, FileKind::time_index, FileSuffix::none}, kEntryBytes,
            file_bytes / kEntryBytes),
      last_known_(file_.empty()) {}

Status TimeIndex::load_last() {
    if (last_known_) return {};
    MILENA_ASSIGN(const auto final, last());
    last_timestamp_ = final ? final->timestamp : kNoTimestamp;
    last_known_ = true;
    return {};
}

void TimeIndex::maybe_append(IndexedTimestamp entry) {
    MILENA_ASSERT(last_known_);
    if (entry.timestamp <= last_timestamp_) return;
    std::array<std::uint8_t, kEntryBytes> bytes;
    store_be(bytes.data(), entry.timestamp.value());
    store_be(bytes.data() + 8, static_cast<std::int32_t>(entry.offset - base_));
    file_.append(bytes);
    last_timestamp_ = entry.timestamp;
}

Status TimeIndex::reset() {
    MILENA_TRY(file_.reset());
    last_timestamp_ = kNoTimestamp;
    last_known_ = true;
    return {};
}

void TimeIndex::begin_replacement() {
    file_.begin_replacement();
    last_timestamp_ = kNoTimestamp;
    last_known_ = true;
}

Result<IndexedTimestamp> TimeIndex::entry(std::size_t index) const {
    std::array<std::uint8_t, kEntryBytes> bytes;
    MILENA_TRY(file_.read(index, bytes));
    return IndexedTimestamp{TimestampMs{load_be<std::int64_t>(bytes.data())},
                            base_ + load_be<std::int32_t>(bytes.data() + 8)};
}

Result<IndexedTimestamp> TimeIndex::lookup(TimestampMs timestamp) const {
    MILENA_ASSIGN(const std::size_t count, file_.count_up_to(kTimestampColumn, timestamp.value()));
    if (count == 0) return IndexedTimestamp{kNoTimestamp, base_};
    return entry(count - 1);
}

Result<std::optional<IndexedTimestamp>> TimeIndex::last() const {
    if (file_.empty()) return std::nullopt;
    return entry(file_.size() - 1);
}

Status TimeIndex::truncate_to(Offset offset) {
    MILENA_ASSIGN(const std::size_t kept, file_.count_up_to(kOffsetColumn, offset - base_ - 1));
    return keep(kept);
}

Status TimeIndex::keep(std::size_t entries) {
    MILENA_TRY(file_.truncate(entries));
    last_known_ = false;
    return load_last();
}

}  // namespace milena::log
