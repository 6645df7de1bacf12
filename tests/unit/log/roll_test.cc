#include "log/roll.h"

#include <gtest/gtest.h>

namespace milena::log {
namespace {

TEST(Roll, Conditions) {
    LogSettings settings;
    settings.segment_bytes = 1'000;
    settings.segment_ms = Millis{100};
    const ActiveSegmentFacts used{.base = Offset{10},
                                  .size = 500,
                                  .first_batch_timestamp = TimestampMs{5'000},
                                  .created = TimestampMs{9'000},
                                  .jitter = Millis{0},
                                  .index_full = false};
    const IncomingFacts small{
        .bytes = 500, .last_offset = Offset{20}, .max_timestamp = TimestampMs{5'100}};
    const TimestampMs now{9'050};
    EXPECT_FALSE(should_roll(used, small, settings, now)) << "all limits are met exactly";

    auto active = used;
    auto incoming = small;
    incoming.bytes = 501;
    EXPECT_TRUE(should_roll(used, incoming, settings, now)) << "size";

    incoming = small;
    incoming.max_timestamp = TimestampMs{5'101};
    EXPECT_TRUE(should_roll(used, incoming, settings, now)) << "age between timestamps";
    active.size = 0;
    EXPECT_FALSE(should_roll(active, incoming, settings, now)) << "an empty segment has no age";
    active = used;
    active.jitter = Millis{1};
    EXPECT_TRUE(should_roll(active, small, settings, now)) << "jitter shortens the age";

    active = used;
    active.first_batch_timestamp = kNoTimestamp;
    EXPECT_FALSE(should_roll(active, small, settings, TimestampMs{9'100})) << "age since creation";
    EXPECT_TRUE(should_roll(active, small, settings, TimestampMs{9'101}));

    active = used;
    active.index_full = true;
    EXPECT_TRUE(should_roll(active, small, settings, now)) << "index full";

    incoming = small;
    incoming.last_offset = Offset{10} + 0x7fffffff;
    EXPECT_FALSE(should_roll(used, incoming, settings, now)) << "just representable";
    incoming.last_offset = Offset{10} + 0x80000000LL;
    EXPECT_TRUE(should_roll(used, incoming, settings, now)) << "relative offset too large";
}

TEST(Roll, JitterStaysBelowTheSetting) {
    LogSettings settings;
    EXPECT_EQ(pick_jitter(settings, 12345), Millis{0});
    settings.segment_jitter_ms = Millis{50};
    EXPECT_EQ(pick_jitter(settings, 149), Millis{49});
    settings.segment_ms = Millis{20};
    EXPECT_EQ(pick_jitter(settings, 39), Millis{19});
}

}  // namespace
}  // namespace milena::log
