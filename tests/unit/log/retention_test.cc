#include "log/retention.h"

#include <vector>

#include <gtest/gtest.h>

namespace milena::log {
namespace {

constexpr TimestampMs kNow{100'000};

SegmentFacts segment(std::int64_t end, std::uint64_t size, std::int64_t timestamp) {
    return {Offset{end}, size, TimestampMs{timestamp}};
}

struct Case {
    const char* what;
    std::vector<SegmentFacts> segments;
    std::optional<Millis> retention_ms = {};
    std::optional<std::uint64_t> retention_bytes = {};
    std::int64_t log_start = 0;
    std::int64_t high_watermark = 1'000;
    CleanupPolicy policy = CleanupPolicy::remove;
    std::size_t deleted = 0;
};

TEST(Retention, Cases) {
    const std::vector<SegmentFacts> three{segment(10, 100, 1'000), segment(20, 100, 2'000),
                                          segment(30, 100, 3'000)};
    const std::vector<SegmentFacts> empty_active{segment(10, 100, 1'000), segment(10, 0, 1'000)};
    const Case cases[] = {
        {.what = "keeps all without limits", .segments = three, .deleted = 0},
        {.what = "all too old, the active one too",
         .segments = three,
         .retention_ms = Millis{10},
         .deleted = 3},
        {.what = "exactly at the limit stays",
         .segments = three,
         .retention_ms = Millis{99'000},
         .deleted = 0},
        {.what = "one past the limit",
         .segments = three,
         .retention_ms = Millis{98'999},
         .deleted = 1},
        {.what = "an empty active segment stays",
         .segments = empty_active,
         .retention_ms = Millis{10},
         .deleted = 1},
        {.what = "a future timestamp blocks those behind it",
         .segments = {segment(10, 100, 200'000), segment(20, 100, 1'000)},
         .retention_ms = Millis{10},
         .deleted = 0},
        {.what = "never past the high watermark",
         .segments = three,
         .retention_ms = Millis{10},
         .high_watermark = 19,
         .deleted = 1},
        {.what = "size: what is left still holds the limit",
         .segments = three,
         .retention_bytes = 150,
         .deleted = 1},
        {.what = "size: exactly", .segments = three, .retention_bytes = 200, .deleted = 1},
        {.what = "size: one byte more", .segments = three, .retention_bytes = 201, .deleted = 0},
        {.what = "size zero", .segments = three, .retention_bytes = 0, .deleted = 3},
        {.what = "below the log start", .segments = three, .log_start = 20, .deleted = 2},
        {.what = "the segment that holds the log start stays",
         .segments = three,
         .log_start = 19,
         .deleted = 1},
        {.what = "log start at the end: the active one stays",
         .segments = three,
         .log_start = 30,
         .deleted = 2},
        {.what = "a compacted topic knows no retention",
         .segments = three,
         .retention_ms = Millis{10},
         .retention_bytes = 0,
         .policy = CleanupPolicy::compact,
         .deleted = 0},
        {.what = "but its start offset",
         .segments = three,
         .retention_ms = Millis{10},
         .log_start = 10,
         .policy = CleanupPolicy::compact,
         .deleted = 1},
        {.what = "compact and delete",
         .segments = three,
         .retention_ms = Millis{10},
         .policy = CleanupPolicy::compact_and_remove,
         .deleted = 3},
        {.what = "the furthest rule wins",
         .segments = three,
         .retention_ms = Millis{97'500},
         .retention_bytes = 250,
         .deleted = 2},
    };
    for (const Case& each : cases) {
        LogSettings settings;
        settings.retention_ms = each.retention_ms;
        settings.retention_bytes = each.retention_bytes;
        settings.cleanup_policy = each.policy;
        EXPECT_EQ(count_deletable(each.segments, settings, Offset{each.log_start},
                                  Offset{each.high_watermark}, kNow),
                  each.deleted)
            << each.what;
    }
}

}  // namespace
}  // namespace milena::log
