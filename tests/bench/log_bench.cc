// What an append and a read at the end of the log cost, on the disk below TMPDIR.

#include "log/partition_log.h"
#include "log/posix_disk.h"
#include "protocol/record/batch_builder.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

namespace milena::log {
namespace {

class Bench {
  public:
    Bench() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "log_bench_XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        OpenOptions options;
        options.settings.segment_bytes = 256U << 20U;
        options.settings.retention_bytes = 512U << 20U;
        options.settings.file_delete_delay_ms = Millis{0};
        log_ = std::move(*PartitionLog::open(disk_, folder_ + "/t-0", options));
    }
    ~Bench() {
        log_.reset();
        std::filesystem::remove_all(folder_);
    }

    static std::vector<std::uint8_t> batch(std::size_t bytes) {
        BatchBuilder builder;
        const std::vector<std::uint8_t> value(bytes, 'v');
        builder.add(TimestampMs{1'700'000'000'000}, {}, ByteView(value));
        const auto built = builder.finish();
        return {built.begin(), built.end()};
    }
    bool append(std::vector<std::uint8_t>& batch) {
        const auto info = log_->append_as_leader(batch, LeaderEpoch{0}, now_);
        if (info && info->rolled) {
            static_cast<void>(log_->delete_old_segments(log_->log_end_offset(), now_));
            static_cast<void>(log_->remove_deleted_files(now_.mono));
        }
        return info.has_value();
    }
    PartitionLog& log() { return *log_; }

  private:
    PosixDisk disk_;
    std::string folder_;
    LogTime now_{TimestampMs{1'700'000'000'000}, MonoTime{}};
    std::unique_ptr<PartitionLog> log_;
};

void append(benchmark::State& state) {
    Bench bench;
    auto batch = Bench::batch(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        if (!bench.append(batch)) state.SkipWithError("append refused");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK(append)->Arg(11 << 10)->Arg(1 << 20);

void append_and_sync(benchmark::State& state) {
    Bench bench;
    auto batch = Bench::batch(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        if (!bench.append(batch) || !bench.log().sync(SyncScope::data)) {
            state.SkipWithError("append or sync refused");
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK(append_and_sync)->Arg(11 << 10)->Arg(440 << 10)->UseRealTime();

// `back`: how many batches before the end the reader is.
void read_near_the_end(benchmark::State& state) {
    Bench bench;
    auto batch = Bench::batch(11 << 10);
    for (int i = 0; i < 5'000; ++i) bench.append(batch);
    const Offset end = bench.log().log_end_offset();
    for (auto _ : state) {
        auto read = bench.log().read(end - state.range(0), 1 << 20, FirstBatch::always_whole, end);
        benchmark::DoNotOptimize(read);
    }
}
BENCHMARK(read_near_the_end)->Arg(1)->Arg(16)->Arg(4'000);

}  // namespace
}  // namespace milena::log

BENCHMARK_MAIN();
