// Registration and liveness of brokers and controllers (metadata/.../ClusterControlManager.java).
// This stage knows the broker of its own process: sessions of others, fencing when they end, and
// controlled shutdown belong to a cluster of several nodes.
#include "protocol/msg/records/broker_registration_change_record.h"
#include "replication/metadata/controller.h"
#include "replication/metadata/features.h"
#include "replication/metadata/leadership.h"
#include "replication/metadata/node_records.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

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

// Every finalized feature must be one that the broker can work with.
Status check_features(const Image& image, const RegisterBroker& request) {
    for (const auto& [name, level] : image.features) {
        const auto at = std::find_if(request.features.begin(), request.features.end(),
                                     [&](const FeatureRange& range) { return range.name == name; });
        if (at == request.features.end() || level < at->min || level > at->max) {
            return fail(ErrorCode::UNSUPPORTED_VERSION,
                        broker_text(request.id) + " cannot work at level " + std::to_string(level) +
                            " of " + name + ", which the cluster uses; run a version that can");
        }
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
    if (existing && !existing->is_fenced && existing->incarnation != request.incarnation &&
        !request.is_local) {
        return fail(ErrorCode::DUPLICATE_BROKER_REGISTRATION,
                    "another process runs as " + broker_text(request.id) +
                        "; give this one a node.id of its own");
    }
    MILENA_TRY(check_log_dirs(context.image, request));
    return check_features(context.image, request);
}

// Everything the broker led or may lead now. The image still holds it fenced.
void add_takeovers(RecordList& records, const Image& image, BrokerId broker) {
    image.topics_by_id.for_each([&](const auto& topic) {
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const auto& partition = *topic->partitions[i];
            if (partition.leader != broker && partition.leader != kNoBroker) continue;
            add_takeover(records, image, topic->id, PartitionIndex(static_cast<std::int32_t>(i)),
                         partition, broker);
        }
    });
}

}  // namespace

Decision decide(const RegisterBroker& request, const DecideContext& context) {
    if (Status status = check_registration(context, request); !status) {
        return {{}, RegisterBroker::Reply{std::move(status).error()}};
    }
    const BrokerImage* existing = context.image.broker(request.id);
    const bool same_incarnation = existing && existing->incarnation == request.incarnation;
    // The epoch is the offset of the registration, so that every registration gets a higher one.
    const BrokerEpoch epoch =
        same_incarnation ? existing->epoch : BrokerEpoch(context.log_end.value());
    BrokerImage broker;
    broker.id = request.id;
    broker.epoch = epoch;
    broker.incarnation = request.incarnation;
    broker.endpoints = request.endpoints;
    broker.features = request.features;
    broker.rack = request.rack;
    broker.is_fenced = !same_incarnation || existing->is_fenced;
    broker.log_dirs = request.log_dirs;
    RecordList records;
    add_broker_record(records, broker, context.image.feature_level(kMetadataVersionFeature));
    return {std::move(records), RegisterBroker::Reply{success(), epoch}};
}

Decision decide(const BrokerHeartbeat& request, const DecideContext& context) {
    const BrokerImage* broker = context.image.broker(request.id);
    const auto refused = [](ErrorCode code, std::string why) {
        BrokerHeartbeat::Reply reply;
        reply.error = {code, std::move(why)};
        return Decision{{}, std::move(reply)};
    };
    if (!broker) {
        return refused(ErrorCode::BROKER_ID_NOT_REGISTERED,
                       broker_text(request.id) + " is not registered");
    }
    if (broker->epoch != request.epoch) {
        return refused(ErrorCode::STALE_BROKER_EPOCH, broker_text(request.id) + " reports epoch " +
                                                          std::to_string(request.epoch.value()) +
                                                          ", but is registered with " +
                                                          std::to_string(broker->epoch.value()));
    }
    BrokerHeartbeat::Reply reply;
    reply.error = success();
    reply.is_caught_up = request.metadata_end.value() > broker->epoch.value();
    reply.is_fenced = broker->is_fenced;
    RecordList records;
    if (broker->is_fenced && reply.is_caught_up && !request.want_fence) {
        msg::BrokerRegistrationChangeRecord record;
        record.broker_id = request.id;
        record.broker_epoch = request.epoch;
        record.fenced = -1;
        add_record(records, record, kFencingVersion);
        add_takeovers(records, context.image, request.id);
        reply.is_fenced = false;
    }
    return {std::move(records), reply};
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
