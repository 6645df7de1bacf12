#include "protocol/record/batch_builder.h"

#include "protocol/record/compress.h"

#include <limits>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

TEST(BatchBuilder, SaysHowLargeARecordCanBecome) {
    const std::string text(200, 'x');
    const RecordHeader headers[] = {{"h", NullableBytes(as_bytes(text))}};
    BatchBuilder builder;
    builder.add(TimestampMs{0}, {}, {});
    for (const auto timestamp : {std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
        const auto before = builder.size_uncompressed();
        builder.add(TimestampMs{timestamp}, as_bytes(text), {}, headers);
        const auto added = builder.size_uncompressed() - before;
        const auto bound = BatchBuilder::max_record_size(as_bytes(text), {}, headers);
        EXPECT_LE(added, bound);
        EXPECT_GE(added + 20, bound);
    }
}

TEST(BatchBuilder, BeginsAnewAfterReset) {
    Codecs codecs;
    BatchBuilder builder({.compression = Compression::standard(Codec::zstd)});
    builder.add(TimestampMs{5}, {}, as_bytes("first"));
    std::ignore = builder.finish(codecs);
    builder.reset({});
    EXPECT_TRUE(builder.empty());
    EXPECT_EQ(builder.size_uncompressed(), kBatchOverhead);
    builder.add(TimestampMs{3}, {}, as_bytes("second"));
    EXPECT_EQ(builder.record_count(), 1);
    const BatchView batch(builder.finish(codecs));
    RecordReader reader(batch, batch.records());
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.record().value, NullableBytes(as_bytes("second")));
    EXPECT_EQ(reader.record().timestamp, TimestampMs{3});
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.status());
}

}  // namespace
}  // namespace milena::test
