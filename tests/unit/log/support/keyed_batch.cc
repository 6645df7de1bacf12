#include "tests/unit/log/support/keyed_batch.h"

#include <gtest/gtest.h>

namespace milena::log::test {
namespace {

NullableBytes nullable(const std::optional<std::string>& text) {
    return text ? NullableBytes(as_bytes(*text)) : NullableBytes{};
}

std::optional<std::string> text_of(const NullableBytes& bytes) {
    if (bytes.is_null()) return std::nullopt;
    return std::string((*bytes).begin(), (*bytes).end());
}

}  // namespace

std::vector<std::uint8_t> make_keyed(const KeyedBatch& batch) {
    BatchTraits traits;
    traits.base_offset = batch.base_offset;
    traits.compression = Compression::standard(batch.codec);
    traits.producer_id = batch.producer_id;
    traits.producer_epoch = batch.producer_epoch;
    traits.base_sequence = batch.base_sequence;
    traits.transactional = batch.transactional;
    BatchBuilder builder(traits);
    std::int64_t timestamp = batch.timestamp;
    for (const KeyedRecord& record : batch.records) {
        builder.add(TimestampMs{timestamp++}, nullable(record.key), nullable(record.value));
    }
    Codecs codecs;
    const auto bytes = builder.finish(codecs);
    return {bytes.begin(), bytes.end()};
}

std::vector<StoredRecord> stored_records(ByteView batches) {
    std::vector<StoredRecord> records;
    Codecs codecs;
    std::vector<std::uint8_t> buffer;
    BatchSplitter split(batches);
    while (split.next()) {
        const BatchView batch = split.batch();
        EXPECT_TRUE(batch.crc_matches());
        if (batch.is_control()) continue;
        const auto payload = payload_of(batch, codecs, buffer, 1U << 26U);
        EXPECT_TRUE(payload.has_value());
        if (!payload) continue;
        RecordReader reader(batch, *payload);
        while (reader.next()) {
            const Record& record = reader.record();
            records.push_back({record.offset.value(), record.timestamp.value(), text_of(record.key),
                               text_of(record.value)});
        }
        EXPECT_TRUE(reader.status().has_value());
    }
    return records;
}

}  // namespace milena::log::test
