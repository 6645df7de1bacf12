#include "log/segment.h"

#include "protocol/base/assert.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace milena::log {
namespace {

// Blocks are reserved ahead of the end in steps of about what the segment holds already, so that a
// small topic takes little and a busy one is asked rarely.
constexpr std::uint64_t kNoReserveBelow = 64 << 10;
constexpr std::uint64_t kMaxReserve = 16 << 20;

SegmentFileName name_of(Offset base) {
    return {base, FileKind::log, FileSuffix::none};
}

}  // namespace

Segment::Segment(const LogPlace& place, Offset base, const SegmentFiles& found, TimestampMs now)
    : base_(base),
      size_(found.log),
      reserved_(found.log),
      created_(now),
      modified_(found.modified),
      log_(place, name_of(base)),
      offset_index_(place, base, found.offset_index.value_or(0)),
      time_index_(place, base, found.time_index.value_or(0)),
      txn_index_(place, base, found.txn_index.value_or(0)),
      txn_index_exists_(found.txn_index.has_value()),
      damage_counts_(place.damage),
      fresh_from_(found.log) {}

Result<std::unique_ptr<Segment>> Segment::create(const LogPlace& place, Offset base, Millis jitter,
                                                 TimestampMs now, FileSuffix suffix) {
    SegmentFiles none;
    none.modified = now;
    auto segment = std::make_unique<Segment>(place, base, none, now);
    for (FileHandle* handle : segment->handles()) handle->assume(suffix);
    MILENA_TRY(segment->log_.create());
    segment->jitter_ = jitter;
    segment->max_timestamp_ = IndexedTimestamp{kNoTimestamp, base};
    segment->indexes_synced_ = false;
    return segment;
}

Result<IndexedTimestamp> Segment::max_timestamp() const {
    if (!max_timestamp_) {
        MILENA_ASSIGN(const auto last, time_index_.last());
        max_timestamp_ = last.value_or(IndexedTimestamp{kNoTimestamp, base_});
    }
    return *max_timestamp_;
}

Result<TimestampMs> Segment::largest_timestamp() const {
    MILENA_ASSIGN(const IndexedTimestamp largest, max_timestamp());
    return largest.timestamp >= TimestampMs{0} ? largest.timestamp : modified_;
}

Result<TimestampMs> Segment::first_batch_timestamp() const {
    if (size_ == 0) return kNoTimestamp;
    if (!first_batch_timestamp_) {
        MILENA_ASSIGN(const auto file, log_.get());
        BatchScanner scanner = scan_from(*file, 0, kBatchOverhead);
        const auto first = scanner.next();
        if (!first && !is_corruption(first.error())) return std::unexpected(first.error());
        first_batch_timestamp_ = first && *first ? (*first)->max_timestamp : kNoTimestamp;
    }
    return *first_batch_timestamp_;
}

bool Segment::index_lengths_sane(const SegmentFiles& found) const {
    if (size_ == 0) return true;
    return found.offset_index && *found.offset_index % OffsetIndex::kEntryBytes == 0 &&
           found.time_index && *found.time_index % TimeIndex::kEntryBytes == 0;
}

bool Segment::indexes_full(std::uint32_t max_index_bytes) const {
    return offset_index_.is_full(max_index_bytes) || time_index_.is_full(max_index_bytes);
}

Status Segment::prepare_for_append() {
    MILENA_TRY(time_index_.load_last());
    MILENA_TRY(first_batch_timestamp());
    MILENA_TRY(max_timestamp());
    return {};
}

// Reserved blocks make a write cheaper (no allocation per page) and the file contiguous. When the
// disk refuses, the write itself will tell whether there is room.
void Segment::reserve(File& file, std::uint64_t end) {
    if (end <= reserved_ || end < kNoReserveBelow) return;
    const std::uint64_t step = std::min(std::bit_floor(end), kMaxReserve);
    const std::uint64_t target = (end + step) / step * step;
    reserved_ = file.preallocate(reserved_, target - reserved_) ? target : end;
}

Status Segment::write(ByteView bytes) {
    MILENA_ASSIGN(const auto file, log_.get());
    reserve(*file, size_ + bytes.size());
    auto written = file->write_at(size_, bytes);
    if (written) return {};
    reserved_ = size_;
    if (auto cut = file->truncate(size_); !cut) {
        cut.error().io = IoCause::broken;
        return cut;
    }
    return written;
}

void Segment::account(const BatchHead& head, const LogSettings& settings) {
    MILENA_ASSERT(max_timestamp_);
    // A batch that compaction has emptied keeps a timestamp that no record has any more.
    const bool has_records = head.magic != batch_layout::kMagicValue || head.record_count > 0;
    if (has_records && head.max_timestamp > max_timestamp_->timestamp) {
        max_timestamp_ = IndexedTimestamp{head.max_timestamp, head.last_offset};
    }
    if (head.position == 0) first_batch_timestamp_ = head.max_timestamp;
    if (since_index_entry_ > settings.index_interval_bytes) {
        offset_index_.append(head.last_offset, head.position);
        time_index_.maybe_append(*max_timestamp_);
        since_index_entry_ = 0;
        indexes_synced_ = false;
    }
    since_index_entry_ += head.size;
}

Status Segment::append(ByteView batches, const LogSettings& settings, TimestampMs now) {
    MILENA_TRY(write(batches));
    std::uint64_t at = 0;
    while (at < batches.size()) {
        auto head = parse_batch_head(batches.subspan(at));
        MILENA_ASSERT(head && *head);
        (*head)->position = size_ + at;
        account(**head, settings);
        tail_.push(**head);
        at += (*head)->size;
    }
    size_ += batches.size();
    modified_ = now;
    return {};
}

void Segment::add_aborted(const AbortedTransaction& aborted) {
    txn_index_.append(aborted);
    indexes_synced_ = false;
}

Status Segment::flush_indexes() {
    MILENA_TRY(offset_index_.file().flush());
    MILENA_TRY(time_index_.file().flush());
    if (!txn_index_.file().empty() || txn_index_.file().is_being_replaced()) {
        MILENA_TRY(txn_index_.file().flush());
        txn_index_exists_ = true;
    }
    return {};
}

Status Segment::seal() {
    MILENA_TRY(prepare_for_append());
    time_index_.maybe_append(*max_timestamp_);
    MILENA_TRY(flush_indexes());
    if (reserved_ > size_) {
        MILENA_ASSIGN(const auto file, log_.get());
        MILENA_TRY(file->truncate(size_));
        reserved_ = size_;
    }
    tail_.clear();
    indexes_synced_ = false;
    return {};
}

Result<std::optional<BatchHead>> Segment::find(Offset offset) {
    if (auto recent = tail_.find(offset)) return recent;
    if (size_ == 0) return std::nullopt;
    MILENA_ASSIGN(const IndexedPosition indexed, offset_index_.lookup(offset));
    bool index_lies = false;
    MILENA_ASSIGN(auto found, find_from(indexed, offset, index_lies));
    if (!index_lies) return found;
    // Without the index it takes longer. It is built anew at the next opportunity.
    if (!index_suspect_) {
        log_error("index_damaged", {{"file", offset_index_.file().handle().path()},
                                    {"offset", indexed.offset.value()},
                                    {"position", indexed.position},
                                    {"remedy", "it is rebuilt from the segment by itself"}});
    }
    index_suspect_ = true;
    index_lies = false;
    return find_from({base_, 0}, offset, index_lies);
}

// Walks from an index entry on. `index_lies`: no such batch is where it points to.
Result<std::optional<BatchHead>> Segment::find_from(const IndexedPosition& from, Offset offset,
                                                    bool& index_lies) {
    const bool entry = from.position > 0;
    index_lies = from.position >= size_;
    if (index_lies) return std::nullopt;
    MILENA_ASSIGN(const auto file, log_.get());
    BatchScanner scanner = scan_from(*file, from.position, BatchScanner::kHeaderWindow);
    if (entry && damage_.behind(from.position) == from.position) {
        const auto first = scanner.next();
        if (!first && !is_corruption(first.error())) return std::unexpected(first.error());
        index_lies = !first || !*first || (*first)->last_offset != from.offset;
        if (index_lies) return std::nullopt;
        scanner.seek(from.position);
    }
    Offset least = entry ? kNoOffset : base_;
    for (;;) {
        MILENA_ASSIGN(const auto head, next_sound(scanner, least));
        if (!head || head->last_offset >= offset) return head;
        least = head->last_offset + 1;
    }
}

Result<Segment::End> Segment::read_end() {
    End end{base_, 0};
    if (size_ == 0) return end;
    MILENA_ASSIGN(const auto indexed, offset_index_.last());
    // From the last index entry on, or from the beginning when that is none.
    for (const bool trusting : {true, false}) {
        bool index_lies = false;
        const IndexedPosition from = trusting && indexed ? *indexed : IndexedPosition{base_, 0};
        MILENA_ASSIGN(auto last, find_from(from, from.offset, index_lies));
        if (index_lies) {
            index_suspect_ = true;
            continue;
        }
        if (!last) break;
        MILENA_ASSIGN(const auto file, log_.get());
        BatchScanner scanner = scan_from(*file, last->position, BatchScanner::kHeaderWindow);
        Offset least = kNoOffset;
        for (;;) {
            MILENA_ASSIGN(const auto head, next_sound(scanner, least));
            if (!head) break;
            least = head->last_offset + 1;
            end = {least, head->end()};
        }
        break;
    }
    return end;
}

Result<std::optional<Offset>> Segment::offset_bound_at(std::uint64_t position) const {
    MILENA_ASSIGN(const auto entry, offset_index_.first_at_position(position));
    if (!entry) return std::nullopt;
    return entry->offset;
}

Result<Offset> Segment::truncate_to(Offset offset, TimestampMs now) {
    MILENA_ASSIGN(const auto cut, find(offset));
    tail_.clear();
    MILENA_TRY(offset_index_.truncate_to(offset));
    MILENA_TRY(time_index_.truncate_to(offset));
    MILENA_TRY(txn_index_.truncate_to(offset));
    indexes_synced_ = false;
    since_index_entry_ = 0;
    max_timestamp_.reset();
    if (cut) {
        MILENA_ASSIGN(const auto file, log_.get());
        MILENA_TRY(file->truncate(cut->position));
        size_ = reserved_ = cut->position;
        forget_from(size_);
        modified_ = now;
    }
    if (size_ == 0) {
        created_ = now;
        first_batch_timestamp_.reset();
    }
    MILENA_TRY(prepare_for_append());
    return cut ? std::min(offset, cut->base_offset) : offset;
}

Status Segment::begin_rebuild(bool with_transactions, Rebuild rebuild) {
    tail_.clear();
    if (rebuild == Rebuild::durable) {
        offset_index_.file().begin_replacement();
        time_index_.begin_replacement();
        if (with_transactions && txn_index_exists_) txn_index_.file().begin_replacement();
    } else {
        MILENA_TRY(offset_index_.file().reset());
        MILENA_TRY(time_index_.reset());
        if (with_transactions && txn_index_exists_) MILENA_TRY(txn_index_.file().reset());
    }
    since_index_entry_ = 0;
    max_timestamp_ = IndexedTimestamp{kNoTimestamp, base_};
    first_batch_timestamp_.reset();
    indexes_synced_ = false;
    return {};
}

Status Segment::finish_rebuild(std::uint64_t valid_bytes) {
    MILENA_ASSIGN(const auto file, log_.get());
    // Also when nothing is cut: a crash leaves the blocks that were reserved ahead.
    MILENA_TRY(file->truncate(valid_bytes));
    size_ = reserved_ = valid_bytes;
    forget_from(size_);
    index_suspect_ = false;
    since_index_entry_ = 0;
    time_index_.maybe_append(*max_timestamp_);
    return flush_indexes();
}

std::array<FileHandle*, 4> Segment::handles() {
    return {&log_, &offset_index_.file().handle(), &time_index_.file().handle(),
            &txn_index_.file().handle()};
}

Status Segment::mark_deleted() {
    for (FileHandle* handle : handles()) MILENA_TRY(handle->rename(FileSuffix::deleted));
    return {};
}

Status Segment::remove_files() {
    for (FileHandle* handle : handles()) {
        auto removed = handle->remove();
        if (!removed && removed.error().io != IoCause::not_found) return removed;
    }
    return {};
}

std::vector<std::string> Segment::paths() const {
    return {log_.path(), offset_index_.file().handle().path(), time_index_.file().handle().path(),
            txn_index_.file().handle().path()};
}

Status Segment::give_back_memory() {
    tail_.clear();
    for (IndexFile* index : {&offset_index_.file(), &time_index_.file(), &txn_index_.file()}) {
        MILENA_TRY(index->give_back_memory());
    }
    if (!txn_index_.file().empty()) txn_index_exists_ = true;
    return {};
}

void Segment::release_files() const {
    log_.release();
    offset_index_.file().handle().release();
    time_index_.file().handle().release();
    txn_index_.file().handle().release();
}

Status Segment::collect_index_files(std::vector<std::shared_ptr<File>>& files) const {
    std::vector<const FileHandle*> handles{&offset_index_.file().handle(),
                                           &time_index_.file().handle()};
    if (txn_index_exists_) handles.push_back(&txn_index_.file().handle());
    for (const FileHandle* handle : handles) {
        MILENA_ASSIGN(files.emplace_back(), handle->get());
    }
    return {};
}

}  // namespace milena::log
