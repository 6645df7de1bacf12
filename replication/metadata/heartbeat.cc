// BrokerHeartbeat, BrokerConnectionLost, FenceExpiredBroker: who is alive, and who may lead (facts:
// metadata/.../BrokerHeartbeatManager.java, ReplicationControlManager.java).
//
//              registered again        heartbeat, caught up
//     (any) --------------------> fenced ----------------> active
//                                   ^                        | wants to shut down, leads partitions
//     session ran out, connection   |                        v
//     lost, no directory left, may  +------------ in controlled shutdown
//     shut down                     +------------ active
//
// A broker in controlled shutdown may go when it leads nothing and every active broker has applied
// the records that took its leaderships away; a new active controller does not wait for the latter.
// Differences from Kafka: a lost connection fences at once; so does the loss of the last directory;
// a broker that is fenced already is told that it may shut down without another record.
#include "protocol/msg/records/broker_registration_change_record.h"
#include "protocol/msg/records/no_op_record.h"
#include "replication/metadata/directories.h"
#include "replication/metadata/leadership.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

#include <algorithm>

namespace milena::metadata {
namespace {

using Change = msg::BrokerRegistrationChangeRecord;

// Values of the fields of a change (metadata/.../BrokerRegistrationFencingChange.java).
constexpr std::int8_t kFence = 1;
constexpr std::int8_t kUnfence = -1;
constexpr std::int8_t kBeginControlledShutdown = 1;

Change change_of(const BrokerImage& broker) {
    Change record;
    record.broker_id = broker.id;
    record.broker_epoch = broker.epoch;
    return record;
}

void add_fencing(RecordList& records, const DecideContext& context, const BrokerImage& broker) {
    add_departure(records, context, broker.id);
    Change record = change_of(broker);
    record.fenced = kFence;
    add_record(records, record, kFencingVersion);
}

void add_unfencing(RecordList& records, const DecideContext& context, const BrokerImage& broker) {
    Change record = change_of(broker);
    record.fenced = kUnfence;
    add_record(records, record, kFencingVersion);
    add_arrival(records, context, broker.id);
}

void add_controlled_shutdown(RecordList& records, const DecideContext& context,
                             const BrokerImage& broker) {
    if (!broker.in_controlled_shutdown) {
        Change record = change_of(broker);
        record.in_controlled_shutdown = kBeginControlledShutdown;
        add_record(records, record, kControlledShutdownVersion);
    }
    add_departure(records, context, broker.id);
}

// The directories of its registration that have not failed.
std::vector<DirectoryId> online_dirs(const BrokerImage& broker, const BrokerHeartbeat& request) {
    auto online = broker.log_dirs;
    std::erase_if(online, [&](DirectoryId id) {
        return std::find(request.offline_dirs.begin(), request.offline_dirs.end(), id) !=
               request.offline_dirs.end();
    });
    return online;
}

// Replicas in directories that failed leave their ISRs.
void add_failed_dirs(RecordList& records, const DecideContext& context, const BrokerImage& broker,
                     std::vector<DirectoryId> online) {
    BrokerImage after = broker;
    after.log_dirs = online;
    add_departure(records, context, broker.id, [&](const PartitionImage& partition) {
        return is_online(broker, partition) && !is_online(after, partition);
    });
    Change record = change_of(broker);
    record.log_dirs = Array<DirectoryId>(online);
    add_record(records, record, kLogDirsVersion);
}

enum class Next : std::uint8_t { same, fenced, active, controlled_shutdown, may_shut_down };

// Has every active broker applied the records that ended at `shutdown_end`?
bool others_have_caught_up(const DecideContext& context, Offset shutdown_end) {
    const auto lowest = context.sessions.lowest_active_end(context.image);
    return !lowest || *lowest >= shutdown_end;
}

Next next_of_fenced(const BrokerHeartbeat& request, bool is_caught_up) {
    if (request.want_shut_down) return Next::may_shut_down;
    return !request.want_fence && is_caught_up ? Next::active : Next::same;
}

Next next_of(const DecideContext& context, const BrokerImage& broker,
             const BrokerHeartbeat& request, bool is_caught_up) {
    if (broker.is_fenced) return next_of_fenced(request, is_caught_up);
    if (!broker.log_dirs.empty() && online_dirs(broker, request).empty()) return Next::fenced;
    if (const auto shutdown_end = context.sessions.shutdown_end(broker)) {
        if (has_leaderships(context.image, broker.id)) return Next::controlled_shutdown;
        return others_have_caught_up(context, *shutdown_end) ? Next::may_shut_down : Next::same;
    }
    if (request.want_fence) return request.want_shut_down ? Next::may_shut_down : Next::fenced;
    if (!request.want_shut_down) return Next::same;
    return has_leaderships(context.image, broker.id) ? Next::controlled_shutdown
                                                     : Next::may_shut_down;
}

void add_transition(RecordList& records, const DecideContext& context, const BrokerImage& broker,
                    Next next) {
    switch (next) {
        case Next::same:
            return;
        case Next::active:
            return add_unfencing(records, context, broker);
        case Next::controlled_shutdown:
            return add_controlled_shutdown(records, context, broker);
        case Next::fenced:
        case Next::may_shut_down:
            if (!broker.is_fenced) add_fencing(records, context, broker);
            return;
    }
}

}  // namespace

Decision decide(const BrokerHeartbeat& request, const DecideContext& context) {
    BrokerHeartbeat::Reply reply;
    if (Status known = check_broker_epoch(context.image, request.id, request.epoch); !known) {
        reply.error = std::move(known).error();
        return {{}, std::move(reply)};
    }
    const BrokerImage& broker = *context.image.broker(request.id);
    reply.error = success();
    reply.is_caught_up = request.metadata_end.value() > broker.epoch.value();
    const Next next = next_of(context, broker, request, reply.is_caught_up);
    RecordList records;
    add_transition(records, context, broker, next);
    reply.should_shut_down = next == Next::may_shut_down;
    reply.is_fenced =
        next == Next::same ? broker.is_fenced : next == Next::fenced || next == Next::may_shut_down;
    BrokerContact contact{request.id, request.epoch, context.now, request.metadata_end};
    if (!broker.is_fenced) contact.shutdown_end = context.sessions.shutdown_end(broker);
    if (next == Next::controlled_shutdown && !contact.shutdown_end) {
        contact.shutdown_end = context.log_end + static_cast<std::int64_t>(records.size());
    }
    auto online = online_dirs(broker, request);
    if (next == Next::same && !broker.is_fenced && !online.empty() && online != broker.log_dirs) {
        add_failed_dirs(records, context, broker, std::move(online));
    }
    return {std::move(records), std::move(reply), contact};
}

Decision decide(const BrokerConnectionLost& request, const DecideContext& context) {
    const BrokerImage* broker = context.image.broker(request.id);
    if (!broker || broker->epoch != request.epoch || broker->is_fenced) {
        return {{}, BrokerConnectionLost::Reply{}};
    }
    RecordList records;
    add_fencing(records, context, *broker);
    return {std::move(records), BrokerConnectionLost::Reply{true}};
}

Decision decide(const FenceExpiredBroker&, const DecideContext& context) {
    const auto timeout = context.options.session_timeout;
    const BrokerImage* broker = context.sessions.first_expired(context.image, timeout, context.now);
    if (!broker) return {{}, FenceExpiredBroker::Reply{}};
    RecordList records;
    add_fencing(records, context, *broker);
    const bool has_more =
        std::any_of(context.image.brokers.begin(), context.image.brokers.end(), [&](const auto& b) {
            return b->id != broker->id && !b->is_fenced &&
                   !context.sessions.is_live(*b, timeout, context.now);
        });
    return {std::move(records), FenceExpiredBroker::Reply{broker->id, has_more}};
}

Decision decide(const WriteNoOp&, const DecideContext&) {
    RecordList records;
    add_record(records, msg::NoOpRecord{}, ApiVersion(0));
    return {std::move(records), WriteNoOp::Reply{}};
}

}  // namespace milena::metadata
