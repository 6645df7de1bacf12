#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;

class PartitionLogTest : public LogTest {};

TEST_F(PartitionLogTest, FreshLogIsEmptyAndBeginsAtZero) {
    open();
    EXPECT_EQ(log_->log_start_offset(), Offset{0});
    EXPECT_EQ(log_->log_end_offset(), Offset{0});
    EXPECT_EQ(log_->segment_count(), 1U);
    EXPECT_TRUE(disk_.has(path("00000000000000000000.log")));
    const auto read = value_of(log_->read(Offset{0}, 1000, FirstBatch::always_whole, Offset{0}));
    EXPECT_TRUE(read.empty());
}

TEST_F(PartitionLogTest, LeaderGivesOffsetsAndEpoch) {
    open();
    const auto first = append({.records = 3}, LeaderEpoch{5});
    EXPECT_EQ(first.first_offset, Offset{0});
    EXPECT_EQ(first.last_offset, Offset{2});
    const auto second = append({.records = 2, .timestamp = 2'000}, LeaderEpoch{5});
    EXPECT_EQ(second.first_offset, Offset{3});
    EXPECT_EQ(second.max_timestamp, TimestampMs{2'001});
    EXPECT_EQ(log_->log_end_offset(), Offset{5});
    EXPECT_THAT(batch_offsets(), ElementsAre(0, 3));
    EXPECT_EQ(log_->latest_epoch(), LeaderEpoch{5});
    log_->check_invariants();
}

}  // namespace
}  // namespace milena::log::test
