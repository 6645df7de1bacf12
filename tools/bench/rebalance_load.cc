#include "tools/bench/rebalance_load.h"

#include "tools/bench/channel.h"
#include "tools/client/group_calls.h"
#include "tools/client/groups.h"
#include "tools/client/poller.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::bench {
namespace {

constexpr Nanos kPatience = std::chrono::seconds(30);
// The group is left alone between two changes.
constexpr Nanos kRest = std::chrono::milliseconds(30);

// A member with its connection.
struct Seat {
    Seat(std::unique_ptr<GroupMember> who, client::Socket socket)
        : member(std::move(who)), channel(std::move(socket)) {}

    std::unique_ptr<GroupMember> member;
    Channel channel;
    FrameBuffer answers;
    Frame frame;  // of the request under way
    MonoTime next;
};

class Run {
  public:
    Run(const RebalanceLoad& load, const Clock& clock, client::Poller poller,
        std::size_t partitions)
        : load_(load), clock_(clock), poller_(std::move(poller)), partitions_(partitions) {}

    void add(std::unique_ptr<GroupMember> member, client::Socket socket) {
        seats_.push_back(std::make_unique<Seat>(std::move(member), std::move(socket)));
        poller_.add(seats_.back()->channel.socket().handle(),
                    static_cast<std::uint32_t>(seats_.size() - 1));
    }

    Result<RebalanceFigures> run() {
        for (std::size_t i = 0; i + 1 < seats_.size(); ++i) seats_[i]->member->join();
        MILENA_TRY(settle(seats_.size() - 1));
        Stopwatch watch(load_.measure, clock_.now());
        RebalanceFigures figures;
        auto& guest = *seats_.back();
        while (true) {
            MILENA_TRY(watch.tick(clock_.now()));
            if (watch.over()) break;
            const bool counts = watch.measuring(clock_.now());
            MILENA_TRY(rest());
            guest.next = clock_.now();
            guest.member->join();
            MILENA_ASSIGN(const auto joined, settle(seats_.size()));
            MILENA_TRY(rest());
            // A request under way is answered first; leaving begins with the one after it.
            MILENA_TRY(quiet(guest));
            guest.next = clock_.now();
            guest.member->leave();
            MILENA_ASSIGN(const auto left, settle(seats_.size() - 1));
            if (!counts) continue;
            figures.joins.latency.record(static_cast<std::uint64_t>(joined.count()));
            figures.leaves.record(static_cast<std::uint64_t>(left.count()));
            ++figures.joins.requests;
        }
        watch.fill(figures.joins);
        MILENA_TRY(go());
        return figures;
    }

  private:
    // Everybody leaves.
    Status go() {
        for (auto& seat : seats_) {
            if (seat->member->is_outside()) continue;
            seat->member->leave();
            seat->next = clock_.now();
        }
        while (!std::ranges::all_of(seats_,
                                    [](const auto& seat) { return seat->member->is_outside(); })) {
            MILENA_TRY(turn());
        }
        return {};
    }

    // Runs the group until so many members share everything. How long that took.
    Result<Nanos> settle(std::size_t count) {
        const auto began = clock_.now();
        while (!is_settled(count)) {
            MILENA_TRY(turn());
            if (clock_.now() - began > kPatience) {
                return fail(
                    ErrorCode::REQUEST_TIMED_OUT,
                    fmt::format("the group has not settled with {} members in 30 s", count));
            }
        }
        return clock_.now() - began;
    }

    Status rest() {
        const auto until = clock_.now() + kRest;
        while (clock_.now() < until) MILENA_TRY(turn());
        return {};
    }

    // Until nothing of this member is under way; it sends nothing meanwhile.
    Status quiet(Seat& seat) {
        seat.next = MonoTime::max();
        while (seat.channel.in_flight() > 0) {
            MILENA_TRY(turn());
            seat.next = MonoTime::max();
        }
        return {};
    }

    bool is_settled(std::size_t count) const {
        std::size_t inside = 0;
        std::size_t held = 0;
        std::optional<std::int32_t> epoch;
        for (const auto& seat : seats_) {
            if (seat->member->is_outside()) continue;
            const auto holding = seat->member->holding();
            if (holding.epoch < 0 || epoch.value_or(holding.epoch) != holding.epoch) return false;
            epoch = holding.epoch;
            held += holding.partitions;
            ++inside;
        }
        return inside == count && held == partitions_;
    }

    // Sends what is due, takes what comes.
    Status turn() {
        const auto now = clock_.now();
        auto next = now + std::chrono::milliseconds(20);
        for (auto& seat : seats_) {
            if (seat->member->is_outside() || seat->channel.in_flight() > 0) continue;
            if (seat->next <= now) {
                MILENA_ASSIGN(seat->frame, seat->member->request());
                seat->channel.queue(seat->frame, now, 0);
                MILENA_TRY(seat->channel.flush());
            } else {
                next = std::min(next, seat->next);
            }
        }
        for (const auto& event : poller_.wait(std::max(next - clock_.now(), Nanos(0)))) {
            MILENA_TRY(take_answer(*seats_[event.token]));
        }
        return {};
    }

    Status take_answer(Seat& seat) {
        MILENA_TRY(seat.answers.receive(seat.channel.socket()));
        for (auto frame = seat.answers.next(); !frame.empty(); frame = seat.answers.next()) {
            MILENA_ASSIGN(const auto id, seat.member->answer(frame));
            MILENA_TRY(seat.channel.complete(id));
            seat.next = clock_.now();
            if (seat.member->may_pause()) seat.next += load_.heartbeat_interval;
        }
        return {};
    }

    const RebalanceLoad& load_;
    const Clock& clock_;
    client::Poller poller_;
    const std::size_t partitions_;
    std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace

Result<RebalanceFigures> run_rebalance_load(client::Cluster& cluster, const RebalanceLoad& load) {
    GroupSpec spec;
    spec.id = load.topic + "-group";
    spec.client_id = cluster.settings().client_id;
    MILENA_ASSIGN(spec.topic,
                  cluster.topic_with_leaders(load.topic, false, cluster.operation_deadline()));
    MILENA_TRY(client::committed_offsets(cluster, spec.id));
    MILENA_ASSIGN(const auto coordinator, client::find_coordinator(cluster, spec.id));
    MILENA_ASSIGN(auto poller, client::Poller::make());
    Run run(load, cluster.clock(), std::move(poller), spec.topic.partitions.size());
    for (std::int32_t i = 0; i < load.members; ++i) {
        MILENA_ASSIGN(auto connection,
                      client::Connection::open(coordinator.endpoint, spec.client_id,
                                               cluster.request_deadline(), cluster.clock()));
        MILENA_ASSIGN(auto member, make_member(load.protocol, spec, i, *connection));
        run.add(std::move(member), connection->release_socket());
    }
    return run.run();
}

}  // namespace milena::bench
