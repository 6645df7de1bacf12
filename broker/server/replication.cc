#include "broker/server/replication.h"

#include "broker/net/net_settings.h"
#include "broker/replica/node_leader_link.h"

#include <algorithm>
#include <limits>

namespace milena::broker {
namespace {

namespace key = config::opt::broker;

fetcher::Settings fetch_settings(const config::Settings& settings) {
    fetcher::Settings fetch;
    fetch.max_wait = Millis(settings.get(key::replica_fetch_wait_max_ms));
    fetch.min_bytes = settings.get(key::replica_fetch_min_bytes);
    fetch.max_bytes = settings.get(key::replica_fetch_response_max_bytes);
    fetch.partition_bytes = settings.get(key::replica_fetch_max_bytes);
    // Zero would be no pause at all.
    fetch.backoff = std::max(Millis(settings.get(key::replica_fetch_backoff_ms)), Millis(1));
    return fetch;
}

// The usual size, which is Kafka's, is too small for batches of a megabyte: the kernel grows a
// buffer as the connection needs it, unless it is told a size.
std::int32_t receive_buffer(const config::Settings& settings) {
    constexpr std::int32_t kUsual = 64 * 1024;
    const auto asked = settings.get(key::replica_socket_receive_buffer_bytes);
    return asked == kUsual ? net::kSystemBufferSize : asked;
}

// The largest number stands for no bound.
std::optional<std::int64_t> rate_of(std::int64_t setting) {
    if (setting == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return setting;
}

replica::Replication::Environment::Tuning tuning_of(const config::Settings& settings) {
    return {settings.get(key::num_replica_fetchers),
            rate_of(settings.get(key::leader_replication_throttled_rate)),
            rate_of(settings.get(key::follower_replication_throttled_rate))};
}

}  // namespace

ReplicationParts::ReplicationParts(Node node)
    : submit_(std::move(node.submit)),
      connector_(net::make_tcp_connector(node.reactor,
                                         {net::kSystemBufferSize, receive_buffer(node.settings)})),
      machine(environment(node)) {}

replica::Replication::Environment ReplicationParts::environment(const Node& node) {
    return {.self = node.self,
            .listener = node.settings.node().listeners.inter_broker,
            .executor = node.reactor,
            .clock = node.clock,
            .partitions = node.partitions,
            .submit = [this](replica::Flusher::Job job) { submit_(std::move(job)); },
            .alter_partition = node.alter_partition,
            .assign_directories = node.assign_directories,
            .connect = connect_from(node),
            .fetch = fetch_settings(node.settings),
            .tuning = [current = node.current] { return tuning_of(*current()); },
            .replica_lag_time_max = Millis(node.settings.get(key::replica_lag_time_max_ms))};
}

replica::Replication::Connect ReplicationParts::connect_from(const Node& node) {
    peer::ChannelSettings channel;
    channel.client_id = "broker-" + std::to_string(node.self.value()) + "-fetcher";
    return [this, channel, self = node.self, &reactor = node.reactor, &partitions = node.partitions,
            patience = Millis(node.settings.get(key::replica_socket_timeout_ms))](
               BrokerId leader, const metadata::Endpoint& at) {
        replica::NodeLeaderLink::Options options{
            .self = self,
            .broker_epoch = [this] { return machine.broker_epoch(); },
            .leader = {leader, {at.host, at.port}},
            .channel = channel,
            .patience = patience};
        return std::make_unique<replica::NodeLeaderLink>(reactor, *connector_, partitions,
                                                         std::move(options));
    };
}

}  // namespace milena::broker
