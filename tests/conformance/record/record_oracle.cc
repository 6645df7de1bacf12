// Our side of the record conformance test; the other side is ReadBatches.java.
//
//   record_oracle BATCHES RECORDS
//
// Builds batches of every codec, level and shape, some of them by the recompression of the produce
// path. BATCHES gets one in hexadecimal per line, RECORDS what they hold.
#include "protocol/base/crc32c.h"
#include "protocol/base/nullable_string.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/batch_check.h"
#include "protocol/record/compress.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace milena {
namespace {

struct Item {
    std::int64_t timestamp;
    NullableString key;
    NullableString value;
    std::vector<RecordHeader> headers = {};
};

NullableBytes bytes_of(const NullableString& text) {
    return text.is_null() ? NullableBytes() : NullableBytes(as_bytes(*text));
}

std::string digest(const NullableBytes& bytes) {
    if (bytes.is_null()) return "-";
    return fmt::format("{}:{:x}", (*bytes).size(), crc32c(*bytes));
}

class Oracle {
  public:
    Oracle(const char* batches, const char* records) : batches_(batches), records_(records) {}

    void write(BatchTraits traits, const std::vector<Item>& items) {
        put(build(traits, items), items);
    }

    // The same by way of a topic that compresses for itself.
    void write_recompressed(const Compression& from, const Compression& to,
                            const std::vector<Item>& items) {
        BatchTraits traits;
        traits.compression = from;
        auto bytes = build(traits, items);
        BatchRules rules;
        rules.compression = to;
        rules.max_message_bytes = 100 << 20;
        std::vector<std::uint8_t> rebuilt;
        const BatchContext context{TimestampMs{2'000'000'000'000}, ApiVersion{13}};
        const auto checked = check_batch(bytes, rules, context, codecs_, rebuilt);
        MILENA_ASSERT(checked.has_value());
        put({checked->bytes.begin(), checked->bytes.end()}, items);
    }

    bool finish() {
        batches_.close();
        records_.close();
        fmt::print("{} batches written\n", count_);
        return batches_.good() && records_.good();
    }

  private:
    std::vector<std::uint8_t> build(const BatchTraits& traits, const std::vector<Item>& items) {
        BatchBuilder builder(traits);
        for (const auto& item : items) {
            builder.add(TimestampMs{item.timestamp}, bytes_of(item.key), bytes_of(item.value),
                        item.headers);
        }
        const auto bytes = builder.finish(codecs_);
        return {bytes.begin(), bytes.end()};
    }

    void put(const std::vector<std::uint8_t>& bytes, const std::vector<Item>& items) {
        const BatchView batch(bytes);
        batches_ << fmt::format("{:02x}\n", fmt::join(bytes, ""));
        records_ << fmt::format("batch {} {} {} {} {} {} {} {}\n", batch.base_offset().value(),
                                batch.last_offset().value(), codec_name(batch.codec()),
                                batch.max_timestamp().value(), batch.producer_id().value(),
                                batch.producer_epoch().value(), batch.base_sequence().value(),
                                batch.is_transactional() ? "transactional" : "plain");
        auto offset = batch.base_offset();
        for (const auto& item : items) {
            records_ << fmt::format("record {} {} {} {}", offset.value(), item.timestamp,
                                    digest(bytes_of(item.key)), digest(bytes_of(item.value)));
            for (const auto& header : item.headers) {
                records_ << fmt::format(" {}={}", header.key, digest(header.value));
            }
            records_ << "\n";
            ++offset;
        }
        ++count_;
    }

    std::ofstream batches_;
    std::ofstream records_;
    Codecs codecs_;
    std::size_t count_ = 0;
};

// Shapes: a few records of every kind, many small ones, and more than one block of every codec.
std::vector<std::vector<Item>> shapes(std::vector<std::string>& memory) {
    constexpr std::int64_t kTime = 1'700'000'000'000;
    memory.reserve(2000);
    std::vector<Item> mixed = {{kTime, "key", "value"},
                               {kTime - 5, {}, "no key"},
                               {kTime + 100'000, "no value", {}},
                               {kTime, "", ""},
                               {-1, "no timestamp", "x"}};
    mixed[1].headers = {{"a", NullableBytes(as_bytes("1"))}, {"b", {}}, {"a", NullableBytes()}};
    std::vector<Item> many;
    std::vector<Item> large;
    for (int i = 0; i < 1000; ++i) {
        memory.push_back(fmt::format("event {} of user {}", i, i * 7919 % 1000));
        many.push_back({kTime + i, {}, memory.back()});
    }
    std::string noise;
    for (std::uint32_t i = 0, x = 1; i < 100'000; ++i) {
        x = x * 1664525 + 1013904223;
        noise += static_cast<char>(i % 3 == 0 ? x >> 24 : 'a' + (x >> 29));
    }
    memory.push_back(noise);
    for (int i = 0; i < 5; ++i) large.push_back({kTime + i, {}, memory.back()});
    return {mixed, many, large};
}

std::vector<std::int32_t> levels(Codec codec) {
    switch (codec) {
        case Codec::gzip:
            return {-1, 1, 9};
        case Codec::lz4:
            return {9, 1, 3, 12, 17};
        case Codec::zstd:
            return {3, -131072, -5, 1, 12, 22};
        default:
            return {0};
    }
}

int run(const char* batches, const char* records) {
    constexpr Codec kCodecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
    Oracle oracle(batches, records);
    std::vector<std::string> memory;
    for (const auto& items : shapes(memory)) {
        for (const auto codec : kCodecs) {
            for (const auto level : levels(codec)) {
                BatchTraits traits;
                traits.compression = {codec, level};
                oracle.write(traits, items);
            }
            BatchTraits traits;
            traits.compression = Compression::standard(codec);
            traits.base_offset = Offset{1'000'000'000'000};
            traits.leader_epoch = LeaderEpoch{5};
            traits.producer_id = ProducerId{77};
            traits.producer_epoch = ProducerEpoch{2};
            traits.base_sequence = Sequence{2147483000};
            traits.transactional = true;
            oracle.write(traits, items);
            for (const auto to : kCodecs) {
                oracle.write_recompressed(Compression::standard(codec), Compression::standard(to),
                                          items);
            }
        }
    }
    return oracle.finish() ? 0 : 1;
}

}  // namespace
}  // namespace milena

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: record_oracle BATCHES RECORDS\n", stderr);
        return 2;
    }
    return milena::run(argv[1], argv[2]);
}
