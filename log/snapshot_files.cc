#include "log/snapshot_files.h"

#include "log/producer_snapshot.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <utility>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxSnapshotBytes = 1ULL << 30;

}  // namespace

SnapshotFiles::SnapshotFiles(const LogPlace& place, std::vector<Offset> found)
    : place_(&place), offsets_(std::move(found)) {
    std::ranges::sort(offsets_);
}

FileHandle SnapshotFiles::handle(Offset offset) const {
    return FileHandle(*place_, {offset, FileKind::snapshot, FileSuffix::none});
}

std::optional<Offset> SnapshotFiles::latest() const {
    if (offsets_.empty()) return std::nullopt;
    return offsets_.back();
}

Status SnapshotFiles::write(const ProducerState& state, Offset log_start_offset) {
    const Offset offset = state.end_offset();
    if (offset <= latest().value_or(log_start_offset)) return {};
    FileHandle target = handle(offset);
    MILENA_ASSIGN(const auto file, target.get_or_create());
    MILENA_TRY(file->truncate(0));
    MILENA_TRY(file->write_at(0, encode_producer_snapshot(state)));
    offsets_.push_back(offset);
    unsynced_.push_back(offset);
    return {};
}

Result<bool> SnapshotFiles::load(Offset at_most, TimestampMs now, Millis expiration,
                                 ProducerState& into) {
    into.clear();
    for (;;) {
        const auto above = std::ranges::upper_bound(offsets_, at_most);
        if (above == offsets_.begin()) return false;
        const Offset offset = *(above - 1);
        FileHandle source = handle(offset);
        MILENA_ASSIGN(const auto bytes, read_file(place_->disk, source.path(), kMaxSnapshotBytes));
        const auto decoded = decode_producer_snapshot(bytes, into);
        if (decoded) {
            into.set_end_offset(offset);
            into.expire(now, expiration);
            return true;
        }
        log_warn("producer_snapshot_dropped",
                 {{"path", source.path()}, {"reason", decoded.error().detail}});
        offsets_.erase(above - 1);
        MILENA_TRY(source.remove());
    }
}

template <class Gone>
Result<bool> SnapshotFiles::remove_if(Gone gone) {
    bool any = false;
    for (auto it = offsets_.begin(); it != offsets_.end();) {
        if (!gone(*it)) {
            ++it;
            continue;
        }
        auto removed = handle(*it).remove();
        if (!removed && removed.error().io != IoCause::not_found) {
            return std::unexpected(std::move(removed).error());
        }
        std::erase(unsynced_, *it);
        it = offsets_.erase(it);
        any = true;
    }
    return any;
}

Result<bool> SnapshotFiles::remove_above(Offset offset) {
    return remove_if([offset](Offset at) { return at > offset; });
}

Result<bool> SnapshotFiles::remove_below(Offset offset) {
    return remove_if([offset](Offset at) { return at < offset; });
}

Status SnapshotFiles::remove_stray(const std::vector<Offset>& segment_bases) {
    if (offsets_.empty()) return {};
    const Offset newest = offsets_.back();
    MILENA_TRY(remove_if(
        [&](Offset at) { return at != newest && !std::ranges::binary_search(segment_bases, at); }));
    return {};
}

template <class Gone>
Result<std::vector<std::string>> SnapshotFiles::mark_deleted_if(Gone gone) {
    std::vector<std::string> marked;
    for (auto it = offsets_.begin(); it != offsets_.end();) {
        if (!gone(*it)) {
            ++it;
            continue;
        }
        FileHandle file = handle(*it);
        MILENA_TRY(file.rename(FileSuffix::deleted));
        marked.push_back(file.path());
        std::erase(unsynced_, *it);
        it = offsets_.erase(it);
    }
    return marked;
}

Result<std::vector<std::string>> SnapshotFiles::mark_deleted_below(Offset offset) {
    return mark_deleted_if([offset](Offset at) { return at < offset; });
}

Result<std::vector<std::string>> SnapshotFiles::mark_deleted(const std::vector<Offset>& offsets) {
    return mark_deleted_if(
        [&offsets](Offset at) { return std::ranges::find(offsets, at) != offsets.end(); });
}

Status SnapshotFiles::collect_unsynced(std::vector<std::shared_ptr<File>>& files) const {
    for (const Offset offset : unsynced_) {
        MILENA_ASSIGN(files.emplace_back(), handle(offset).get());
    }
    return {};
}

void SnapshotFiles::mark_synced_up_to(Offset offset) {
    std::erase_if(unsynced_, [offset](Offset at) { return at <= offset; });
}

}  // namespace milena::log
