#include "tools/bench/prebuilt.h"

#include "protocol/base/random.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "tools/bench/channel.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::bench {
namespace {

// Text of lower case words: what JSON and logs look like to a codec.
std::string filler(std::size_t size) {
    SeededRandom random(1);
    std::string text;
    text.reserve(size);
    while (text.size() < size) {
        text += static_cast<char>('a' + random.below(16));
    }
    return text;
}

}  // namespace

Result<std::vector<std::uint8_t>> build_batch(const BatchShape& shape, TimestampMs timestamp) {
    BatchTraits traits;
    traits.compression = Compression::standard(shape.codec);
    BatchBuilder builder(traits);
    // Each record has other bytes, or a codec would find the first one again and again.
    const auto value_bytes = static_cast<std::size_t>(shape.value_bytes);
    const auto text = filler(value_bytes + static_cast<std::size_t>(shape.records) * 7);
    for (std::int32_t i = 0; i < shape.records; ++i) {
        const auto value =
            std::string_view(text).substr(static_cast<std::size_t>(i) * 7, value_bytes);
        builder.add(timestamp, NullableBytes(), NullableBytes(as_bytes(value)));
    }
    Codecs codecs;
    const auto bytes = builder.finish(codecs);
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

Result<Frame> produce_frame(const Target& target, ByteView batch, std::int16_t acks, Millis timeout,
                            ApiVersion version, const std::string& client_id) {
    using Request = msg::ProduceRequest;
    Request::PartitionProduceData partition;
    partition.index = target.partition;
    partition.records = Records(batch);
    Request::TopicProduceData topic;
    topic.name = target.topic;
    topic.topic_id = target.id;
    topic.partition_data = Array<Request::PartitionProduceData>(&partition, 1);
    Request request;
    request.acks = acks;
    request.timeout_ms = timeout;
    request.topic_data = Array<Request::TopicProduceData>(&topic, 1);
    MILENA_ASSIGN(auto frame, encode_request(CorrelationId(0), version, client_id, request));
    return std::move(frame.bytes);
}

Result<FetchFrame> fetch_frame(const Target& target, const FetchShape& shape, ApiVersion version,
                               const std::string& client_id) {
    using Request = msg::FetchRequest;
    // A number that nothing else in the request can be, to find the place.
    constexpr std::int64_t kMark = 0x1badb002deadbeef;
    Request::FetchPartition partition;
    partition.partition = target.partition;
    partition.fetch_offset = Offset(kMark);
    partition.partition_max_bytes = shape.max_bytes;
    Request::FetchTopic topic;
    topic.topic = target.topic;
    topic.topic_id = target.id;
    topic.partitions = Array<Request::FetchPartition>(&partition, 1);
    Request request;
    request.max_wait_ms = shape.max_wait;
    request.min_bytes = shape.min_bytes;
    request.max_bytes = shape.max_bytes;
    request.topics = Array<Request::FetchTopic>(&topic, 1);
    MILENA_ASSIGN(auto frame, encode_request(CorrelationId(0), version, client_id, request));
    FetchFrame out{std::move(frame.bytes), 0};
    std::array<std::uint8_t, sizeof kMark> mark{};
    store_be(mark.data(), kMark);
    const auto at = std::ranges::search(out.bytes, mark);
    MILENA_ASSERT(!at.empty());
    out.offset_at = static_cast<std::size_t>(at.begin() - out.bytes.begin());
    return out;
}

void set_fetch_offset(FetchFrame& frame, Offset offset) {
    store_be(frame.bytes.data() + frame.offset_at, offset.value());
}

Result<ProduceOutcome> read_produce_answer(ByteView frame, const Target& target,
                                           ApiVersion version) {
    // One topic with one partition: header (id, no tags), array length, topic (name or id), array
    // length, index. The tags and lengths are one byte each; a name may have a two-byte length.
    const std::size_t name =
        version.value() >= 13 ? 16 : target.topic.size() + (target.topic.size() < 127 ? 1 : 2);
    const std::size_t error_at = 4 + 1 + 1 + name + 1 + 4;
    if (frame.size() < error_at + 2 + 8) {
        return fail(ErrorCode::NETWORK_EXCEPTION,
                    fmt::format("an answer to Produce has only {} bytes", frame.size()));
    }
    ProduceOutcome outcome;
    outcome.correlation_id = load_be<std::int32_t>(frame.data());
    outcome.error = static_cast<ErrorCode>(load_be<std::int16_t>(frame.data() + error_at));
    outcome.base_offset = Offset(load_be<std::int64_t>(frame.data() + error_at + 2));
    return outcome;
}

Result<FetchOutcome> read_fetch_answer(ByteView head, ApiVersion version) {
    Arena arena;
    Reader reader(head, arena, kTrustedLimits);
    FetchOutcome outcome;
    outcome.correlation_id = reader.int32();
    reader.skip_tags(true);
    reader.int32();  // throttle time
    outcome.error = static_cast<ErrorCode>(reader.int16());
    reader.int32();  // session
    if (outcome.error != ErrorCode::NONE) return outcome;
    const auto topics = reader.uvarint();
    if (version.value() >= 13) {
        reader.uuid();
    } else {
        reader.string(true);
    }
    const auto partitions = reader.uvarint();
    reader.int32();  // index
    outcome.error = static_cast<ErrorCode>(reader.int16());
    outcome.high_watermark = Offset(reader.int64());
    reader.int64();  // last stable offset
    outcome.log_start_offset = Offset(reader.int64());
    const auto aborted = reader.uvarint();
    reader.int32();  // preferred replica
    const auto records = reader.uvarint();
    if (!reader.ok() || topics != 2 || partitions != 2 || aborted > 1) {
        return fail(ErrorCode::NETWORK_EXCEPTION,
                    "the answer to Fetch is not one partition's, as the request was");
    }
    outcome.records_at = reader.position();
    outcome.records_bytes = records == 0 ? 0 : records - 1;
    return outcome;
}

}  // namespace milena::bench
