// Writes the ends of transactions into partitions: what a transaction's coordinator orders, and
// what WriteTxnMarkers asks for.
//
// W1 told once: `done` is called exactly once, from any thread, under no lock.
// W2 persistent: an order is carried out until every partition has its marker or is gone, or
//    nobody wants it any more.
//
// Leaders on other nodes are asked through WriteTxnMarkers, all of them of one node at once.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/partition_table.h"
#include "broker/replica/transaction_peers.h"
#include "log/log_types.h"
#include "replication/metadata/image.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milena::replica {

class MarkerWriter {
  public:
    using Written = std::move_only_function<void(Status)>;
    using Partitions = std::map<std::string, std::vector<PartitionIndex>, std::less<>>;

    struct Environment {
        const Clock& clock;
        const PartitionTable& partitions;
        std::function<metadata::ImagePtr()> image;
        // Where the offsets of groups are written a coordinator must hear of the marker: it writes
        // it in place of the partition. No function: the partition does.
        std::string_view offsets_topic;
        std::function<void(PartitionIndex, const log::TransactionEnd&, Written)> end_offsets;
        BrokerId self = kNoBroker;
        TransactionPeers* others = nullptr;  // nullptr: there are none
    };

    explicit MarkerWriter(Environment environment) : environment_(std::move(environment)) {}

    // Writes one marker, here. Errors: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, those of
    // Partition::append_marker and is_acknowledged.
    void write(std::string_view topic, PartitionIndex index, const log::TransactionEnd& end,
               net::Executor& executor, Written done);

    struct Order {
        Partitions partitions;
        log::TransactionEnd end;
        std::function<bool()> still_wanted;
        // TRANSACTION_COORDINATOR_FENCED when another coordinator took over.
        Written done;
    };
    // `executor` waits; it and this object live as long as any order.
    void carry_out(Order order, net::Executor& executor);

  private:
    class Running;

    // Who leads the partition, if that is another node; kNoBroker: nobody, this node, or not known.
    BrokerId leader_elsewhere(std::string_view topic, PartitionIndex index) const;

    Environment environment_;
};

}  // namespace milena::replica
