#include "log/batch_scan.h"

#include <algorithm>
#include <string>

#include <zlib.h>

namespace milena::log {
namespace {

constexpr std::size_t kOldCrcAt = 12;
constexpr std::size_t kOldCrcCoverage = 16;
constexpr std::size_t kOldTimestampAt = 18;
constexpr std::size_t kOldHeaderBytes = 26;  // of magic 1; the least batch of magic 0 is as long

std::unexpected<Error> no_batch(std::string why) {
    return fail(ErrorCode::CORRUPT_MESSAGE, std::move(why));
}

BatchHead read_head(const BatchView& batch) {
    BatchHead head;
    head.base_offset = batch.base_offset();
    head.last_offset = batch.last_offset();
    head.leader_epoch = batch.leader_epoch();
    head.max_timestamp = batch.max_timestamp();
    head.attributes = batch.attributes();
    head.producer_id = batch.producer_id();
    head.producer_epoch = batch.producer_epoch();
    head.base_sequence = batch.base_sequence();
    head.record_count = batch.record_count();
    return head;
}

BatchHead read_old_head(const std::uint8_t* at, std::int8_t magic) {
    BatchHead head;
    head.magic = magic;
    head.base_offset = head.last_offset = Offset{load_be<std::int64_t>(at)};
    if (magic == 1) head.max_timestamp = TimestampMs{load_be<std::int64_t>(at + kOldTimestampAt)};
    return head;
}

}  // namespace

Result<std::optional<BatchHead>> parse_batch_head(ByteView bytes) {
    const BatchFrame frame = batch_frame(bytes);
    if (frame.kind == BatchFrame::Kind::corrupt) return no_batch("no batch begins here");
    if (frame.size == 0) return std::nullopt;
    const auto magic = static_cast<std::int8_t>(bytes[batch_layout::kMagic]);
    const bool old = magic != batch_layout::kMagicValue;
    if (bytes.size() < (old ? kOldHeaderBytes : kBatchOverhead)) return std::nullopt;
    BatchHead head = old ? read_old_head(bytes.data(), magic)
                         : read_head(BatchView(bytes.first(kBatchOverhead)));
    head.size = frame.size;
    if (head.base_offset < Offset{0} || head.last_offset < head.base_offset) {
        return no_batch("batch from offset " + std::to_string(head.base_offset.value()) + " to " +
                        std::to_string(head.last_offset.value()));
    }
    return head;
}

bool batch_checksum_matches(const BatchHead& head, ByteView batch) {
    if (head.magic == batch_layout::kMagicValue) return BatchView(batch).crc_matches();
    const ByteView covered = batch.subspan(kOldCrcCoverage);
    return ::crc32_z(0, covered.data(), covered.size()) ==
           load_be<std::uint32_t>(batch.data() + kOldCrcAt);
}

BatchScanner::BatchScanner(const File& file, std::uint64_t position, std::uint64_t end,
                           std::size_t window)
    : file_(file), position_(position), end_(end), window_(window) {}

ByteView BatchScanner::loaded(std::uint64_t position) const {
    if (position < loaded_at_ || position >= loaded_at_ + loaded_bytes_) return {};
    return {buffer_.get() + (position - loaded_at_),
            static_cast<std::size_t>(loaded_at_ + loaded_bytes_ - position)};
}

// Reads at least `wanted` bytes at `position`, which are known to be before the end.
Status BatchScanner::load(std::uint64_t position, std::uint64_t wanted) {
    const auto bytes = std::min(std::max<std::uint64_t>(wanted, window_), end_ - position);
    if (bytes > capacity_) {
        buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(bytes);
        capacity_ = bytes;
    }
    loaded_bytes_ = 0;
    MILENA_TRY(file_.read_at(position, MutableBytes(buffer_.get(), bytes)));
    loaded_at_ = position;
    loaded_bytes_ = bytes;
    return {};
}

Result<std::optional<BatchHead>> BatchScanner::next() {
    if (damage_ != nullptr) position_ = damage_->behind(position_);
    if (position_ >= end_) return std::nullopt;
    const std::uint64_t left = end_ - position_;
    if (loaded(position_).size() < std::min<std::uint64_t>(left, kBatchOverhead)) {
        MILENA_TRY(load(position_, std::min<std::uint64_t>(left, kBatchOverhead)));
    }
    MILENA_ASSIGN(auto head, parse_batch_head(loaded(position_)));
    if (!head || head->size > left) return std::nullopt;
    head->position = position_;
    current_ = *head;
    position_ += head->size;
    return current_;
}

Result<std::optional<BatchHead>> BatchScanner::peek() {
    const std::uint64_t position = position_;
    const BatchHead current = current_;
    auto head = next();
    position_ = position;
    current_ = current;
    return head;
}

Result<ByteView> BatchScanner::body() {
    if (loaded(current_.position).size() < current_.size) {
        MILENA_TRY(load(current_.position, current_.size));
    }
    return loaded(current_.position).first(current_.size);
}

}  // namespace milena::log
