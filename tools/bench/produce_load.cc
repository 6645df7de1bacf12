#include "tools/bench/produce_load.h"

#include "tools/bench/channel.h"
#include "tools/bench/connect.h"
#include "tools/client/poller.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace milena::bench {
namespace {

constexpr Nanos kDrainTime = std::chrono::seconds(30);

struct Lane {
    explicit Lane(Line&& opened)
        : channel(std::move(opened.socket)),
          version(opened.version),
          targets(std::move(opened.targets)) {}

    Channel channel;
    FrameBuffer answers;
    ApiVersion version;
    std::vector<Target> targets;
    std::vector<const Frame*> frames;  // one per target
    std::size_t next = 0;
    std::deque<MonoTime> waiting;  // open loop: due, but too many are in flight
    bool watches_output = false;
};

class ProduceRun {
  public:
    ProduceRun(const ProduceLoad& load, const Clock& clock, client::Poller poller)
        : load_(load),
          clock_(clock),
          poller_(std::move(poller)),
          watch_(load.measure, clock.now()),
          next_due_(clock.now()) {
        if (load.requests_per_second) {
            interval_ = Nanos(static_cast<std::int64_t>(1e9 / *load.requests_per_second));
        }
    }

    Status prepare(std::vector<Line> lines, const std::string& client_id);
    Result<Figures> run();

  private:
    bool open_loop() const { return load_.requests_per_second.has_value(); }
    Result<const Frame*> frame_for(const Target& target, ApiVersion version,
                                   const std::string& client_id);
    void send_one(Lane& lane, MonoTime intended);
    // Fills the window with what is due; then sends.
    Status pump(Lane& lane, MonoTime now);
    Status take_answers(Lane& lane);
    Status take_answer(Lane& lane, ByteView frame, MonoTime now);
    void account(const Channel::Flight& flight, MonoTime now);
    Status schedule(MonoTime now);
    bool drained() const;
    Nanos time_to_wait(MonoTime now) const;
    Status handle(const client::Poller::Event& event);

    const ProduceLoad& load_;
    const Clock& clock_;
    client::Poller poller_;
    Stopwatch watch_;
    Nanos interval_{0};
    MonoTime next_due_;
    std::size_t next_lane_ = 0;
    std::vector<std::uint8_t> batch_;
    std::map<std::pair<PartitionIndex, ApiVersion>, Frame> frames_;
    std::vector<Lane> lanes_;
    Figures figures_;
    std::uint64_t acknowledged_bytes_ = 0;
    bool stopping_ = false;
};

Result<const Frame*> ProduceRun::frame_for(const Target& target, ApiVersion version,
                                           const std::string& client_id) {
    const auto key = std::pair(target.partition, version);
    if (const auto at = frames_.find(key); at != frames_.end()) return &at->second;
    MILENA_ASSIGN(auto frame, produce_frame(target, batch_, load_.acks, load_.request_timeout,
                                            version, client_id));
    return &frames_.emplace(key, std::move(frame)).first->second;
}

Status ProduceRun::prepare(std::vector<Line> lines, const std::string& client_id) {
    MILENA_ASSIGN(batch_, build_batch(load_.batch, clock_.wall_now()));
    lanes_.reserve(lines.size());
    for (auto& line : lines) {
        auto& lane = lanes_.emplace_back(std::move(line));
        for (const auto& target : lane.targets) {
            MILENA_ASSIGN(const Frame* frame, frame_for(target, lane.version, client_id));
            lane.frames.push_back(frame);
        }
        poller_.add(lane.channel.socket().handle(), static_cast<std::uint32_t>(lanes_.size() - 1));
    }
    return {};
}

void ProduceRun::send_one(Lane& lane, MonoTime intended) {
    const auto target = lane.next;
    lane.next = target + 1 == lane.frames.size() ? 0 : target + 1;
    lane.channel.queue(*lane.frames[target], intended, static_cast<std::uint32_t>(target));
}

Status ProduceRun::pump(Lane& lane, MonoTime now) {
    const auto window = static_cast<std::size_t>(load_.in_flight);
    do {
        while (lane.channel.in_flight() < window) {
            if (open_loop()) {
                if (lane.waiting.empty()) break;
                send_one(lane, lane.waiting.front());
                lane.waiting.pop_front();
            } else {
                if (stopping_) break;
                send_one(lane, now);
            }
        }
        MILENA_TRY(lane.channel.flush());
        if (load_.acks != 0) break;
        // Nothing will answer these: they are done when they have left.
        const auto sent = lane.channel.take_sent();
        for (std::size_t i = 0; i < sent; ++i) {
            MILENA_ASSIGN(const auto flight,
                          lane.channel.complete(lane.channel.oldest().correlation_id));
            account(flight, now);
        }
        if (sent == 0) break;
        now = clock_.now();
        MILENA_TRY(watch_.tick(now));
        if (!open_loop() && watch_.over()) stopping_ = true;
    } while (!stopping_ || lane.channel.in_flight() > 0);
    if (lane.channel.wants_to_write() != lane.watches_output) {
        lane.watches_output = !lane.watches_output;
        poller_.watch(lane.channel.socket().handle(),
                      static_cast<std::uint32_t>(&lane - lanes_.data()), lane.watches_output);
    }
    return {};
}

void ProduceRun::account(const Channel::Flight& flight, MonoTime now) {
    acknowledged_bytes_ += batch_.size();
    if (load_.stop_after_bytes && acknowledged_bytes_ >= *load_.stop_after_bytes) stopping_ = true;
    // Requests that were due in the measured time count with their latency however late the answer
    // comes; throughput counts only what was answered in time.
    if (flight.intended >= watch_.begins() && flight.intended < watch_.ends()) {
        figures_.latency.record(static_cast<std::uint64_t>((now - flight.intended).count()));
    }
    if (!watch_.measuring(now)) return;
    ++figures_.requests;
    figures_.records += static_cast<std::uint64_t>(load_.batch.records);
    figures_.bytes += batch_.size();
}

Status ProduceRun::take_answer(Lane& lane, ByteView frame, MonoTime now) {
    if (lane.channel.in_flight() == 0) {
        return fail(ErrorCode::NETWORK_EXCEPTION, "the broker answers what nobody asked");
    }
    const auto& target = lane.targets[lane.channel.oldest().tag];
    MILENA_ASSIGN(const auto outcome, read_produce_answer(frame, target, lane.version));
    if (outcome.error != ErrorCode::NONE) {
        return fail(outcome.error,
                    fmt::format("the broker refuses a batch for partition {} of "
                                "'{}': {}",
                                target.partition.value(), target.topic, error_name(outcome.error)));
    }
    MILENA_ASSIGN(const auto flight, lane.channel.complete(outcome.correlation_id));
    account(flight, now);
    return {};
}

Status ProduceRun::take_answers(Lane& lane) {
    while (true) {
        MILENA_ASSIGN(const bool received, lane.answers.receive(lane.channel.socket()));
        if (!received) return {};
        const auto now = clock_.now();
        bool any = false;
        for (auto frame = lane.answers.next(); !frame.empty(); frame = lane.answers.next()) {
            MILENA_TRY(take_answer(lane, frame, now));
            any = true;
        }
        // Answers are small: more is there only when the buffer was full, and epoll tells.
        if (any) return pump(lane, now);
    }
}

// Open loop: hands what has become due to the connections in turn.
Status ProduceRun::schedule(MonoTime now) {
    if (!open_loop()) return {};
    while (next_due_ <= now && next_due_ < watch_.ends() && !stopping_) {
        auto& lane = lanes_[next_lane_];
        next_lane_ = next_lane_ + 1 == lanes_.size() ? 0 : next_lane_ + 1;
        lane.waiting.push_back(next_due_);
        next_due_ += interval_;
        MILENA_TRY(pump(lane, now));
    }
    return {};
}

bool ProduceRun::drained() const {
    return std::ranges::all_of(lanes_, [](const Lane& lane) {
        return lane.channel.in_flight() == 0 && lane.waiting.empty();
    });
}

Nanos ProduceRun::time_to_wait(MonoTime now) const {
    Nanos wait = std::chrono::milliseconds(100);
    if (open_loop() && !stopping_) wait = std::min(wait, next_due_ - now);
    if (!stopping_) wait = std::min(wait, watch_.ends() - now);
    return std::max(wait, Nanos(0));
}

Status ProduceRun::handle(const client::Poller::Event& event) {
    auto& lane = lanes_[event.token];
    if (event.readable) MILENA_TRY(take_answers(lane));
    if (event.writable) MILENA_TRY(pump(lane, clock_.now()));
    return {};
}

Result<Figures> ProduceRun::run() {
    // Both at once, or a slow beginning would leave room for fewer requests than were asked for.
    next_due_ = clock_.now();
    watch_ = Stopwatch(load_.measure, next_due_);
    if (!open_loop()) {
        for (auto& lane : lanes_) MILENA_TRY(pump(lane, clock_.now()));
    }
    while (true) {
        const auto now = clock_.now();
        MILENA_ASSIGN(const bool begins, watch_.tick(now));
        if (begins) figures_ = Figures();
        // First: what became due while this thread was stalled is still sent, and measured as late.
        MILENA_TRY(schedule(now));
        if (watch_.over()) stopping_ = true;
        if (stopping_ && (drained() || now > watch_.ends() + kDrainTime)) break;
        for (const auto& event : poller_.wait(time_to_wait(now))) MILENA_TRY(handle(event));
    }
    if (!drained()) {
        return fail(ErrorCode::REQUEST_TIMED_OUT,
                    "the broker still owes answers half a minute after the last request");
    }
    if (watch_.over()) watch_.fill(figures_);
    return std::move(figures_);
}

}  // namespace

Result<Figures> run_produce_load(client::Cluster& cluster, const ProduceLoad& load) {
    MILENA_ASSIGN(auto lines, open_lines(cluster, load.topic, load.connections, ApiKey::Produce,
                                         kOldestProduce));
    MILENA_ASSIGN(auto poller, client::Poller::make());
    ProduceRun run(load, cluster.clock(), std::move(poller));
    MILENA_TRY(run.prepare(std::move(lines), cluster.settings().client_id));
    return run.run();
}

}  // namespace milena::bench
