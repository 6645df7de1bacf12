#include "tools/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace milena::bench {
namespace {

constexpr std::uint64_t kHalf = Histogram::kSubBuckets / 2;
constexpr int kSubBucketBits = std::countr_zero(Histogram::kSubBuckets);
constexpr std::size_t kBuckets = Histogram::kSubBuckets + kHalf * (64 - kSubBucketBits);

std::size_t bucket_of(std::uint64_t value) {
    if (value < Histogram::kSubBuckets) return value;
    const int shift = 64 - std::countl_zero(value) - kSubBucketBits;
    // value >> shift lies in [kHalf, kSubBuckets).
    return Histogram::kSubBuckets + kHalf * static_cast<std::size_t>(shift - 1) +
           ((value >> shift) - kHalf);
}

// The largest value that falls into `bucket`.
std::uint64_t bucket_end(std::size_t bucket) {
    if (bucket < Histogram::kSubBuckets) return bucket;
    const auto above = bucket - Histogram::kSubBuckets;
    const int shift = static_cast<int>(above / kHalf) + 1;
    const std::uint64_t first = (above % kHalf + kHalf) << shift;
    return first + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::record(std::uint64_t value, std::uint64_t count) {
    if (count == 0) return;
    buckets_[bucket_of(value)] += count;
    count_ += count;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
    sum_ += static_cast<double>(value) * static_cast<double>(count);
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
}

double Histogram::mean() const {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::quantile(double fraction) const {
    if (count_ == 0) return 0;
    const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
    const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        if (seen >= rank) return std::min(bucket_end(i), max_);
    }
    return max_;
}

}  // namespace milena::bench
