// RegisterBroker, UnregisterBroker, RegisterController: who belongs to the cluster (facts:
// metadata/.../ClusterControlManager.java). A broker that registers anew has stopped before: it
// leaves the ISRs it was in, and, unless it stopped cleanly, it is not eligible to lead either.
// Differences from Kafka: a broker that was fenced, or that this controller has not heard of since
// it took over, may register at once, where Kafka waits for its session to run out; partitions that
// only it holds are left as they are (leadership.h); an unregistered broker leaves the ELRs, too.
#include "protocol/msg/records/unregister_broker_record.h"
#include "replication/metadata/features.h"
#include "replication/metadata/leadership.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/node_records.h"
#include "replication/metadata/record_codec.h"

#include <algorithm>

namespace milena::metadata {
namespace {

std::string broker_text(BrokerId id) {
    return "broker " + std::to_string(id.value());
}

Status check_log_dirs(const Image& image, const RegisterBroker& request) {
    const auto invalid = [&](std::string why) {
        return fail(ErrorCode::INVALID_REGISTRATION,
                    broker_text(request.id) + " " + std::move(why));
    };
    if (request.log_dirs.empty()) return invalid("names no log directories");
    for (auto at = request.log_dirs.begin(); at != request.log_dirs.end(); ++at) {
        const std::string id = at->value().to_string();
        if (at->value().is_reserved()) return invalid("names the reserved log directory id " + id);
        if (std::find(request.log_dirs.begin(), at, *at) != at) {
            return invalid("names log directory " + id + " more than once");
        }
        for (const auto& other : image.brokers) {
            if (other->id != request.id && std::find(other->log_dirs.begin(), other->log_dirs.end(),
                                                     *at) != other->log_dirs.end()) {
                return invalid("names log directory " + id + ", which belongs to " +
                               broker_text(other->id));
            }
        }
    }
    return {};
}

Status check_level(const RegisterBroker& request, std::string_view name, std::int16_t level,
                   FeatureRange range) {
    if (level >= range.min && level <= range.max) return {};
    return fail(ErrorCode::UNSUPPORTED_VERSION, broker_text(request.id) + " cannot work at level " +
                                                    std::to_string(level) + " of " +
                                                    std::string(name) +
                                                    ", which the cluster uses; run a version that "
                                                    "can");
}

// Every finalized feature must be one that the broker can work with; what is not finalized is at
// level 0. The quorum finalizes kraft.version, and it is no business of brokers.
Status check_features(const Image& image, const RegisterBroker& request) {
    bool has_metadata_version = false;
    for (const auto& range : request.features) {
        if (range.name == kKraftVersionFeature) continue;
        has_metadata_version = has_metadata_version || range.name == kMetadataVersionFeature;
        MILENA_TRY(check_level(request, range.name, image.feature_level(range.name), range));
    }
    if (!has_metadata_version) {
        return fail(ErrorCode::INVALID_REGISTRATION,
                    broker_text(request.id) + " does not tell which metadata.version it can read");
    }
    for (const auto& [name, level] : image.features) {
        const bool is_named =
            std::any_of(request.features.begin(), request.features.end(),
                        [&](const FeatureRange& range) { return range.name == name; });
        if (!is_named) MILENA_TRY(check_level(request, name, level, {name, 0, 0}));
    }
    return {};
}

Status check_registration(const DecideContext& context, const RegisterBroker& request) {
    if (request.cluster_id != context.options.cluster_id) {
        return fail(ErrorCode::INCONSISTENT_CLUSTER_ID,
                    broker_text(request.id) + " belongs to cluster '" + request.cluster_id +
                        "', but this is cluster '" + context.options.cluster_id + "'");
    }
    const BrokerImage* existing = context.image.broker(request.id);
    if (existing && existing->incarnation != request.incarnation && !request.is_local &&
        context.sessions.was_heard(*existing) &&
        context.sessions.is_live(*existing, context.options.session_timeout, context.now)) {
        return fail(ErrorCode::DUPLICATE_BROKER_REGISTRATION,
                    "another process runs as " + broker_text(request.id) +
                        "; give this one a node.id of its own, or, if it was restarted, retry "
                        "until the session of the other has run out");
    }
    MILENA_TRY(check_log_dirs(context.image, request));
    return check_features(context.image, request);
}

BrokerImage registered(const RegisterBroker& request) {
    BrokerImage broker;
    broker.id = request.id;
    broker.incarnation = request.incarnation;
    broker.endpoints = request.endpoints;
    broker.features = request.features;
    broker.rack = request.rack;
    broker.log_dirs = request.log_dirs;
    return broker;
}

}  // namespace

Decision decide(const RegisterBroker& request, const DecideContext& context) {
    if (Status status = check_registration(context, request); !status) {
        return {{}, RegisterBroker::Reply{std::move(status).error()}};
    }
    const BrokerImage* existing = context.image.broker(request.id);
    BrokerImage broker = registered(request);
    RecordList records;
    if (existing && existing->incarnation == request.incarnation) {
        broker.epoch = existing->epoch;
        broker.is_fenced = existing->is_fenced;
        broker.in_controlled_shutdown = existing->in_controlled_shutdown;
    } else {
        const bool is_clean = existing && existing->epoch == request.previous_epoch;
        add_restart(records, context, request.id, is_clean);
        // The offset of the registration, so that every registration gets a higher one.
        broker.epoch =
            BrokerEpoch(context.log_end.value() + static_cast<std::int64_t>(records.size()));
    }
    add_broker_record(records, broker, context.image.feature_level(kMetadataVersionFeature));
    Decision decision{std::move(records), RegisterBroker::Reply{success(), broker.epoch}};
    decision.contact = BrokerContact{request.id, broker.epoch, context.now};
    if (existing && existing->epoch == broker.epoch) {
        decision.contact->shutdown_end = context.sessions.shutdown_end(*existing);
    }
    return decision;
}

Decision decide(const UnregisterBroker& request, const DecideContext& context) {
    const BrokerImage* broker = context.image.broker(request.id);
    if (!broker) {
        return {{},
                UnregisterBroker::Reply{{ErrorCode::BROKER_ID_NOT_REGISTERED,
                                         broker_text(request.id) + " is not registered"}}};
    }
    RecordList records;
    add_unclean_departure(records, context, request.id);
    msg::UnregisterBrokerRecord record;
    record.broker_id = request.id;
    record.broker_epoch = broker->epoch;
    add_record(records, record, ApiVersion(0));
    if (Status size = check_size(records); !size) {
        return {{}, UnregisterBroker::Reply{std::move(size).error()}};
    }
    return {std::move(records), UnregisterBroker::Reply{success()}};
}

Decision decide(const RegisterController& request, const DecideContext&) {
    RecordList records;
    ControllerImage controller;
    controller.id = request.id;
    controller.incarnation = request.incarnation;
    controller.endpoints = request.endpoints;
    controller.features = request.features;
    add_controller_record(records, controller);
    return {std::move(records), RegisterController::Reply{success()}};
}

}  // namespace milena::metadata
