#include "broker/server/net_settings.h"

#include <charconv>

namespace milena::broker {
namespace {

namespace key = config::opt::broker;

// "host:limit,host:limit", checked when the settings were read.
std::map<std::string, std::uint32_t> per_address(std::string_view text) {
    std::map<std::string, std::uint32_t> limits;
    for (const auto& entry : config::split_list(text)) {
        const auto colon = entry.rfind(':');
        if (colon == std::string::npos) continue;
        std::uint32_t limit = 0;
        std::from_chars(entry.data() + colon + 1, entry.data() + entry.size(), limit);
        limits[entry.substr(0, colon)] = limit;
    }
    return limits;
}

}  // namespace

net::NetSettings net_settings(const config::Settings& settings) {
    net::NetSettings net;
    net.request_bytes_max = static_cast<std::uint32_t>(settings.get(key::socket_request_max_bytes));
    net.send_buffer_bytes = settings.get(key::socket_send_buffer_bytes);
    net.receive_buffer_bytes = settings.get(key::socket_receive_buffer_bytes);
    net.listen_backlog = settings.get(key::socket_listen_backlog_size);
    net.idle_max = settings.get(key::connections_max_idle_ms);
    net.connections_max = static_cast<std::uint32_t>(settings.get(key::max_connections));
    net.connections_per_ip_max =
        static_cast<std::uint32_t>(settings.get(key::max_connections_per_ip));
    net.connections_per_ip_overrides =
        per_address(settings.get(key::max_connections_per_ip_overrides));
    net.first_byte_deadline = settings.get(key::connections_first_byte_timeout_ms);
    net.progress_bytes_per_second =
        static_cast<std::uint32_t>(settings.get(key::request_progress_min_bytes_per_second));
    net.progress_window = settings.get(key::request_progress_window_ms);
    net.progress_deadline = settings.get(key::request_progress_timeout_ms);
    net.pipelined_requests_max =
        static_cast<std::uint32_t>(settings.get(key::connections_max_pipelined_requests));
    net.reply_backlog_max =
        static_cast<std::uint64_t>(settings.get(key::response_backlog_max_bytes));
    net.drain_deadline = settings.get(key::response_progress_timeout_ms);
    net.receive_memory_max =
        static_cast<std::uint64_t>(settings.get(key::request_receive_memory_max_bytes));
    return net;
}

}  // namespace milena::broker
