// What the network counts, for the metrics.
#pragma once

#include "broker/telemetry/counter.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace milena::net {

// Why a connection ended.
enum class CloseReason : std::uint8_t {
    kPeerClosed,         // end of stream between frames, every reply sent
    kPeerClosedInFrame,  // end of stream inside a frame
    kPeerReset,          // reset, broken pipe or another socket error
    kFrameLength,        // a frame length that is negative, too short or too long
    kIdle,
    kFirstByteDeadline,
    kProgressDeadline,
    kDrainDeadline,
    kHandler,       // the layer above asked for it
    kReplyBroken,   // a reply could not be completed (a file range that cannot be read)
    kAddressLimit,  // max.connections.per.ip
    kStopping,
};
inline constexpr std::size_t kCloseReasonCount = 12;
// "peer_closed", for logs and metrics.
std::string_view close_reason_name(CloseReason reason);

using telemetry::Counter;

// Of one reactor; its thread alone changes them.
struct NetCounters {
    Counter accepted;     // connections taken over by this reactor
    Counter connections;  // open now
    Counter requests;     // complete frames handed up
    Counter bytes_in;
    Counter bytes_out;
    Counter reads_muted;  // times that reading stopped for the window, the backlog or a throttle
    Counter accept_errors;
    std::array<Counter, kCloseReasonCount> closed;
};

// Sums over reactors, read one by one: each is right, together they are of slightly different
// times.
struct NetTotals {
    std::uint64_t accepted = 0;
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t reads_muted = 0;
    std::uint64_t accept_errors = 0;
    std::array<std::uint64_t, kCloseReasonCount> closed{};

    void add(const NetCounters& counters);
    std::uint64_t closed_for(CloseReason reason) const {
        return closed[static_cast<std::size_t>(reason)];
    }
};

}  // namespace milena::net
