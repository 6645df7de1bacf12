#include "protocol/record/record_judge.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace milena {

using record_walk::RecordShape;

RecordJudge::RecordJudge(const BatchView& batch, const BatchRules& rules,
                         const BatchContext& context)
    : batch_(batch),
      rules_(rules),
      now_(context.now.value()),
      before_(static_cast<std::uint64_t>(rules.timestamp_before_max.count())),
      after_(static_cast<std::uint64_t>(rules.timestamp_after_max.count())),
      timestamps_count_(rules.timestamp_type == TimestampType::create_time),
      needs_keys_(rules.compacted) {
    if (!timestamps_count_) max_timestamp_ = context.now;
}

std::optional<BatchRejection> RecordJudge::walk(ByteView payload) {
    record_walk::MemoryWalker walker(payload);
    return walk_all(walker);
}

std::optional<BatchRejection> RecordJudge::walk(ByteStream& payload, MutableBytes memory) {
    record_walk::Window window(payload, memory);
    record_walk::WindowWalker walker(window);
    return walk_all(walker);
}

template <class Walker>
std::optional<BatchRejection> RecordJudge::walk_all(Walker& walker) {
    const auto base = static_cast<std::uint64_t>(batch_.base_timestamp().value());
    const auto count = batch_.record_count();
    auto max = max_timestamp_.value();
    RecordShape record;
    for (std::int32_t i = 0; i < count; ++i) {
        if (!walker.next(record)) [[unlikely]]
            return broken(walker, i, walker.mistake());
        if (record.offset_delta != i) [[unlikely]] {
            return broken(walker, i, "its offset delta is not its place in the batch");
        }
        // A sum beyond the range wraps, as Java's does.
        const auto timestamp =
            static_cast<std::int64_t>(base + static_cast<std::uint64_t>(record.timestamp_delta));
        if (needs_keys_ && record.key_length < 0) [[unlikely]] {
            note(i, timestamp, Fault::no_key);
        } else if (timestamps_count_ && is_bad(timestamp)) [[unlikely]] {
            note(i, timestamp, Fault::timestamp);
        }
        if (timestamps_count_) max = std::max(max, timestamp);
    }
    if (!walker.at_end()) return broken(walker, count, "the batch says that there are fewer");
    max_timestamp_ = TimestampMs{max};
    return verdict();
}

template <class Walker>
BatchRejection RecordJudge::broken(const Walker& walker, std::int32_t index,
                                   const char* mistake) const {
    if (const auto* error = walker.stream_error()) return {*error, {}};
    return {{ErrorCode::INVALID_RECORD,
             fmt::format("record {} of {} is invalid: {}", index, batch_.record_count(), mistake)},
            {}};
}

void RecordJudge::note(std::int32_t index, std::int64_t timestamp, Fault fault) {
    ++refused_;
    has_bad_timestamp_ |= fault == Fault::timestamp;
    if (errors_.size() >= kMaxRecordErrors) return;
    constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const auto before = rules_.timestamp_before_max.count();
    const auto after = rules_.timestamp_after_max.count();
    const auto least = now_ < kLeast + before ? kLeast : now_ - before;
    const auto most = now_ > kMost - after ? kMost : now_ + after;
    errors_.push_back(
        {index, fault == Fault::no_key
                    ? std::string("a record of a compacted topic needs a key")
                    : fmt::format("timestamp {} is not within [{}, {}]", timestamp, least, most)});
}

std::optional<BatchRejection> RecordJudge::verdict() {
    if (refused_ == 0) return std::nullopt;
    const auto code = has_bad_timestamp_ ? ErrorCode::INVALID_TIMESTAMP : ErrorCode::INVALID_RECORD;
    return BatchRejection{{code, fmt::format("{} of {} records are refused; record {}: {}",
                                             refused_, batch_.record_count(),
                                             errors_.front().batch_index, errors_.front().message)},
                          std::move(errors_)};
}

}  // namespace milena
