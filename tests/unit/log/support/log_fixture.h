// What tests of a partition's log share: batches to append, and a log on a memory disk that can be
// crashed and opened again.
#pragma once

#include "log/partition_log.h"
#include "protocol/record/batch_builder.h"
#include "tests/unit/log/support/memory_disk.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::log::test {

struct BatchSpec {
    int records = 1;
    std::int64_t timestamp = 1'000;  // of the first record; the others follow by 1 ms
    std::size_t value_bytes = 100;
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Sequence base_sequence = kNoSequence;
    bool transactional = false;
};

std::vector<std::uint8_t> make_batch(const BatchSpec& spec = {});
// A transaction marker of that producer.
std::vector<std::uint8_t> make_marker(ProducerId id, ProducerEpoch epoch, bool commit,
                                      std::int64_t timestamp = 1'000);

class LogTest : public testing::Test {
  protected:
    static constexpr const char* kDirectory = "/data/orders-0";

    LogTest();

    // Opens kDirectory; fails the test when that fails.
    void open(Shutdown shutdown = Shutdown::clean, Offset recovery_point = Offset{0});
    // As a process that dies: what the kernel has been given survives.
    void kill();
    AppendInfo append(const BatchSpec& spec = {}, LeaderEpoch epoch = LeaderEpoch{0});
    AppendInfo append_bytes(std::vector<std::uint8_t> batch, LeaderEpoch epoch = LeaderEpoch{0});
    // Base offsets of all batches, walking with reads from the log start.
    std::vector<std::int64_t> batch_offsets(std::uint64_t max_bytes = 1U << 20U);
    std::string path(std::string_view name) const;

    MemoryDisk disk_;
    LogSettings settings_;
    LogTime now_{TimestampMs{1'000'000}, MonoTime{}};
    std::unique_ptr<PartitionLog> log_;
};

// The value, or a failed test with the error's text.
template <class T>
T value_of(Result<T> result) {
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().detail);
    if (!result) std::abort();
    return std::move(*result);
}
inline void expect_ok(const Status& status) {
    EXPECT_TRUE(status.has_value()) << (status ? "" : status.error().detail);
}

}  // namespace milena::log::test
