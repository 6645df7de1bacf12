#include "broker/server/coordinators.h"

#include "broker/api/topic_names.h"
#include "broker/config/keys.h"
#include "broker/coordinator/group/settings.h"

#include <algorithm>

namespace milena::broker {
namespace {

namespace key = config::opt::broker;
namespace group = coordinator::group;
namespace txn = coordinator::txn;

txn::Settings transaction_settings(const config::Settings& from) {
    txn::Settings settings;
    settings.max_timeout = from.get(key::transaction_max_timeout_ms);
    settings.abort_interval =
        from.get(key::transaction_abort_timed_out_transaction_cleanup_interval_ms);
    settings.expiration = from.get(key::transactional_id_expiration_ms);
    settings.expiration_interval =
        from.get(key::transaction_remove_expired_transaction_cleanup_interval_ms);
    settings.wait = from.get(key::add_partitions_to_txn_retry_backoff_max_ms);
    return settings;
}

// Numbers of Kafka's CompressionType; one that does not exist means none.
Compression offsets_compression(const config::Settings& from) {
    const auto number = from.get(key::offsets_topic_compression_codec);
    if (number < 0 || number > static_cast<int>(Codec::zstd)) return {};
    return Compression::standard(static_cast<Codec>(number));
}

std::vector<net::Executor*> executors(const Coordinators::Node& node) {
    std::vector<net::Executor*> all;
    for (std::size_t i = 0; i < node.reactors.size(); ++i) all.push_back(&node.reactors[i]);
    return all;
}

replica::CoordinatorEnvironment environment(const Coordinators::Node& node) {
    return {node.clock, node.random, node.image,
            [pool = &node.disk_pool](net::Task task) {
                // Refused only after stop(): nobody waits for the shard any more.
                (void)pool->submit(std::move(task));
            },
            executors(node)};
}

replica::CoordinatorLogOptions group_log(const config::Settings& from) {
    replica::CoordinatorLogOptions log;
    log.compression = offsets_compression(from);
    log.append_linger = from.get(key::group_coordinator_append_linger_ms);
    log.write_timeout = from.get(key::offsets_commit_timeout_ms);
    log.load_bytes = static_cast<std::uint64_t>(from.get(key::offsets_load_buffer_size));
    return log;
}

replica::CoordinatorLogOptions transaction_log(const config::Settings& from) {
    replica::CoordinatorLogOptions log;
    log.write_timeout = std::max(from.get(key::request_timeout_ms), Millis(1));
    log.load_bytes =
        static_cast<std::uint64_t>(from.get(key::transaction_state_log_load_buffer_size));
    return log;
}

replica::GroupCoordinator::Setup group_setup(const Coordinators::Node& node) {
    return {node.self,
            node.partitions,
            environment(node),
            executors(node),
            group::settings_from(node.settings),
            group_log(node.settings)};
}

replica::BrokerChannels::Options channel_options(const Coordinators::Node& node) {
    replica::BrokerChannels::Options options;
    options.listener = node.settings.node().listeners.inter_broker;
    options.channel.client_id = "broker-" + std::to_string(node.self.value()) + "-transactions";
    options.patience = std::max(node.settings.get(key::request_timeout_ms), Millis(1));
    options.image = node.image;
    return options;
}

replica::MarkerWriter::Environment marker_environment(const Coordinators::Node& node,
                                                      replica::GroupCoordinator& groups,
                                                      replica::TransactionPeers& peers) {
    return {node.clock,
            node.partitions,
            node.image,
            api::kGroupTopic,
            [&groups](PartitionIndex shard, const log::TransactionEnd& end,
                      replica::MarkerWriter::Written done) {
                groups.end_transaction(shard, end, std::move(done));
            },
            node.self,
            &peers};
}

replica::TransactionCoordinator::Setup transaction_setup(const Coordinators::Node& node,
                                                         replica::MarkerWriter& markers,
                                                         replica::TransactionPeers& peers) {
    return {node.self,
            node.partitions,
            environment(node),
            executors(node),
            transaction_settings(node.settings),
            transaction_log(node.settings),
            markers,
            node.next_producer_id,
            &peers};
}

}  // namespace

Coordinators::Coordinators(const Node& node)
    : executor_(node.reactors[0]),
      connector_(net::make_tcp_connector(node.reactors[0], {})),
      channels_(executor_, *connector_, channel_options(node)),
      peers_(channels_),
      groups(group_setup(node)),
      markers(marker_environment(node, groups, peers_)),
      transactions(transaction_setup(node, markers, peers_)) {}

}  // namespace milena::broker
