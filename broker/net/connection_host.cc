#include "broker/net/connection_host.h"

#include "broker/net/connection.h"
#include "protocol/base/assert.h"

#include <algorithm>
#include <utility>

namespace milena::net {
namespace {

// A round over all connections takes this many sweeps, so that none of them is a long pause.
constexpr std::size_t kSweepsPerRound = 4;
constexpr Nanos kRoundMax = std::chrono::seconds(1);
constexpr Nanos kRoundMin = std::chrono::milliseconds(4);
// Deadlines are noticed late by at most this part of them.
constexpr int kRoundsPerDeadline = 8;

Nanos round_of(const NetSettings& settings) {
    const Nanos shortest =
        std::min({settings.idle_max, settings.first_byte_deadline, settings.progress_window,
                  settings.progress_deadline, settings.drain_deadline});
    return std::clamp(shortest / kRoundsPerDeadline, kRoundMin, kRoundMax);
}

}  // namespace

ConnectionHost::ConnectionHost(Reactor& reactor, NetShared& shared)
    : reactor_(reactor),
      shared_(shared),
      receive_space_(std::make_unique_for_overwrite<std::uint8_t[]>(kReceiveSpace)),
      copy_space_(std::make_unique_for_overwrite<std::uint8_t[]>(kCopySpace)),
      sweep_pause_(round_of(shared.settings) / kSweepsPerRound) {}

ConnectionHost::~ConnectionHost() = default;

void ConnectionHost::adopt(int socket, Peer peer) {
    auto connection = std::make_shared<Connection>(*this, std::move(peer));
    connection->open(connection, socket);
}

void ConnectionHost::begin_drain() {
    draining_ = true;
    for (std::size_t i = connections_.size(); i > 0; --i) connections_[i - 1]->drain();
}

void ConnectionHost::close_all() {
    while (!connections_.empty()) connections_.back()->shut(CloseReason::kStopping);
}

void ConnectionHost::retire() {
    MILENA_ASSERT(connections_.empty());
    if (sweep_timer_ != Executor::kNoTimer) reactor_.cancel(sweep_timer_);
    sweep_timer_ = Executor::kNoTimer;
}

void ConnectionHost::add(Connection& connection) {
    connection.set_place(connections_.size());
    connections_.push_back(&connection);
    counters_.accepted.add(1);
    counters_.connections.add(1);
    if (sweep_timer_ == Executor::kNoTimer) start_sweep();
}

void ConnectionHost::remove(Connection& connection) {
    const auto place = connection.place();
    MILENA_ASSERT(connections_[place] == &connection);
    connections_[place] = connections_.back();
    connections_[place]->set_place(place);
    connections_.pop_back();
    counters_.connections.subtract(1);
    load_.fetch_sub(1, std::memory_order_relaxed);
}

void ConnectionHost::start_sweep() {
    sweep_timer_ = reactor_.call_at(reactor_.now() + sweep_pause_, [this] { sweep(); });
}

// Looks at a part of the connections, in turn. One that is moved by a removal may wait for the next
// round; deadlines are coarse.
void ConnectionHost::sweep() {
    sweep_timer_ = Executor::kNoTimer;
    const auto now = reactor_.now();
    const auto part = connections_.size() / kSweepsPerRound + 1;
    for (std::size_t n = 0; n < part && !connections_.empty(); ++n) {
        if (sweep_at_ >= connections_.size()) sweep_at_ = 0;
        connections_[sweep_at_++]->check_deadlines(now);
    }
    if (!connections_.empty()) start_sweep();
}

}  // namespace milena::net
