#include "tools/bench/histogram.h"

#include "protocol/base/random.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace milena::bench {
namespace {

// What HdrHistogram defines: the value at 1-based rank ceil(fraction * n).
std::uint64_t exact_quantile(const std::vector<std::uint64_t>& sorted, double fraction) {
    const auto rank = std::max(1.0, std::ceil(fraction * static_cast<double>(sorted.size())));
    return sorted[static_cast<std::size_t>(rank) - 1];
}

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0u);
    EXPECT_EQ(histogram.min(), 0u);
    EXPECT_EQ(histogram.max(), 0u);
    EXPECT_EQ(histogram.quantile(0.5), 0u);
    EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(Histogram, SmallValuesAreExact) {
    Histogram histogram;
    for (std::uint64_t v = 1; v <= 100; ++v) histogram.record(v);
    EXPECT_EQ(histogram.quantile(0.0), 1u);
    EXPECT_EQ(histogram.quantile(0.5), 50u);
    EXPECT_EQ(histogram.quantile(0.99), 99u);
    EXPECT_EQ(histogram.quantile(1.0), 100u);
    EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, QuantileNeverUnderstatesAndOverstatesByLessThanOneIn128) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        SeededRandom random(seed);
        Histogram histogram;
        std::vector<std::uint64_t> values;
        for (int i = 0; i < 20'000; ++i) {
            // All magnitudes from 1 to 2^50, uniformly by exponent.
            const auto value = (random.next() >> 13) >> random.below(50);
            values.push_back(value);
            histogram.record(value);
        }
        std::ranges::sort(values);
        for (const double fraction : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
            const auto exact = exact_quantile(values, fraction);
            const auto found = histogram.quantile(fraction);
            EXPECT_GE(found, exact) << "seed " << seed << " fraction " << fraction;
            EXPECT_LE(static_cast<double>(found), static_cast<double>(exact) * (1 + 1.0 / 128))
                << "seed " << seed << " fraction " << fraction;
        }
        EXPECT_EQ(histogram.max(), values.back());
        EXPECT_EQ(histogram.min(), values.front());
    }
}

TEST(Histogram, TakesTheWholeRangeOfValues) {
    Histogram histogram;
    for (int bit = 0; bit < 64; ++bit) {
        const auto power = std::uint64_t{1} << bit;
        histogram.record(power);
        histogram.record(power - 1);
        histogram.record(power + (power - 1));
    }
    EXPECT_EQ(histogram.count(), 192u);
    EXPECT_EQ(histogram.quantile(1.0), UINT64_MAX);
}

TEST(Histogram, MergeIsTheSameAsRecordingEverythingInOne) {
    Histogram one, left, right;
    SeededRandom random(7);
    for (int i = 0; i < 1000; ++i) {
        const auto value = random.below(1'000'000);
        one.record(value);
        (i % 2 == 0 ? left : right).record(value);
    }
    left.merge(right);
    EXPECT_EQ(left.count(), one.count());
    EXPECT_EQ(left.min(), one.min());
    EXPECT_EQ(left.max(), one.max());
    EXPECT_DOUBLE_EQ(left.mean(), one.mean());
    for (const double fraction : {0.01, 0.5, 0.99}) {
        EXPECT_EQ(left.quantile(fraction), one.quantile(fraction));
    }
}

TEST(Histogram, RecordsManyAtOnce) {
    Histogram histogram;
    histogram.record(10, 99);
    histogram.record(1'000'000, 1);
    EXPECT_EQ(histogram.count(), 100u);
    EXPECT_EQ(histogram.quantile(0.99), 10u);
    EXPECT_EQ(histogram.quantile(0.991), 1'000'000u);
}

}  // namespace
}  // namespace milena::bench
