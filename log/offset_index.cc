#include "log/offset_index.h"

#include <array>
#include <limits>
#include <optional>

namespace milena::log {
namespace {

constexpr KeyColumn kOffsetColumn{0, 4};
constexpr KeyColumn kPositionColumn{4, 4};

}  // namespace

OffsetIndex::OffsetIndex(const LogPlace& place, Offset base, std::uint64_t file_bytes)
    : base_(base),
      file_(place, {base, FileKind::offset_index, FileSuffix::none}, kEntryBytes,
            file_bytes / kEntryBytes) {}

void OffsetIndex::append(Offset offset, std::uint64_t position) {
    std::array<std::uint8_t, kEntryBytes> bytes;
    store_be(bytes.data(), static_cast<std::int32_t>(offset - base_));
    store_be(bytes.data() + 4, static_cast<std::int32_t>(position));
    file_.append(bytes);
}

Result<IndexedPosition> OffsetIndex::entry(std::size_t index) const {
    std::array<std::uint8_t, kEntryBytes> bytes;
    MILENA_TRY(file_.read(index, bytes));
    return IndexedPosition{base_ + load_be<std::int32_t>(bytes.data()),
                           load_be<std::uint32_t>(bytes.data() + 4)};
}

Result<IndexedPosition> OffsetIndex::lookup(Offset offset) const {
    MILENA_ASSIGN(const std::size_t count, file_.count_up_to(kOffsetColumn, offset - base_));
    if (count == 0) return IndexedPosition{base_, 0};
    return entry(count - 1);
}

Result<std::optional<IndexedPosition>> OffsetIndex::first_at_position(
    std::uint64_t position) const {
    std::size_t before = 0;
    if (position > 0) {
        MILENA_ASSIGN(before,
                      file_.count_up_to(kPositionColumn, static_cast<std::int64_t>(position) - 1));
    }
    if (before == file_.size()) return std::nullopt;
    return entry(before);
}

Result<std::optional<IndexedPosition>> OffsetIndex::last() const {
    if (file_.empty()) return std::nullopt;
    return entry(file_.size() - 1);
}

Status OffsetIndex::truncate_to(Offset offset) {
    MILENA_ASSIGN(const std::size_t kept, file_.count_up_to(kOffsetColumn, offset - base_ - 1));
    return file_.truncate(kept);
}

}  // namespace milena::log
