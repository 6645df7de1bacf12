#include "tools/bench/pipeline_load.h"

#include "protocol/record/batch_view.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"
#include "tools/bench/transactor.h"
#include "tools/client/group_calls.h"
#include "tools/client/groups.h"
#include "tools/client/machine.h"

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include <fmt/format.h>

namespace milena::bench {
namespace {

constexpr Nanos kRequestTime = std::chrono::seconds(30);
constexpr Millis kMaxWait{100};
constexpr PartitionIndex kOnly{0};
constexpr const char* kGroup = "milena-bench-pipeline";

enum class Isolation : std::int8_t { uncommitted = 0, committed = 1 };

// Reads one partition from its start, a fetch at a time.
class Tail {
  public:
    Tail(std::unique_ptr<client::Connection> connection, const client::TopicInfo& topic,
         Isolation isolation, const Clock& clock)
        : connection_(std::move(connection)), topic_(topic), isolation_(isolation), clock_(clock) {}

    Offset next() const { return next_; }

    // Hands every data record of one answer to `take(Record)`.
    template <class Take>
    Status read(Take&& take) {
        using Request = msg::FetchRequest;
        Request::FetchPartition partition;
        partition.partition = kOnly;
        partition.fetch_offset = next_;
        partition.partition_max_bytes = 1 << 20;
        Request::FetchTopic topic;
        topic.topic = topic_.name;
        topic.topic_id = topic_.id;
        topic.partitions = Array<Request::FetchPartition>(&partition, 1);
        Request request;
        request.max_wait_ms = kMaxWait;
        request.min_bytes = 1;
        request.max_bytes = 1 << 20;
        request.isolation_level = static_cast<std::int8_t>(isolation_);
        request.topics = Array<Request::FetchTopic>(&topic, 1);
        MILENA_ASSIGN(const auto reply, connection_->call(request, clock_.now() + kRequestTime));
        for (const auto& answered : reply->message.responses) {
            for (const auto& at : answered.partitions) {
                if (at.error_code != ErrorCode::NONE) {
                    return fail(at.error_code,
                                fmt::format("the broker refuses to give records of '{}': {}",
                                            topic_.name, error_name(at.error_code)));
                }
                MILENA_TRY(read_batches(at.records.bytes(), take));
            }
        }
        return {};
    }

  private:
    template <class Take>
    Status read_batches(ByteView bytes, Take&& take) {
        BatchSplitter split(bytes);
        while (split.next()) {
            const auto& batch = split.batch();
            next_ = batch.last_offset() + 1;
            if (batch.is_control()) continue;
            MILENA_ASSIGN(const auto payload, payload_of(batch, codecs_, buffer_, INT32_MAX));
            RecordReader reader(batch, payload);
            while (reader.next()) take(reader.record());
            MILENA_TRY(reader.status());
        }
        return {};
    }

    std::unique_ptr<client::Connection> connection_;
    client::TopicInfo topic_;
    const Isolation isolation_;
    const Clock& clock_;
    Codecs codecs_;
    std::vector<std::uint8_t> buffer_;
    Offset next_{0};
};

// When the n-th record is due. One producer sends them in order, one processor passes them on in
// order: so the n-th record of the second topic is the n-th of the first.
struct Schedule {
    MonoTime start;
    Nanos interval;
    std::uint64_t count;

    MonoTime due(std::uint64_t n) const { return start + interval * static_cast<std::int64_t>(n); }
};

// What the three threads share.
struct Shared {
    const Clock& clock;
    Schedule schedule;
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> transactions = 0;
};

Status run_source(Shared& shared, client::Connection& leader, const client::TopicInfo& topic,
                  const std::string& value) {
    using Request = msg::ProduceRequest;
    BatchBuilder builder;
    for (std::uint64_t n = 0; n < shared.schedule.count && !shared.stop.load(); ++n) {
        const auto due = shared.schedule.due(n);
        for (auto now = shared.clock.now(); now < due; now = shared.clock.now()) {
            client::pause_for(due - now);
        }
        builder.reset({});
        builder.add(shared.clock.wall_now(), NullableBytes(), NullableBytes(as_bytes(value)));
        Request::PartitionProduceData data;
        data.index = kOnly;
        data.records = Records(ByteView(builder.finish()));
        Request::TopicProduceData named;
        named.name = topic.name;
        named.topic_id = topic.id;
        named.partition_data = Array<Request::PartitionProduceData>(&data, 1);
        Request request;
        request.acks = -1;
        request.timeout_ms = Millis(30'000);
        request.topic_data = Array<Request::TopicProduceData>(&named, 1);
        MILENA_ASSIGN(const auto reply, leader.call(request, shared.clock.now() + kRequestTime));
        const auto error = reply->message.responses[0].partition_responses[0].error_code;
        if (error != ErrorCode::NONE) {
            return fail(error, fmt::format("the broker refuses a record for '{}': {}", topic.name,
                                           error_name(error)));
        }
    }
    return {};
}

Status run_processor(Shared& shared, Tail& input, Transactor& output, client::Connection& groups,
                     const std::string& topic) {
    constexpr std::array<PartitionIndex, 1> kPartitions{kOnly};
    while (!shared.stop.load()) {
        std::vector<std::vector<std::uint8_t>> read;
        MILENA_TRY(input.read([&](const Record& record) {
            const auto value = *record.value;
            read.emplace_back(value.begin(), value.end());
        }));
        if (read.empty()) continue;
        const std::vector<ByteView> values(read.begin(), read.end());
        MILENA_TRY(output.produce(kPartitions, values));
        MILENA_TRY(output.commit_position(groups, kGroup, topic, kOnly, input.next()));
        MILENA_TRY(output.commit());
        ++shared.transactions;
    }
    return {};
}

// Until every record has come, or none comes any more.
Status run_sink(Shared& shared, Tail& output, MonoTime measured_from, Figures& figures) {
    constexpr Nanos kPatience = std::chrono::seconds(30);
    std::uint64_t n = 0;
    while (n < shared.schedule.count && !shared.stop.load()) {
        MILENA_TRY(output.read([&](const Record&) {
            const auto due = shared.schedule.due(n++);
            if (due < measured_from) return;
            const auto waited = shared.clock.now() - due;
            figures.latency.record(static_cast<std::uint64_t>(waited.count()));
            ++figures.records;
        }));
        if (shared.clock.now() > shared.schedule.due(shared.schedule.count) + kPatience) {
            return fail(ErrorCode::REQUEST_TIMED_OUT,
                        fmt::format("{} of {} records have not come through",
                                    shared.schedule.count - n, shared.schedule.count));
        }
    }
    return {};
}

// Everything that the threads use, opened before they begin.
struct Parts {
    client::TopicInfo input;
    client::TopicInfo output;
    std::unique_ptr<client::Connection> source;
    std::unique_ptr<Tail> processor_input;
    std::unique_ptr<Tail> sink_input;
    std::unique_ptr<client::Connection> groups;
    std::optional<Transactor> transactor;
};

Status open(client::Cluster& cluster, const PipelineLoad& load, Parts& parts) {
    const auto deadline = cluster.operation_deadline();
    MILENA_ASSIGN(parts.input, cluster.topic_with_leaders(load.input, false, deadline));
    MILENA_ASSIGN(parts.output, cluster.topic_with_leaders(load.output, false, deadline));
    MILENA_ASSIGN(parts.source, connect_leader(cluster, parts.input));
    MILENA_ASSIGN(auto reads, connect_leader(cluster, parts.input));
    parts.processor_input = std::make_unique<Tail>(std::move(reads), parts.input,
                                                   Isolation::uncommitted, cluster.clock());
    MILENA_ASSIGN(auto waits, connect_leader(cluster, parts.output));
    parts.sink_input = std::make_unique<Tail>(std::move(waits), parts.output, Isolation::committed,
                                              cluster.clock());
    MILENA_TRY(client::committed_offsets(cluster, kGroup));
    MILENA_ASSIGN(const auto coordinator, client::find_coordinator(cluster, kGroup));
    MILENA_ASSIGN(parts.groups,
                  client::Connection::open(coordinator.endpoint, cluster.settings().client_id,
                                           cluster.request_deadline(), cluster.clock()));
    MILENA_ASSIGN(auto transactor, Transactor::open(cluster, load.output, parts.output));
    parts.transactor.emplace(std::move(transactor));
    return {};
}

}  // namespace

Result<Figures> run_pipeline_load(client::Cluster& cluster, const PipelineLoad& load) {
    Parts parts;
    MILENA_TRY(open(cluster, load, parts));
    const auto& clock = cluster.clock();
    Stopwatch watch(load.measure, clock.now());
    const auto whole = load.measure.warm_up + load.measure.duration;
    Shared shared{clock,
                  {clock.now(), Nanos(static_cast<std::int64_t>(1e9 / load.records_per_second)),
                   static_cast<std::uint64_t>(std::chrono::duration<double>(whole).count() *
                                              load.records_per_second)}};
    Figures figures;
    const std::string value(static_cast<std::size_t>(load.value_bytes), 'v');
    std::array<Status, 3> ended;
    const auto run = [&](std::size_t at, auto&& work) {
        return std::thread([&shared, &status = ended[at], work] {
            status = work();
            if (!status) shared.stop = true;
        });
    };
    auto source = run(0, [&] { return run_source(shared, *parts.source, parts.input, value); });
    auto processor = run(1, [&] {
        return run_processor(shared, *parts.processor_input, *parts.transactor, *parts.groups,
                             parts.input.name);
    });
    auto sink =
        run(2, [&] { return run_sink(shared, *parts.sink_input, watch.begins(), figures); });
    const auto status = watch.run_to_end(clock);
    source.join();
    sink.join();
    shared.stop = true;
    processor.join();
    MILENA_TRY(status);
    for (const auto& of_thread : ended) MILENA_TRY(of_thread);
    figures.requests = shared.transactions.load();
    watch.fill(figures);
    return figures;
}

}  // namespace milena::bench
