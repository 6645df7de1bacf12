// Encoding and decoding of the messages on the way of data and metadata.
//   wire_bench [--benchmark_filter=Fetch]
#include "protocol/msg/fetch.h"
#include "protocol/msg/metadata.h"
#include "protocol/msg/produce.h"
#include "protocol/wire/frame.h"

#include <chrono>

#include <benchmark/benchmark.h>

namespace milena {
namespace {

using namespace std::chrono_literals;

constexpr ApiVersion kProduce{13};
constexpr ApiVersion kFetch{16};
constexpr ApiVersion kMetadata{12};

// `partitions` batches of 1 KiB in one topic.
msg::ProduceRequest produce_request(Arena& arena, std::size_t partitions, ByteView records) {
    using Topic = msg::ProduceRequest::TopicProduceData;
    using Partition = msg::ProduceRequest::PartitionProduceData;
    msg::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30s;
    request.topic_data = Array<Topic>::make(arena, 1);
    request.topic_data[0].topic_id = TopicId{Uuid{1, 2}};
    request.topic_data[0].partition_data = Array<Partition>::make(arena, partitions);
    for (std::size_t i = 0; i < partitions; ++i) {
        request.topic_data[0].partition_data[i] = {PartitionIndex{static_cast<std::int32_t>(i)},
                                                   Records(records)};
    }
    return request;
}

class Blob final : public SliceSource {
  public:
    int native_handle() const override { return -1; }
    std::int64_t read_some(std::uint64_t, MutableBytes) const override { return 0; }
};

// `partitions` ranges of a file in one topic.
msg::FetchResponse fetch_response(Arena& arena, std::size_t partitions, const Records& records) {
    using Topic = msg::FetchResponse::FetchableTopicResponse;
    using Partition = msg::FetchResponse::PartitionData;
    msg::FetchResponse response;
    response.responses = Array<Topic>::make(arena, 1);
    response.responses[0].topic_id = TopicId{Uuid{1, 2}};
    response.responses[0].partitions = Array<Partition>::make(arena, partitions);
    for (std::size_t i = 0; i < partitions; ++i) {
        Partition& partition = response.responses[0].partitions[i];
        partition.partition_index = PartitionIndex{static_cast<std::int32_t>(i)};
        partition.high_watermark = Offset{1000};
        partition.records = records;
    }
    return response;
}

// `topics` topics of three partitions with three replicas each.
msg::MetadataResponse metadata_response(Arena& arena, std::size_t topics) {
    using Topic = msg::MetadataResponse::MetadataResponseTopic;
    using Partition = msg::MetadataResponse::MetadataResponsePartition;
    auto replicas = Array<BrokerId>::make(arena, 3);
    for (std::int32_t i = 0; i < 3; ++i) replicas[static_cast<std::size_t>(i)] = BrokerId{i};
    msg::MetadataResponse response;
    response.topics = Array<Topic>::make(arena, topics);
    for (std::size_t i = 0; i < topics; ++i) {
        Topic& topic = response.topics[i];
        topic.name = "a-topic-of-usual-length";
        topic.topic_id = TopicId{Uuid{i, i}};
        topic.partitions = Array<Partition>::make(arena, 3);
        for (Partition& partition : topic.partitions) {
            partition.leader_id = BrokerId{1};
            partition.replica_nodes = replicas;
            partition.isr_nodes = replicas;
        }
    }
    return response;
}

template <class T>
void decode_loop(benchmark::State& state, const std::vector<std::uint8_t>& bytes,
                 ApiVersion version) {
    Arena arena;
    for (auto _ : state) {
        arena.reset();
        auto message = decode_message<T>(bytes, version, arena, kTrustedLimits);
        benchmark::DoNotOptimize(message);
        MILENA_ASSERT(message.has_value());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

void DecodeProduceRequest(benchmark::State& state) {
    Arena arena;
    const std::vector<std::uint8_t> records(1024, 'x');
    const auto request = produce_request(arena, static_cast<std::size_t>(state.range(0)), records);
    decode_loop<msg::ProduceRequest>(state, encode_message(request, kProduce).value(), kProduce);
}
BENCHMARK(DecodeProduceRequest)->Arg(1)->Arg(100);

void EncodeProduceResponse(benchmark::State& state) {
    using Topic = msg::ProduceResponse::TopicProduceResponse;
    using Partition = msg::ProduceResponse::PartitionProduceResponse;
    Arena arena;
    msg::ProduceResponse response;
    response.responses = Array<Topic>::make(arena, 1);
    response.responses[0].partition_responses =
        Array<Partition>::make(arena, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        auto frame = encode_response(CorrelationId{1}, kProduce, response);
        benchmark::DoNotOptimize(frame);
    }
    state.SetItemsProcessed(state.range(0) * state.iterations());
}
BENCHMARK(EncodeProduceResponse)->Arg(1)->Arg(100);

void DecodeFetchRequest(benchmark::State& state) {
    using Topic = msg::FetchRequest::FetchTopic;
    using Partition = msg::FetchRequest::FetchPartition;
    Arena arena;
    msg::FetchRequest request;
    request.topics = Array<Topic>::make(arena, 1);
    request.topics[0].topic_id = TopicId{Uuid{1, 2}};
    request.topics[0].partitions =
        Array<Partition>::make(arena, static_cast<std::size_t>(state.range(0)));
    decode_loop<msg::FetchRequest>(state, encode_message(request, kFetch).value(), kFetch);
}
BENCHMARK(DecodeFetchRequest)->Arg(1)->Arg(100);

void EncodeFetchResponse(benchmark::State& state) {
    Arena arena;
    const auto blob = std::make_shared<Blob>();
    const auto response = fetch_response(arena, static_cast<std::size_t>(state.range(0)),
                                         Records(*blob, 4096, 1 << 20));
    for (auto _ : state) {
        auto frame = encode_response(CorrelationId{1}, kFetch, response);
        benchmark::DoNotOptimize(frame);
    }
    state.SetItemsProcessed(state.range(0) * state.iterations());
}
BENCHMARK(EncodeFetchResponse)->Arg(1)->Arg(100);

void DecodeFetchResponse(benchmark::State& state) {
    Arena arena;
    const std::vector<std::uint8_t> records(1024, 'x');
    const auto response =
        fetch_response(arena, static_cast<std::size_t>(state.range(0)), Records(records));
    decode_loop<msg::FetchResponse>(state, encode_message(response, kFetch).value(), kFetch);
}
BENCHMARK(DecodeFetchResponse)->Arg(1)->Arg(100);

void EncodeMetadataResponse(benchmark::State& state) {
    Arena arena;
    const auto response = metadata_response(arena, static_cast<std::size_t>(state.range(0)));
    std::size_t bytes = 0;
    for (auto _ : state) {
        auto frame = encode_response(CorrelationId{1}, kMetadata, response);
        bytes = frame->bytes.size();
        benchmark::DoNotOptimize(frame);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}
BENCHMARK(EncodeMetadataResponse)->Arg(1)->Arg(1000);

void DecodeMetadataResponse(benchmark::State& state) {
    Arena arena;
    const auto response = metadata_response(arena, static_cast<std::size_t>(state.range(0)));
    decode_loop<msg::MetadataResponse>(state, encode_message(response, kMetadata).value(),
                                       kMetadata);
}
BENCHMARK(DecodeMetadataResponse)->Arg(1)->Arg(1000);

void DecodeRequestHeader(benchmark::State& state) {
    const auto frame =
        encode_request(CorrelationId{1}, kFetch, "a-client-id", msg::FetchRequest{}).value();
    for (auto _ : state) {
        auto head = decode_request_header(ByteView(frame.bytes).subspan(4));
        benchmark::DoNotOptimize(head);
    }
}
BENCHMARK(DecodeRequestHeader);

}  // namespace
}  // namespace milena

BENCHMARK_MAIN();
