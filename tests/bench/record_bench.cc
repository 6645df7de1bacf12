// What a broker pays for the checks of one batch: the CRC, the walk over its records, and for
// compressed batches the decompression. Run by hand:
//     nice -n 10 build/release/tests/record_bench
#include "protocol/base/crc32c.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/batch_check.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace milena {
namespace {

constexpr TimestampMs kNow{1'700'000'000'000};

// Values as a producer of events has them: they compress to about a third.
std::string value_of(std::uint64_t& seed, std::size_t size) {
    constexpr std::string_view kWords[] = {"user=", "click ", "page/", "2024-", "ok ", "item:"};
    std::string value;
    while (value.size() < size) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        value += kWords[(seed >> 33) % 6];
        value += std::to_string((seed >> 40) % 10000);
    }
    value.resize(size);
    return value;
}

std::vector<std::uint8_t> batch_of(std::int64_t records, std::size_t value_size, Codec codec) {
    Codecs codecs;
    BatchTraits traits;
    traits.compression = Compression::standard(codec);
    BatchBuilder builder(traits);
    std::uint64_t seed = 1;
    for (std::int64_t i = 0; i < records; ++i) {
        builder.add(kNow + i / 10, {}, as_bytes(value_of(seed, value_size)));
    }
    const auto batch = builder.finish(codecs);
    return {batch.begin(), batch.end()};
}

void set_bytes(benchmark::State& state, std::size_t size) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
}

void checksum(benchmark::State& state) {
    const auto batch =
        batch_of(state.range(0), static_cast<std::size_t>(state.range(1)), Codec::none);
    for (auto _ : state) benchmark::DoNotOptimize(BatchView(batch).crc_matches());
    set_bytes(state, batch.size());
}
BENCHMARK(checksum)->Args({100, 100})->Args({1, 100})->Args({10, 100'000});

void read_records(benchmark::State& state) {
    const auto batch =
        batch_of(state.range(0), static_cast<std::size_t>(state.range(1)), Codec::none);
    for (auto _ : state) {
        const BatchView view(batch);
        RecordReader reader(view, view.records());
        while (reader.next()) benchmark::DoNotOptimize(reader.record());
    }
    set_bytes(state, batch.size());
}
BENCHMARK(read_records)->Args({100, 100})->Args({1, 100});

void check(benchmark::State& state, Codec codec, const BatchRules& rules) {
    auto batch = batch_of(state.range(0), static_cast<std::size_t>(state.range(1)), codec);
    const auto original = batch;
    const auto plain =
        batch_of(state.range(0), static_cast<std::size_t>(state.range(1)), Codec::none).size();
    Codecs codecs;
    std::vector<std::uint8_t> rebuilt;
    const BatchContext context{kNow, ApiVersion{13}};
    for (auto _ : state) {
        if (rules.timestamp_type == TimestampType::log_append_time) batch = original;
        const auto checked = check_batch(batch, rules, context, codecs, rebuilt);
        if (!checked) state.SkipWithError(checked.error().error.detail.c_str());
        benchmark::DoNotOptimize(checked);
    }
    set_bytes(state, plain);  // of uncompressed records
    state.counters["batch"] = static_cast<double>(batch.size());
}

BatchRules stamped() {
    BatchRules rules;
    rules.timestamp_type = TimestampType::log_append_time;
    return rules;
}
BatchRules compressing(Codec codec) {
    BatchRules rules;
    rules.compression = Compression::standard(codec);
    return rules;
}

BENCHMARK_CAPTURE(check, plain, Codec::none, BatchRules{})
    ->Args({100, 100})
    ->Args({1, 100})
    ->Args({9, 100'000})
    ->Args({10'000, 80});
BENCHMARK_CAPTURE(check, log_append_time, Codec::none, stamped())->Args({100, 100});
BENCHMARK_CAPTURE(check, gzip, Codec::gzip, BatchRules{})->Args({100, 100})->Args({9000, 100});
BENCHMARK_CAPTURE(check, snappy, Codec::snappy, BatchRules{})->Args({100, 100})->Args({9000, 100});
BENCHMARK_CAPTURE(check, lz4, Codec::lz4, BatchRules{})->Args({100, 100})->Args({9000, 100});
BENCHMARK_CAPTURE(check, zstd, Codec::zstd, BatchRules{})->Args({100, 100})->Args({9000, 100});
BENCHMARK_CAPTURE(check, plain_to_lz4, Codec::none, compressing(Codec::lz4))->Args({100, 100});
BENCHMARK_CAPTURE(check, plain_to_zstd, Codec::none, compressing(Codec::zstd))->Args({100, 100});
BENCHMARK_CAPTURE(check, gzip_to_none, Codec::gzip, compressing(Codec::none))->Args({100, 100});

}  // namespace
}  // namespace milena

BENCHMARK_MAIN();
