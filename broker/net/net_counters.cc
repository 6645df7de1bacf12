#include "broker/net/net_counters.h"

#include "protocol/base/assert.h"

namespace milena::net {

std::string_view close_reason_name(CloseReason reason) {
    switch (reason) {
        case CloseReason::kPeerClosed:
            return "peer_closed";
        case CloseReason::kPeerClosedInFrame:
            return "peer_closed_in_frame";
        case CloseReason::kPeerReset:
            return "peer_reset";
        case CloseReason::kFrameLength:
            return "frame_length";
        case CloseReason::kIdle:
            return "idle";
        case CloseReason::kFirstByteDeadline:
            return "first_byte_deadline";
        case CloseReason::kProgressDeadline:
            return "progress_deadline";
        case CloseReason::kDrainDeadline:
            return "drain_deadline";
        case CloseReason::kHandler:
            return "handler";
        case CloseReason::kReplyBroken:
            return "reply_broken";
        case CloseReason::kAddressLimit:
            return "address_limit";
        case CloseReason::kStopping:
            return "stopping";
    }
    MILENA_UNREACHABLE();
}

void NetTotals::add(const NetCounters& counters) {
    accepted += counters.accepted.value();
    connections += counters.connections.value();
    requests += counters.requests.value();
    bytes_in += counters.bytes_in.value();
    bytes_out += counters.bytes_out.value();
    reads_muted += counters.reads_muted.value();
    accept_errors += counters.accept_errors.value();
    for (std::size_t i = 0; i < kCloseReasonCount; ++i) closed[i] += counters.closed[i].value();
}

}  // namespace milena::net
