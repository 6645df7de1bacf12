#include "tools/bench/fetch_load.h"

#include "protocol/record/batch_view.h"
#include "tools/bench/channel.h"
#include "tools/bench/connect.h"
#include "tools/client/offsets.h"
#include "tools/client/poller.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace milena::bench {
namespace {

// Enough of an answer to know what it holds and how its first batch looks.
constexpr std::size_t kPeekBytes = kFetchHeadBytes + kBatchOverhead;

struct Reading {
    Target target;
    FetchFrame frame;
    Offset next{0};
};

struct Lane {
    explicit Lane(Line&& opened) : channel(std::move(opened.socket)), version(opened.version) {}

    Channel channel;
    ApiVersion version;
    std::vector<Reading> readings;
    std::size_t turn = 0;
    // The answer that is arriving: its first bytes, then how many are still to be thrown away.
    std::array<std::uint8_t, kPeekBytes> head;
    std::size_t head_bytes = 0;
    std::size_t to_discard = 0;
};

class FetchRun {
  public:
    FetchRun(const FetchLoad& load, const Clock& clock, client::Poller poller)
        : load_(load),
          clock_(clock),
          poller_(std::move(poller)),
          watch_(load.measure, clock.now()) {}

    Status prepare(std::vector<Line> lines, const std::map<PartitionIndex, Offset>& beginnings,
                   const std::string& client_id);
    Result<Figures> run();

  private:
    Status ask(Lane& lane);
    // Reads what is there; true when an answer is complete.
    Result<bool> receive(Lane& lane);
    Status begin_answer(Lane& lane);
    Status finish_answer(Lane& lane);
    void advance(Reading& reading, const FetchOutcome& outcome, ByteView first_batch);

    const FetchLoad& load_;
    const Clock& clock_;
    client::Poller poller_;
    Stopwatch watch_;
    std::vector<Lane> lanes_;
    Figures figures_;
    std::uint64_t pending_bytes_ = 0;
    std::uint64_t pending_records_ = 0;
};

Status FetchRun::prepare(std::vector<Line> lines,
                         const std::map<PartitionIndex, Offset>& beginnings,
                         const std::string& client_id) {
    lanes_.reserve(lines.size());
    for (auto& line : lines) {
        auto targets = std::move(line.targets);
        auto& lane = lanes_.emplace_back(std::move(line));
        for (auto& target : targets) {
            MILENA_ASSIGN(auto frame, fetch_frame(target, load_.shape, lane.version, client_id));
            const auto begin = beginnings.at(target.partition);
            lane.readings.push_back({std::move(target), std::move(frame), begin});
        }
        poller_.add(lane.channel.socket().handle(), static_cast<std::uint32_t>(lanes_.size() - 1));
    }
    return {};
}

Status FetchRun::ask(Lane& lane) {
    auto& reading = lane.readings[lane.turn];
    set_fetch_offset(reading.frame, reading.next);
    lane.channel.queue(reading.frame.bytes, clock_.now(), static_cast<std::uint32_t>(lane.turn));
    lane.turn = lane.turn + 1 == lane.readings.size() ? 0 : lane.turn + 1;
    MILENA_TRY(lane.channel.flush());
    // A request is far smaller than a socket's buffer, and only one is on its way.
    MILENA_ASSERT(!lane.channel.wants_to_write());
    return {};
}

void FetchRun::advance(Reading& reading, const FetchOutcome& outcome, ByteView first_batch) {
    pending_bytes_ = outcome.records_bytes;
    pending_records_ = 0;
    const auto restart = [&] { reading.next = outcome.log_start_offset; };
    if (outcome.records_bytes < kBatchOverhead || first_batch.size() < kBatchOverhead) {
        return restart();
    }
    const BatchView batch(first_batch);
    const auto batch_bytes = static_cast<std::size_t>(batch.length()) + batch_layout::kLengthEnd;
    const auto records = static_cast<std::uint64_t>(batch.last_offset_delta()) + 1;
    // A partial batch at the end does not count.
    const auto batches = std::max<std::uint64_t>(1, outcome.records_bytes / batch_bytes);
    pending_records_ = records * batches;
    reading.next = batch.base_offset() + static_cast<std::int64_t>(pending_records_);
    if (reading.next >= outcome.high_watermark) restart();
}

Status FetchRun::begin_answer(Lane& lane) {
    const auto frame_bytes = static_cast<std::size_t>(load_be<std::int32_t>(lane.head.data()));
    const auto head = ByteView(lane.head).subspan(4, lane.head_bytes - 4);
    MILENA_ASSIGN(const auto outcome, read_fetch_answer(head, lane.version));
    if (lane.channel.in_flight() == 0) {
        return fail(ErrorCode::NETWORK_EXCEPTION, "the broker answers what nobody asked");
    }
    auto& reading = lane.readings[lane.channel.oldest().tag];
    if (outcome.error == ErrorCode::OFFSET_OUT_OF_RANGE) {
        reading.next = outcome.log_start_offset;
    } else if (outcome.error != ErrorCode::NONE) {
        return fail(outcome.error,
                    fmt::format("the broker refuses to give partition {} of '{}' "
                                "from offset {}: {}",
                                reading.target.partition.value(), reading.target.topic,
                                reading.next.value(), error_name(outcome.error)));
    } else {
        const auto at = std::min(outcome.records_at, head.size());
        advance(reading, outcome, head.subspan(at));
    }
    lane.to_discard = frame_bytes + 4 - lane.head_bytes;
    return {};
}

Result<bool> FetchRun::receive(Lane& lane) {
    auto& socket = lane.channel.socket();
    const auto check = [](std::int64_t got) -> Status {
        if (got > 0 || got == -EAGAIN) return {};
        return fail(ErrorCode::NETWORK_EXCEPTION,
                    got == 0 ? "the broker closed the connection"
                             : client::system_message(static_cast<int>(-got)));
    };
    while (lane.to_discard == 0) {
        // As much as the peek needs, or the whole frame when that is shorter.
        std::size_t wanted = 4;
        if (lane.head_bytes >= 4) {
            const auto frame = static_cast<std::size_t>(load_be<std::int32_t>(lane.head.data()));
            wanted = std::min(kPeekBytes, frame + 4);
        }
        if (lane.head_bytes == wanted && wanted > 4) {
            MILENA_TRY(begin_answer(lane));
            if (lane.to_discard == 0) return true;
            break;
        }
        const auto got = socket.receive_some(
            MutableBytes(lane.head).subspan(lane.head_bytes, wanted - lane.head_bytes));
        MILENA_TRY(check(got));
        if (got < 0) return false;
        lane.head_bytes += static_cast<std::size_t>(got);
    }
    while (lane.to_discard > 0) {
        const auto got = socket.discard_some(lane.to_discard);
        MILENA_TRY(check(got));
        if (got < 0) return false;
        lane.to_discard -= static_cast<std::size_t>(got);
    }
    return true;
}

Status FetchRun::finish_answer(Lane& lane) {
    const auto now = clock_.now();
    const auto correlation_id = load_be<std::int32_t>(lane.head.data() + 4);
    lane.head_bytes = 0;
    MILENA_ASSIGN(const auto flight, lane.channel.complete(correlation_id));
    if (watch_.measuring(now)) {
        ++figures_.requests;
        figures_.records += pending_records_;
        figures_.bytes += pending_bytes_;
        figures_.latency.record(static_cast<std::uint64_t>((now - flight.intended).count()));
    }
    pending_bytes_ = pending_records_ = 0;
    return ask(lane);
}

Result<Figures> FetchRun::run() {
    for (auto& lane : lanes_) MILENA_TRY(ask(lane));
    while (true) {
        const auto now = clock_.now();
        MILENA_ASSIGN(const bool begins, watch_.tick(now));
        if (begins) figures_ = Figures();
        if (watch_.over()) break;
        const auto wait = std::min<Nanos>(std::chrono::milliseconds(100), watch_.ends() - now);
        for (const auto& event : poller_.wait(std::max(wait, Nanos(0)))) {
            auto& lane = lanes_[event.token];
            MILENA_ASSIGN(const bool complete, receive(lane));
            if (complete) MILENA_TRY(finish_answer(lane));
        }
    }
    watch_.fill(figures_);
    return std::move(figures_);
}

Result<std::map<PartitionIndex, Offset>> ends(client::Cluster& cluster, const std::string& topic,
                                              const std::vector<Line>& lines, TimestampMs which) {
    std::map<PartitionIndex, TimestampMs> wanted;
    for (const auto& line : lines) {
        for (const auto& target : line.targets) wanted.emplace(target.partition, which);
    }
    return client::list_offsets(cluster, topic, std::move(wanted),
                                client::Isolation::read_uncommitted, cluster.operation_deadline());
}

}  // namespace

Result<Figures> run_fetch_load(client::Cluster& cluster, const FetchLoad& load) {
    MILENA_ASSIGN(auto lines,
                  open_lines(cluster, load.topic, load.connections, ApiKey::Fetch, kOldestFetch));
    MILENA_ASSIGN(const auto first, ends(cluster, load.topic, lines, client::kEarliest));
    MILENA_ASSIGN(const auto last, ends(cluster, load.topic, lines, client::kLatest));
    for (auto& line : lines) {
        std::erase_if(line.targets, [&](const Target& target) {
            return first.at(target.partition) == last.at(target.partition);
        });
        if (line.targets.empty()) {
            return fail(ErrorCode::INVALID_REQUEST,
                        fmt::format("topic '{}' has partitions without records; fill it first "
                                    "(--fill), or use fewer connections",
                                    load.topic));
        }
    }
    MILENA_ASSIGN(auto poller, client::Poller::make());
    FetchRun run(load, cluster.clock(), std::move(poller));
    MILENA_TRY(run.prepare(std::move(lines), first, cluster.settings().client_id));
    return run.run();
}

}  // namespace milena::bench
