#include "tools/bench/idle_load.h"

#include "tools/bench/process_stats.h"
#include "tools/client/machine.h"

#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

namespace milena::bench {
namespace {

Status allow_open_files(std::int32_t count) {
    constexpr rlim_t kOthers = 64;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto wanted = static_cast<rlim_t>(count) + kOthers;
    if (limit.rlim_cur >= wanted) return {};
    if (limit.rlim_max < wanted) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("{} connections need {} open files, this process may have {} "
                                "(ulimit -Hn)",
                                count, wanted, limit.rlim_max));
    }
    limit.rlim_cur = wanted;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return {};
}

Result<client::Socket> open(client::Cluster& cluster, const client::Endpoint& endpoint,
                            bool handshake) {
    const auto deadline = cluster.request_deadline();
    if (!handshake) return client::Socket::connect(endpoint, deadline, cluster.clock());
    MILENA_ASSIGN(auto connection, client::Connection::open(endpoint, cluster.settings().client_id,
                                                            deadline, cluster.clock()));
    return connection->release_socket();
}

}  // namespace

Result<IdleFigures> run_idle_load(client::Cluster& cluster, const IdleLoad& load) {
    MILENA_TRY(allow_open_files(load.connections));
    MILENA_ASSIGN(const client::Connection* known, cluster.any_broker());
    const auto endpoint = known->endpoint();
    IdleFigures figures;
    if (!load.server_pids.empty()) {
        MILENA_ASSIGN(const auto before, read_process_stats(load.server_pids));
        figures.server_bytes_before = before.resident_bytes;
    }
    const auto begin = cluster.clock().now();
    std::vector<client::Socket> sockets;
    for (std::int32_t i = 0; i < load.connections; ++i) {
        auto socket = open(cluster, endpoint, load.handshake);
        if (!socket) {
            return fail(socket.error().code, fmt::format("connection {} of {}: {}", i + 1,
                                                         load.connections, socket.error().detail));
        }
        sockets.push_back(*std::move(socket));
    }
    figures.opened = load.connections;
    figures.seconds = std::chrono::duration<double>(cluster.clock().now() - begin).count();
    if (load.server_pids.empty()) {
        client::pause_for(load.hold);
        return figures;
    }
    MILENA_ASSIGN(const auto opened, read_process_stats(load.server_pids));
    client::pause_for(load.hold);
    MILENA_ASSIGN(const auto after, read_process_stats(load.server_pids));
    figures.server_bytes_after = after.resident_bytes;
    figures.server_cpu_seconds = std::chrono::duration<double>(after.cpu - opened.cpu).count();
    return figures;
}

}  // namespace milena::bench
