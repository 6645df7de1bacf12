// What the network is told by the configuration: plain values, filled by the caller.
#pragma once

#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace milena::net {

// The kernel's own choice of a socket buffer size (it adapts to the peer).
inline constexpr std::int32_t kSystemBufferSize = -1;

struct NetSettings {
    // Kafka's names (kafka/configs.tsv) in comments, and its defaults.

    std::uint32_t request_bytes_max = 104'857'600;  // socket.request.max.bytes
    std::int32_t send_buffer_bytes = 102'400;       // socket.send.buffer.bytes
    std::int32_t receive_buffer_bytes = 102'400;    // socket.receive.buffer.bytes
    std::int32_t listen_backlog = 50;               // socket.listen.backlog.size
    Millis idle_max{600'000};                       // connections.max.idle.ms
    // At the limit, new connections wait in the kernel until one closes.
    std::uint32_t connections_max = INT32_MAX;  // max.connections
    // Above the limit, a new connection from that address is closed.
    std::uint32_t connections_per_ip_max = INT32_MAX;  // max.connections.per.ip
    std::map<std::string, std::uint32_t> connections_per_ip_overrides;

    // Ours.

    // A connection that has never sent a byte is closed after this.
    Millis first_byte_deadline{30'000};
    // A frame in reception makes progress when it gets at least this many bytes per second,
    // averaged over the window; without progress for the deadline, its connection is closed.
    std::uint32_t progress_bytes_per_second = 1024;
    Millis progress_window{10'000};
    Millis progress_deadline{30'000};
    // Requests of one connection that are worked on at once. Beyond, it is not read.
    std::uint32_t pipelined_requests_max = 16;
    // Bytes of finished replies that may wait behind the one being sent. Beyond, the connection is
    // not read.
    std::uint64_t reply_backlog_max = 1024 * 1024;
    // A connection whose peer takes no byte of a waiting reply for this long is closed.
    Millis drain_deadline{60'000};
    // Bytes of unfinished frames that all connections of the node may hold. At the limit, those
    // with large frames are not read until others finish, or their progress deadline ends them.
    std::uint64_t receive_memory_max = 1024ULL * 1024 * 1024;
};

}  // namespace milena::net
