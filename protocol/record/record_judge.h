// Walks all records of one batch and holds them to the rules. Internal to protocol/record.
#pragma once

#include "protocol/record/batch_check.h"
#include "protocol/record/record_walk.h"

#include <cstdint>
#include <optional>

namespace milena {

class RecordJudge {
  public:
    // All three outlive the judge.
    RecordJudge(const BatchView& batch, const BatchRules& rules, const BatchContext& context);

    // Why the batch is refused, if it is. The payload is uncompressed.
    std::optional<BatchRejection> walk(ByteView payload);
    // The same through a window of record_walk::Window::kBytes.
    std::optional<BatchRejection> walk(ByteStream& payload, MutableBytes window);

    // What the header must say: of the topic's type.
    TimestampMs max_timestamp() const { return max_timestamp_; }

  private:
    template <class Walker>
    std::optional<BatchRejection> walk_all(Walker& walker);
    template <class Walker>
    BatchRejection broken(const Walker& walker, std::int32_t index, const char* mistake) const;
    // Outside the limits; -1, "none", never is.
    bool is_bad(std::int64_t timestamp) const {
        // One comparison for both limits: the age shifted up by what the future may be.
        const auto age = static_cast<std::uint64_t>(now_) - static_cast<std::uint64_t>(timestamp);
        return age + after_ > before_ + after_ && timestamp != kNoTimestamp.value();
    }
    // Each record has one fault; a missing key comes before a timestamp.
    enum class Fault : std::uint8_t { no_key, timestamp };
    void note(std::int32_t index, std::int64_t timestamp, Fault fault);
    std::optional<BatchRejection> verdict();

    const BatchView& batch_;
    const BatchRules& rules_;
    std::int64_t now_;
    std::uint64_t before_;
    std::uint64_t after_;
    bool timestamps_count_;  // the producer's are what is stored
    bool needs_keys_;
    TimestampMs max_timestamp_ = kNoTimestamp;
    bool has_bad_timestamp_ = false;
    std::int64_t refused_ = 0;
    std::vector<RecordError> errors_;
};

}  // namespace milena
