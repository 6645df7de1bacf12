#include "log/leftovers.h"

#include "log/batch_scan.h"
#include "log/partition_metadata.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace milena::log {
namespace {

struct Found {
    SegmentFileName name;
    DirectoryEntry entry;
};

class Tidying {
  public:
    Tidying(const LogPlace& place, RecoveryReport& report) : place_(place), report_(report) {}

    Result<PartitionFiles> run() {
        MILENA_TRY(look());
        MILENA_TRY(remove_unfinished());
        MILENA_TRY(finish_swap());
        MILENA_TRY(remove_orphans());
        MILENA_TRY(settle());
        return collect();
    }

  private:
    Status look() {
        found_.clear();
        unsettled_ = false;
        MILENA_ASSIGN(const auto entries, place_.disk.list(place_.directory));
        for (const DirectoryEntry& entry : entries) {
            if (entry.is_directory) continue;
            if (entry.name.ends_with(kTemporarySuffix)) {
                MILENA_TRY(place_.disk.remove(join_path(place_.directory, entry.name)));
                ++report_.removed_files;
                continue;
            }
            unsettled_ |= is_unsettled_metadata(entry.name);
            if (const auto name = parse_segment_file(entry.name)) found_.push_back({*name, entry});
        }
        return {};
    }

    template <class Gone>
    Status remove_if(Gone gone) {
        for (auto it = found_.begin(); it != found_.end();) {
            if (!gone(it->name)) {
                ++it;
                continue;
            }
            MILENA_TRY(place_.disk.remove(place_.path(it->name)));
            ++report_.removed_files;
            changed_ = true;
            it = found_.erase(it);
        }
        return {};
    }

    // What has been done so far is on the device before anything that follows.
    Status settle() {
        if (changed_) MILENA_TRY(place_.disk.sync_dir(place_.directory));
        changed_ = false;
        return {};
    }

    Status remove_unfinished() {
        auto least_cleaned = Offset{std::numeric_limits<std::int64_t>::max()};
        for (const Found& file : found_) {
            if (file.name.suffix == FileSuffix::cleaned) {
                least_cleaned = std::min(least_cleaned, file.name.offset);
            }
        }
        MILENA_TRY(remove_if([least_cleaned](const SegmentFileName& name) {
            return name.suffix == FileSuffix::deleted ||
                   (name.suffix == FileSuffix::swap && name.offset >= least_cleaned);
        }));
        const auto is_cleaned = [](const SegmentFileName& name) {
            return name.suffix == FileSuffix::cleaned;
        };
        if (std::ranges::none_of(found_, is_cleaned, &Found::name)) return {};
        // Without them a .swap that came back would be taken for complete.
        MILENA_TRY(settle());
        return remove_if(is_cleaned);
    }

    // The offset after the last batch of a complete .swap segment.
    Result<Offset> end_of(const Found& swap) {
        MILENA_ASSIGN(const auto file, place_.disk.open(place_.path(swap.name), OpenMode::read));
        BatchScanner scanner(*file, 0, swap.entry.size, BatchScanner::kHeaderWindow);
        Offset end = swap.name.offset;
        for (;;) {
            MILENA_ASSIGN(const auto head, scanner.next());
            if (!head) return end;
            end = head->last_offset + 1;
        }
    }

    // Whether its .log has taken its plain name or has gone, nobody can tell; the index of what is
    // there is rebuilt when it is missing.
    Status remove_indexes_without_log() {
        std::vector<Offset> bases;
        for (const Found& file : found_) {
            if (file.name.suffix == FileSuffix::swap && file.name.kind == FileKind::log) {
                bases.push_back(file.name.offset);
            }
        }
        return remove_if([&bases](const SegmentFileName& name) {
            return name.suffix == FileSuffix::swap &&
                   std::ranges::find(bases, name.offset) == bases.end();
        });
    }

    Status finish_swap() {
        MILENA_TRY(remove_indexes_without_log());
        std::optional<Offset> from;
        Offset to{0};
        bool any = false;
        for (const Found& file : found_) {
            if (file.name.suffix != FileSuffix::swap) continue;
            any = true;
            if (file.name.kind != FileKind::log) continue;
            MILENA_ASSIGN(const Offset end, end_of(file));
            from = from ? std::min(*from, file.name.offset) : file.name.offset;
            // Also of one that nothing was left for.
            to = std::max({to, end, file.name.offset + 1});
        }
        if (!any) return {};
        if (from) {
            MILENA_TRY(remove_if([&](const SegmentFileName& name) {
                return name.suffix == FileSuffix::none && name.kind != FileKind::snapshot &&
                       name.offset >= *from && name.offset < to;
            }));
            // Or an old index might come back beside the new segment.
            MILENA_TRY(settle());
        }
        for (const Found& file : found_) {
            if (file.name.suffix != FileSuffix::swap) continue;
            SegmentFileName plain = file.name;
            plain.suffix = FileSuffix::none;
            MILENA_TRY(place_.disk.rename(place_.path(file.name), place_.path(plain)));
            changed_ = true;
        }
        return look();
    }

    Status remove_orphans() {
        std::vector<Offset> bases;
        for (const Found& file : found_) {
            if (file.name.kind == FileKind::log) bases.push_back(file.name.offset);
        }
        std::ranges::sort(bases);
        return remove_if([&bases](const SegmentFileName& name) {
            return name.kind != FileKind::log && name.kind != FileKind::snapshot &&
                   !std::ranges::binary_search(bases, name.offset);
        });
    }

    PartitionFiles collect() const {
        PartitionFiles files;
        files.unsettled = unsettled_;
        for (const auto& [name, entry] : found_) {
            switch (name.kind) {
                case FileKind::log:
                    files.segments[name.offset].log = entry.size;
                    files.segments[name.offset].modified = entry.modified;
                    break;
                case FileKind::offset_index:
                    files.segments[name.offset].offset_index = entry.size;
                    break;
                case FileKind::time_index:
                    files.segments[name.offset].time_index = entry.size;
                    break;
                case FileKind::txn_index:
                    files.segments[name.offset].txn_index = entry.size;
                    break;
                case FileKind::snapshot:
                    files.snapshots.push_back(name.offset);
                    break;
            }
        }
        return files;
    }

    const LogPlace& place_;
    RecoveryReport& report_;
    std::vector<Found> found_;
    bool changed_ = false;
    bool unsettled_ = false;  // the metadata of the partition
};

}  // namespace

Result<PartitionFiles> tidy_partition_directory(const LogPlace& place, RecoveryReport& report) {
    return Tidying(place, report).run();
}

}  // namespace milena::log
