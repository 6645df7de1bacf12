#include "tools/bench/latency_load.h"

#include "protocol/record/batch_view.h"
#include "tools/bench/channel.h"
#include "tools/bench/connect.h"
#include "tools/client/offsets.h"
#include "tools/client/poller.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::bench {
namespace {

constexpr std::uint32_t kProducer = 0;
constexpr std::uint32_t kConsumer = 1;
constexpr Nanos kDrainTime = std::chrono::seconds(30);

// Records are known by their offsets: the only producer sends on one connection, so its n-th batch
// begins at the first offset plus n times the records of a batch.
class LatencyRun {
  public:
    LatencyRun(const LatencyLoad& load, const Clock& clock, client::Poller poller, Line producer,
               Line consumer)
        : load_(load),
          clock_(clock),
          poller_(std::move(poller)),
          target_(producer.targets.front()),
          produce_version_(producer.version),
          fetch_version_(consumer.version),
          producer_(std::move(producer.socket)),
          consumer_(std::move(consumer.socket)),
          watch_(load.measure, clock.now()),
          interval_(static_cast<std::int64_t>(1e9 / load.requests_per_second)) {}

    Status prepare(Offset first, const std::string& client_id);
    Result<LatencyFigures> run();

  private:
    Status produce_due(MonoTime now);
    Status take_produce_answers();
    Status take_fetch_answers();
    Status take_records(ByteView records, MonoTime now);
    Status fetch();
    bool all_arrived() const { return arrived_ == due_.size() && producer_.in_flight() == 0; }

    const LatencyLoad& load_;
    const Clock& clock_;
    client::Poller poller_;
    Target target_;
    ApiVersion produce_version_;
    ApiVersion fetch_version_;
    Channel producer_;
    Channel consumer_;
    Stopwatch watch_;
    Nanos interval_;
    FrameBuffer produce_answers_;
    FrameBuffer fetch_answers_;
    Frame produce_frame_;
    FetchFrame fetch_frame_;
    std::size_t batch_bytes_ = 0;
    Offset first_{0};
    Offset next_{0};             // to fetch
    std::vector<MonoTime> due_;  // of every batch sent
    std::size_t arrived_ = 0;    // of them
    MonoTime next_due_;
    LatencyFigures figures_;
};

Status LatencyRun::prepare(Offset first, const std::string& client_id) {
    first_ = next_ = first;
    MILENA_ASSIGN(const auto batch, build_batch(load_.batch, clock_.wall_now()));
    batch_bytes_ = batch.size();
    MILENA_ASSIGN(produce_frame_,
                  bench::produce_frame(target_, batch, load_.acks, load_.request_timeout,
                                       produce_version_, client_id));
    MILENA_ASSIGN(fetch_frame_,
                  bench::fetch_frame(target_, FetchShape(), fetch_version_, client_id));
    poller_.add(producer_.socket().handle(), kProducer);
    poller_.add(consumer_.socket().handle(), kConsumer);
    return {};
}

Status LatencyRun::fetch() {
    set_fetch_offset(fetch_frame_, next_);
    consumer_.queue(fetch_frame_.bytes, clock_.now(), 0);
    return consumer_.flush();
}

Status LatencyRun::produce_due(MonoTime now) {
    while (next_due_ <= now && next_due_ < watch_.ends()) {
        due_.push_back(next_due_);
        producer_.queue(produce_frame_, next_due_, 0);
        next_due_ += interval_;
    }
    return producer_.flush();
}

Status LatencyRun::take_produce_answers() {
    MILENA_TRY(produce_answers_.receive(producer_.socket()));
    const auto now = clock_.now();
    for (auto frame = produce_answers_.next(); !frame.empty(); frame = produce_answers_.next()) {
        MILENA_ASSIGN(const auto outcome, read_produce_answer(frame, target_, produce_version_));
        if (outcome.error != ErrorCode::NONE) {
            return fail(outcome.error, fmt::format("the broker refuses a record for '{}': {}",
                                                   target_.topic, error_name(outcome.error)));
        }
        MILENA_ASSIGN(const auto flight, producer_.complete(outcome.correlation_id));
        const auto index = (outcome.base_offset - first_) / load_.batch.records;
        if (index < 0 || static_cast<std::size_t>(index) >= due_.size() ||
            due_[static_cast<std::size_t>(index)] != flight.intended) {
            return fail(ErrorCode::INVALID_REQUEST,
                        fmt::format("somebody else writes to topic '{}'", target_.topic));
        }
        if (flight.intended >= watch_.begins()) {
            figures_.acknowledge.record(
                static_cast<std::uint64_t>((now - flight.intended).count()));
        }
    }
    return {};
}

Status LatencyRun::take_records(ByteView records, MonoTime now) {
    BatchSplitter split(records);
    while (split.next()) {
        const auto batch = split.batch();
        next_ = batch.last_offset() + 1;
        const auto index = (batch.base_offset() - first_) / load_.batch.records;
        if (index < 0 || static_cast<std::size_t>(index) >= due_.size()) {
            return fail(ErrorCode::INVALID_REQUEST,
                        fmt::format("somebody else writes to topic '{}'", target_.topic));
        }
        arrived_ = static_cast<std::size_t>(index) + 1;
        const auto intended = due_[static_cast<std::size_t>(index)];
        if (intended < watch_.begins()) continue;
        auto& figures = figures_.end_to_end;
        figures.latency.record(static_cast<std::uint64_t>((now - intended).count()));
        ++figures.requests;
        figures.records += static_cast<std::uint64_t>(load_.batch.records);
        figures.bytes += batch_bytes_;
    }
    return {};
}

Status LatencyRun::take_fetch_answers() {
    MILENA_TRY(fetch_answers_.receive(consumer_.socket()));
    const auto now = clock_.now();
    for (auto frame = fetch_answers_.next(); !frame.empty(); frame = fetch_answers_.next()) {
        MILENA_ASSIGN(const auto outcome, read_fetch_answer(frame, fetch_version_));
        if (outcome.error != ErrorCode::NONE) {
            return fail(outcome.error, fmt::format("the broker refuses to give records of '{}': {}",
                                                   target_.topic, error_name(outcome.error)));
        }
        MILENA_TRY(consumer_.complete(outcome.correlation_id));
        if (outcome.records_at + outcome.records_bytes > frame.size()) {
            return fail(ErrorCode::NETWORK_EXCEPTION, "an answer to Fetch is cut short");
        }
        MILENA_TRY(take_records(frame.subspan(outcome.records_at, outcome.records_bytes), now));
        MILENA_TRY(fetch());
    }
    return {};
}

Result<LatencyFigures> LatencyRun::run() {
    MILENA_TRY(fetch());
    // Both at once, or a slow beginning would leave room for fewer requests than were asked for.
    next_due_ = clock_.now();
    watch_ = Stopwatch(load_.measure, next_due_);
    while (true) {
        const auto now = clock_.now();
        MILENA_TRY(watch_.tick(now));
        MILENA_TRY(produce_due(now));
        if (watch_.over() && (all_arrived() || now > watch_.ends() + kDrainTime)) break;
        Nanos wait = std::chrono::milliseconds(100);
        if (!watch_.over()) wait = std::min({wait, next_due_ - now, watch_.ends() - now});
        for (const auto& event : poller_.wait(std::max(wait, Nanos(0)))) {
            if (event.token == kProducer) MILENA_TRY(take_produce_answers());
            if (event.token == kConsumer) MILENA_TRY(take_fetch_answers());
        }
    }
    if (!all_arrived()) {
        return fail(ErrorCode::REQUEST_TIMED_OUT,
                    fmt::format("{} of {} batches have not reached the consumer",
                                due_.size() - arrived_, due_.size()));
    }
    watch_.fill(figures_.end_to_end);
    return std::move(figures_);
}

}  // namespace

Result<LatencyFigures> run_latency_load(client::Cluster& cluster, const LatencyLoad& load) {
    if (load.acks == 0) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "this load needs the answers to its records; use acks 1 or all");
    }
    MILENA_ASSIGN(auto producers,
                  open_lines(cluster, load.topic, 1, ApiKey::Produce, kOldestProduce));
    MILENA_ASSIGN(auto consumers, open_lines(cluster, load.topic, 1, ApiKey::Fetch, kOldestFetch));
    if (producers[0].targets.size() != 1) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("topic '{}' has {} partitions; this load needs one with one",
                                load.topic, producers[0].targets.size()));
    }
    const auto partition = producers[0].targets[0].partition;
    MILENA_ASSIGN(
        const auto ends,
        client::list_offsets(cluster, load.topic, {{partition, client::kLatest}},
                             client::Isolation::read_uncommitted, cluster.operation_deadline()));
    MILENA_ASSIGN(auto poller, client::Poller::make());
    LatencyRun run(load, cluster.clock(), std::move(poller), std::move(producers[0]),
                   std::move(consumers[0]));
    MILENA_TRY(run.prepare(ends.at(partition), cluster.settings().client_id));
    return run.run();
}

}  // namespace milena::bench
