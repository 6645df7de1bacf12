#include "broker/server/coordinators.h"

#include "broker/api/topic_names.h"
#include "broker/config/keys.h"

namespace milena::broker {
namespace {

namespace key = config::opt::broker;
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

replica::MarkerWriter::Environment marker_environment(const Coordinators::Node& node) {
    return {node.clock, node.partitions, node.image, api::kGroupTopic, nullptr};
}

replica::TransactionCoordinator::Setup transaction_setup(const Coordinators::Node& node,
                                                         replica::MarkerWriter& markers) {
    std::vector<net::Executor*> executors;
    for (std::size_t i = 0; i < node.reactors.size(); ++i) executors.push_back(&node.reactors[i]);
    return {node.self,
            node.partitions,
            {node.clock, node.random, node.image,
             [pool = &node.disk_pool](net::Task task) {
                 // Refused only after stop(): nobody waits for the shard any more.
                 (void)pool->submit(std::move(task));
             }},
            std::move(executors),
            transaction_settings(node.settings),
            Compression{},
            markers,
            node.next_producer_id};
}

}  // namespace

Coordinators::Coordinators(const Node& node)
    : markers(marker_environment(node)), transactions(transaction_setup(node, markers)) {}

}  // namespace milena::broker
