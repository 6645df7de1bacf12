#include "log/cleaner/clean_range.h"

#include <gmock/gmock.h>

namespace milena::log {
namespace {

using testing::ElementsAre;

constexpr TimestampMs kNow{1'000'000};

CleanableSegment segment(std::int64_t base, std::int64_t end, std::uint64_t size = 100,
                         std::int64_t timestamp = 500) {
    return {Offset{base}, Offset{end}, size, 8, 12, TimestampMs{timestamp}, TimestampMs{timestamp}};
}

CleanBounds bounds(std::int64_t cleaned_to = 0) {
    return {.log_start_offset = Offset{0},
            .log_end_offset = Offset{100},
            .cleaned_to = Offset{cleaned_to},
            .last_stable_offset = Offset{100},
            .recovery_point = Offset{100}};
}

LogSettings compacted() {
    LogSettings settings;
    settings.cleanup_policy = CleanupPolicy::compact;
    return settings;
}

const std::vector<CleanableSegment> kThree{segment(0, 10), segment(10, 20), segment(20, 30)};

TEST(CleanRange, EndsWithTheSealedSegments) {
    const auto range = find_clean_range(kThree, bounds(), compacted(), kNow);
    EXPECT_EQ(range.first_dirty, Offset{0});
    EXPECT_EQ(range.end, Offset{30});
    EXPECT_EQ(range.dirty_bytes, 300U);
    EXPECT_EQ(range.clean_bytes, 0U);
    EXPECT_TRUE(range.is_due(compacted()));
}

TEST(CleanRange, IsEmptyWithoutSealedSegments) {
    const auto range = find_clean_range({}, bounds(), compacted(), kNow);
    EXPECT_EQ(range.end, range.first_dirty);
    EXPECT_FALSE(range.is_due(compacted()));
}

TEST(CleanRange, StopsBeforeTheSegmentThatReachesWhatMayStillChange) {
    struct Case {
        std::int64_t stable;
        std::int64_t recovery;
        std::int64_t end;
    };
    for (const auto& [stable, recovery, end] :
         {Case{30, 100, 30}, Case{29, 100, 20}, Case{20, 100, 20}, Case{5, 100, 0},
          Case{100, 25, 20}, Case{100, 30, 30}, Case{15, 25, 10}}) {
        SCOPED_TRACE(std::to_string(stable) + " " + std::to_string(recovery));
        auto with = bounds();
        with.last_stable_offset = Offset{stable};
        with.recovery_point = Offset{recovery};
        const auto range = find_clean_range(kThree, with, compacted(), kNow);
        EXPECT_EQ(range.end, Offset{end});
        EXPECT_EQ(range.dirty_bytes, static_cast<std::uint64_t>(end) * 10);
    }
}

TEST(CleanRange, LeavesYoungSegmentsAndAllBehindThem) {
    auto settings = compacted();
    settings.min_compaction_lag_ms = Millis{1'000};
    const std::vector<CleanableSegment> segments{segment(0, 10), segment(10, 20, 100, 999'500),
                                                 segment(20, 30)};
    EXPECT_EQ(find_clean_range(segments, bounds(), settings, kNow).end, Offset{10});
    // What is clean already does not hold anything back, however young.
    EXPECT_EQ(find_clean_range(segments, bounds(20), settings, kNow).end, Offset{30});
    EXPECT_EQ(find_clean_range(segments, bounds(), settings, TimestampMs{1'000'500}).end,
              Offset{30});
}

TEST(CleanRange, GoesByTheShareOfDirtyBytes) {
    const auto range = find_clean_range(kThree, bounds(20), compacted(), kNow);
    EXPECT_EQ(range.clean_bytes, 200U);
    EXPECT_EQ(range.dirty_bytes, 100U);
    EXPECT_DOUBLE_EQ(range.dirty_ratio(), 1.0 / 3);
    auto settings = compacted();
    EXPECT_FALSE(range.is_due(settings));
    settings.min_cleanable_dirty_ratio = 0.3;
    EXPECT_TRUE(range.is_due(settings));
    settings.cleanup_policy = CleanupPolicy::remove;
    EXPECT_FALSE(range.is_due(settings));
    settings.cleanup_policy = CleanupPolicy::compact_and_remove;
    EXPECT_TRUE(range.is_due(settings));
}

TEST(CleanRange, OverdueRecordsDoNotWaitForTheShare) {
    auto settings = compacted();
    settings.max_compaction_lag_ms = Millis{10'000};
    settings.min_cleanable_dirty_ratio = 1;
    const auto range = find_clean_range(kThree, bounds(20), settings, kNow);
    EXPECT_EQ(range.overdue, Millis{1'000'000 - 10'000 - 500});
    EXPECT_TRUE(range.is_due(settings));
    settings.max_compaction_lag_ms = Millis{999'500};
    EXPECT_FALSE(find_clean_range(kThree, bounds(20), settings, kNow).is_due(settings));
}

TEST(CleanRange, ACheckpointOutsideOfTheLogDoesNotCount) {
    for (const std::int64_t cleaned_to : {-1, 101, 4}) {
        auto with = bounds(cleaned_to);
        with.log_start_offset = Offset{5};
        EXPECT_EQ(find_clean_range(kThree, with, compacted(), kNow).first_dirty, Offset{5});
    }
}

TEST(CleanRange, ACheckpointWithinASegmentLeavesItDirty) {
    const auto range = find_clean_range(kThree, bounds(15), compacted(), kNow);
    EXPECT_EQ(range.clean_bytes, 100U);
    EXPECT_EQ(range.dirty_bytes, 200U);
    auto with = bounds(15);
    with.last_stable_offset = Offset{17};
    EXPECT_EQ(find_clean_range(kThree, with, compacted(), kNow).dirty_bytes, 0U);
}

TEST(GroupSegments, FillsSegmentsUpToTheirSettings) {
    auto settings = compacted();
    settings.segment_bytes = 250;
    EXPECT_THAT(group_segments(kThree, settings), ElementsAre(2, 1));
    settings.segment_bytes = 300;
    EXPECT_THAT(group_segments(kThree, settings), ElementsAre(3));
    settings.segment_bytes = 50;
    EXPECT_THAT(group_segments(kThree, settings), ElementsAre(1, 1, 1));
    EXPECT_THAT(group_segments({}, settings), ElementsAre());
}

TEST(GroupSegments, KeepsIndexesWithinTheirLimit) {
    auto settings = compacted();
    settings.segment_index_bytes = 23;  // of the time index, one entry each
    EXPECT_THAT(group_segments(kThree, settings), ElementsAre(1, 1, 1));
    settings.segment_index_bytes = 24;
    EXPECT_THAT(group_segments(kThree, settings), ElementsAre(2, 1));
}

TEST(GroupSegments, KeepsOffsetsWithin31Bits) {
    const std::int64_t most = 0x7fff'ffff;
    EXPECT_THAT(group_segments(std::vector{segment(0, 10), segment(10, most + 1)}, compacted()),
                ElementsAre(2));
    EXPECT_THAT(group_segments(std::vector{segment(0, 10), segment(10, most + 2)}, compacted()),
                ElementsAre(1, 1));
}

}  // namespace
}  // namespace milena::log
