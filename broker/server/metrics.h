// The metrics of this node: which numbers there are, and where they are counted.
#pragma once

#include "broker/net/disk_pool.h"
#include "broker/net/socket_server.h"
#include "broker/replica/flusher.h"
#include "broker/replica/log_store.h"
#include "broker/replica/partition_table.h"
#include "broker/replica/replication.h"
#include "broker/server/coordinators.h"
#include "broker/telemetry/registry.h"
#include "broker/telemetry/request_counters.h"

#include <vector>

namespace milena::broker {

// All of it outlives the registry's last use.
struct Measured {
    const net::SocketServer& sockets;
    const net::DiskPool& disk_pool;
    const replica::PartitionTable& partitions;
    const replica::Flusher& flusher;
    const replica::LogStore& store;
    const replica::Replication& replication;
    const Coordinators& coordinators;
    std::vector<const telemetry::RequestCounters*> requests;  // of every reactor
};

void add_metrics(telemetry::Registry& registry, const Measured& measured);

}  // namespace milena::broker
