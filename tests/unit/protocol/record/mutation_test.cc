// Golden batches with bytes changed at random, CRC made right again: whatever the check lets
// through, a reader must be able to read, and it must be what the header says.
#include "protocol/base/random.h"
#include "protocol/record/batch_check.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"
#include "tests/unit/protocol/record/golden.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

constexpr std::size_t kMaxPayload = 200'000;

// Replayed by MILENA_SEED=<the number a failure printed>.
std::uint64_t first_seed() {
    const char* text = std::getenv("MILENA_SEED");
    return text != nullptr ? std::stoull(text) : 20'260'117;
}

void mutate(Bytes& bytes, Random& random) {
    for (auto n = random.below(4); n-- > 0;) {
        const auto at = random.below(bytes.size());
        switch (random.below(4)) {
            case 0:
                bytes[at] ^= static_cast<std::uint8_t>(1 << random.below(8));
                break;
            case 1:
                bytes[at] = static_cast<std::uint8_t>(random.next());
                break;
            case 2:
                bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
                break;
            default:
                bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                             static_cast<std::uint8_t>(random.next()));
        }
        if (bytes.size() < kBatchOverhead) bytes.resize(kBatchOverhead);
    }
}

BatchRules random_rules(Random& random) {
    BatchRules rules;
    rules.compacted = random.below(4) == 0;
    rules.max_decompressed_bytes = kMaxPayload;
    rules.timestamp_after_max = Millis{std::numeric_limits<std::int64_t>::max()};
    if (random.below(4) == 0) rules.timestamp_type = TimestampType::log_append_time;
    if (random.below(3) == 0) {
        rules.compression = Compression::standard(static_cast<Codec>(random.below(5)));
    }
    return rules;
}

void expect_readable(const CheckedBatch& checked, const BatchRules& rules, Codecs& codecs) {
    const auto view = checked.view();
    ASSERT_EQ(batch_frame(checked.bytes).kind, BatchFrame::Kind::whole);
    ASSERT_EQ(batch_frame(checked.bytes).size, checked.bytes.size());
    ASSERT_TRUE(view.crc_matches());
    ASSERT_EQ(view.timestamp_type(), rules.timestamp_type);
    Bytes buffer;
    const auto payload = payload_of(view, codecs, buffer, kMaxPayload);
    ASSERT_TRUE(payload) << payload.error().detail;
    RecordReader reader(view, *payload);
    std::int32_t count = 0;
    auto max = kNoTimestamp;
    while (reader.next()) {
        ASSERT_EQ(reader.record().offset_delta, count++);
        max = std::max(max, reader.record().timestamp);
        std::size_t headers = 0;
        for (const auto& header : reader.record().headers) {
            headers += header.key.size() + header.value.value_or_empty().size();
        }
        ASSERT_LE(headers, payload->size());
        if (rules.compacted) {
            ASSERT_FALSE(reader.record().key.is_null());
        }
    }
    ASSERT_TRUE(reader.status()) << reader.status().error().detail;
    ASSERT_EQ(count, view.record_count());
    ASSERT_EQ(max, view.max_timestamp());
}

TEST(Mutations, WhatTheCheckTakesCanBeRead) {
    Codecs codecs;
    Bytes rebuilt;
    std::size_t taken = 0;
    const auto first = first_seed();
    for (std::uint64_t seed = first; seed < first + 4000; ++seed) {
        SCOPED_TRACE(testing::Message() << "replay with MILENA_SEED=" << seed);
        SeededRandom random(seed);
        auto bytes = golden_batches()[random.below(golden_batches().size())].bytes;
        mutate(bytes, random);
        if (random.below(8) != 0) {
            store_be(bytes.data() + batch_layout::kLength,
                     static_cast<std::int32_t>(bytes.size() - batch_layout::kLengthEnd));
            store_be(bytes.data(), std::int64_t{0});
            update_crc(bytes);
        }
        const auto rules = random_rules(random);
        // Nothing behind the end that a look too far would find.
        const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[bytes.size()]);
        std::ranges::copy(bytes, exact.get());
        const BatchContext context{TimestampMs{1'700'000'000'000}, ApiVersion{13},
                                   BatchOrigin::coordinator};
        const auto checked =
            check_batch({exact.get(), bytes.size()}, rules, context, codecs, rebuilt);
        if (checked) {
            ++taken;
            expect_readable(*checked, rules, codecs);
        } else {
            EXPECT_FALSE(checked.error().error.detail.empty());
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(taken, 500U);
    EXPECT_LT(taken, 3500U);
}

}  // namespace
}  // namespace milena::test
