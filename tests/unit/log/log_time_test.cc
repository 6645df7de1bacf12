// Offsets by timestamp.

#include "log/partition_log.h"
#include "protocol/base/random.h"
#include "protocol/record/compress.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

class LogTimeTest : public LogTest {
  protected:
    std::optional<TimestampedOffset> find(std::int64_t timestamp) {
        return value_of(log_->offset_for_timestamp(TimestampMs{timestamp}, codecs_));
    }
    Codecs codecs_;
};

TEST_F(LogTimeTest, FindsTheRecordInsideItsBatch) {
    open();
    append({.records = 5, .timestamp = 1'000}, LeaderEpoch{2});
    append({.records = 5, .timestamp = 2'000}, LeaderEpoch{4});
    using Found = TimestampedOffset;
    EXPECT_EQ(find(0), (Found{TimestampMs{1'000}, Offset{0}, LeaderEpoch{2}}));
    EXPECT_EQ(find(1'003), (Found{TimestampMs{1'003}, Offset{3}, LeaderEpoch{2}}));
    EXPECT_EQ(find(1'005), (Found{TimestampMs{2'000}, Offset{5}, LeaderEpoch{4}}));
    EXPECT_EQ(find(2'004), (Found{TimestampMs{2'004}, Offset{9}, LeaderEpoch{4}}));
    EXPECT_EQ(find(2'005), std::nullopt);
    expect_ok(log_->advance_log_start_offset(Offset{2}));
    EXPECT_EQ(find(0), (Found{TimestampMs{1'002}, Offset{2}, LeaderEpoch{2}}));
    EXPECT_EQ(value_of(log_->offset_of_max_timestamp(codecs_)),
              (Found{TimestampMs{2'004}, Offset{9}, LeaderEpoch{4}}));
}

TEST_F(LogTimeTest, AnEmptyLogHasNoTimes) {
    open();
    EXPECT_EQ(find(0), std::nullopt);
    EXPECT_EQ(value_of(log_->offset_of_max_timestamp(codecs_)), std::nullopt);
}

TEST_F(LogTimeTest, AgreesWithALinearSearchAlsoAfterReopening) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    settings_.segment_bytes = 20'000;
    settings_.index_interval_bytes = 500;
    open();
    std::vector<std::int64_t> timestamps;  // by offset
    for (int i = 0; i < 500; ++i) {
        const int records = static_cast<int>(1 + random.below(4));
        const auto timestamp = static_cast<std::int64_t>(i * 20 + random.below(200));
        append({.records = records, .timestamp = timestamp, .value_bytes = random.below(300)});
        for (int r = 0; r < records; ++r) timestamps.push_back(timestamp + r);
    }
    for (int round = 0; round < 3; ++round) {
        for (std::int64_t at = 0; at < 11'000; at += 7) {
            const auto linear = std::ranges::find_if(timestamps, [&](auto t) { return t >= at; });
            const auto found = find(at);
            if (linear == timestamps.end()) {
                ASSERT_EQ(found, std::nullopt) << at;
            } else {
                ASSERT_TRUE(found) << at;
                ASSERT_EQ(found->offset.value(), linear - timestamps.begin()) << at;
                ASSERT_EQ(found->timestamp.value(), *linear);
            }
        }
        const auto most = std::ranges::max_element(timestamps);
        const auto latest = value_of(log_->offset_of_max_timestamp(codecs_));
        ASSERT_TRUE(latest);
        EXPECT_EQ(latest->offset.value(), most - timestamps.begin());
        if (round == 0) {
            expect_ok(log_->close(now_));
            open(Shutdown::clean);
        } else {
            kill();
            open(Shutdown::unclean);
        }
    }
}

}  // namespace
}  // namespace milena::log::test
