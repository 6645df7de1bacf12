#include "tools/bench/closed_loop.h"

#include "tools/bench/channel.h"
#include "tools/client/poller.h"

#include <algorithm>

namespace milena::bench {
namespace {

constexpr Nanos kDrainTime = std::chrono::seconds(30);

class Run {
  public:
    Run(ClosedLoop loop, const Clock& clock, client::Poller poller)
        : loop_(std::move(loop)),
          clock_(clock),
          poller_(std::move(poller)),
          watch_(loop_.measure, clock.now()) {
        for (auto& lane : loop_.lanes) {
            auto& added = lanes_.emplace_back(std::move(lane.socket));
            poller_.add(added.channel.socket().handle(),
                        static_cast<std::uint32_t>(lanes_.size() - 1));
        }
    }

    Result<Figures> run() {
        for (std::size_t i = 0; i < lanes_.size(); ++i) MILENA_TRY(pump(i));
        while (true) {
            const auto now = clock_.now();
            MILENA_ASSIGN(const bool begins, watch_.tick(now));
            if (begins) figures_ = Figures();
            if (watch_.over() && (drained() || now > watch_.ends() + kDrainTime)) break;
            for (const auto& event : poller_.wait(std::chrono::milliseconds(20))) {
                if (event.readable) MILENA_TRY(take_answers(event.token));
                MILENA_TRY(pump(event.token));
            }
        }
        if (!drained()) {
            return fail(ErrorCode::REQUEST_TIMED_OUT,
                        "the broker still owes answers half a minute after the last request");
        }
        watch_.fill(figures_);
        return std::move(figures_);
    }

  private:
    struct Lane {
        explicit Lane(client::Socket socket) : channel(std::move(socket)) {}
        Channel channel;
        FrameBuffer answers;
        std::size_t next = 0;
        bool watches_output = false;
    };

    Status pump(std::size_t index) {
        auto& lane = lanes_[index];
        const auto& frames = loop_.lanes[index].frames;
        const auto now = clock_.now();
        while (!watch_.over() &&
               lane.channel.in_flight() < static_cast<std::size_t>(loop_.in_flight)) {
            lane.channel.queue(frames[lane.next], now, 0);
            lane.next = (lane.next + 1) % frames.size();
        }
        MILENA_TRY(lane.channel.flush());
        if (lane.channel.wants_to_write() != lane.watches_output) {
            lane.watches_output = !lane.watches_output;
            poller_.watch(lane.channel.socket().handle(), static_cast<std::uint32_t>(index),
                          lane.watches_output);
        }
        return {};
    }

    Status take_answers(std::size_t index) {
        auto& lane = lanes_[index];
        MILENA_TRY(lane.answers.receive(lane.channel.socket()));
        const auto now = clock_.now();
        for (auto frame = lane.answers.next(); !frame.empty(); frame = lane.answers.next()) {
            if (lane.channel.in_flight() == 0) {
                return fail(ErrorCode::NETWORK_EXCEPTION, "the broker answers what nobody asked");
            }
            MILENA_ASSIGN(const auto id, loop_.read(frame, index));
            MILENA_ASSIGN(const auto flight, lane.channel.complete(id));
            if (flight.intended >= watch_.begins() && flight.intended < watch_.ends()) {
                figures_.latency.record(
                    static_cast<std::uint64_t>((now - flight.intended).count()));
            }
            if (watch_.measuring(now)) ++figures_.requests;
        }
        return {};
    }

    bool drained() const {
        return std::ranges::all_of(lanes_,
                                   [](const Lane& lane) { return lane.channel.in_flight() == 0; });
    }

    ClosedLoop loop_;
    const Clock& clock_;
    client::Poller poller_;
    Stopwatch watch_;
    std::vector<Lane> lanes_;
    Figures figures_;
};

}  // namespace

Result<Figures> run_closed_loop(ClosedLoop loop, const Clock& clock) {
    MILENA_ASSIGN(auto poller, client::Poller::make());
    Run run(std::move(loop), clock, std::move(poller));
    return run.run();
}

}  // namespace milena::bench
