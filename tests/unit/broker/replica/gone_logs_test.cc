#include "broker/replica/gone_logs.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

const log::TopicPartition kOne{"t", PartitionIndex(1)};
const log::TopicPartition kTwo{"t", PartitionIndex(2)};

TEST(GoneLogs, LinesAreThereUntilTheyAreRemoved) {
    GoneLogs gone;
    EXPECT_FALSE(gone.has_lines(kOne));
    gone.add(kOne);
    EXPECT_TRUE(gone.has_lines(kOne));
    const auto until = gone.mark();
    gone.add(kTwo);
    gone.lines_removed(until);
    EXPECT_FALSE(gone.has_lines(kOne));
    EXPECT_TRUE(gone.contains(kOne)) << "marks taken before may still be on their way";
    EXPECT_TRUE(gone.has_lines(kTwo)) << "added meanwhile";
    gone.add(kOne);
    EXPECT_TRUE(gone.has_lines(kOne)) << "gone once more";
}

TEST(GoneLogs, WhatWentBeforeTheMarksWereTakenIsForgotten) {
    GoneLogs gone;
    gone.add(kOne);
    const auto until = gone.mark();
    gone.add(kTwo);
    gone.forget(until);
    EXPECT_EQ(gone.all(), std::set<log::TopicPartition>{kTwo});
}

}  // namespace
}  // namespace milena::replica
