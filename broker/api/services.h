// What handlers may use. Made by the server, lives as long as any connection.
#pragma once

#include "broker/api/append_queue.h"
#include "broker/api/connection.h"
#include "broker/config/settings.h"
#include "broker/net/executor.h"
#include "broker/quorum/controller_host.h"
#include "broker/quorum/producer_ids.h"
#include "broker/replica/log_store.h"
#include "broker/replica/partition_table.h"
#include "broker/session/fetch_session.h"
#include "broker/telemetry/request_counters.h"
#include "protocol/base/arena.h"
#include "protocol/base/shared_cell.h"
#include "protocol/base/time.h"
#include "protocol/record/compress.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace milena::replica {
class GroupCoordinator;
class MarkerWriter;
class TransactionCoordinator;
}  // namespace milena::replica

namespace milena::quorum {
class RaftReceiver;
}

namespace milena::api {

class Forwarder;

// Memory that requests of one reactor reuse; touched only on its thread.
struct ReactorScratch {
    Arena arena;
    Codecs codecs;
    std::vector<std::uint8_t> rebuilt;  // a batch that could not be stored as it came
    AppendQueue appends;
    telemetry::RequestCounters counters;
};

struct Services {
    BrokerId self;
    std::string cluster_id;
    const SharedCell<const config::Settings>& current_settings;
    const Clock& clock;
    quorum::ControllerHost& controller;
    quorum::ProducerIds* producer_ids;  // set before the first request
    replica::PartitionTable& partitions;
    replica::LogStore& store;
    session::SessionCache& sessions;
    replica::GroupCoordinator& groups;
    replica::MarkerWriter& markers;
    replica::TransactionCoordinator& transactions;
    // The scratch memory of a reactor.
    std::function<ReactorScratch&(net::Executor&)> scratch_of;
    // Of several nodes: the metadata quorum's own requests, and the way of requests that the active
    // controller answers. Alone there are none.
    quorum::RaftReceiver* raft = nullptr;
    Forwarder* forwarder = nullptr;

    std::shared_ptr<const config::Settings> settings() const { return current_settings.load(); }
    log::LogTime now() const { return {clock.wall_now(), clock.now()}; }
};

}  // namespace milena::api
