// Latencies in buckets whose width grows with the value (as HdrHistogram does it): constant memory,
// constant cost, and a bound on the relative error of every quantile.
//
// Values below kSubBuckets are exact. Above, a power of two is divided into kSubBuckets / 2 equal
// buckets, so a quantile is never below the true value and at most 1/128 above it.
#pragma once

#include <cstdint>
#include <vector>

namespace milena::bench {

class Histogram {
  public:
    static constexpr std::uint64_t kSubBuckets = 256;

    Histogram();

    void record(std::uint64_t value, std::uint64_t count = 1);
    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    // 0 while nothing is recorded.
    std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
    double mean() const;
    // The smallest bucket end that at least `fraction` (0 to 1) of the values do not exceed, never
    // above max(); 0 while nothing is recorded.
    std::uint64_t quantile(double fraction) const;

  private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::uint64_t min_ = UINT64_MAX;
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace milena::bench
