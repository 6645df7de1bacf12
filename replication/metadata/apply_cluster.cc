// Brokers, controllers, features and producer ids: what their records do to an image.
#include "replication/metadata/image_editor.h"

#include <algorithm>

namespace milena::metadata {
namespace {

template <class Node>
void put_sorted(std::vector<std::shared_ptr<const Node>>& nodes, Node node) {
    const auto at = std::lower_bound(
        nodes.begin(), nodes.end(), node.id,
        [](const std::shared_ptr<const Node>& a, BrokerId id) { return a->id < id; });
    auto shared = std::make_shared<const Node>(std::move(node));
    if (at != nodes.end() && (*at)->id == shared->id) {
        *at = std::move(shared);
    } else {
        nodes.insert(at, std::move(shared));
    }
}

template <class WireEndpoint>
std::vector<Endpoint> endpoints_of(const Array<WireEndpoint>& array) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(array.size());
    for (const auto& e : array) {
        endpoints.push_back({std::string(e.name), std::string(e.host), e.port,
                             static_cast<SecurityProtocol>(e.security_protocol)});
    }
    return endpoints;
}

template <class WireFeature>
std::vector<FeatureRange> features_of(const Array<WireFeature>& array) {
    std::vector<FeatureRange> features;
    features.reserve(array.size());
    for (const auto& f : array) {
        features.push_back({std::string(f.name), f.min_supported_version, f.max_supported_version});
    }
    return features;
}

}  // namespace

void ImageEditor::set_broker(BrokerImage broker) {
    changed_brokers_.insert(broker.id);
    put_sorted(next_->brokers, std::move(broker));
}

Result<BrokerImage> ImageEditor::registered(BrokerId id, BrokerEpoch epoch,
                                            std::string_view record) const {
    const BrokerImage* broker = next_->broker(id);
    if (!broker || broker->epoch != epoch) {
        return fail(ErrorCode::INVALID_RECORD,
                    std::string(record) + " is about broker " + std::to_string(id.value()) +
                        " with epoch " + std::to_string(epoch.value()) +
                        (broker ? ", but it is registered with epoch " +
                                      std::to_string(broker->epoch.value())
                                : std::string(", which is not registered")));
    }
    return *broker;
}

Status ImageEditor::apply(const msg::RegisterBrokerRecord& record) {
    BrokerImage broker;
    broker.id = record.broker_id;
    broker.epoch = record.broker_epoch;
    broker.incarnation = record.incarnation_id;
    broker.endpoints = endpoints_of(record.end_points);
    broker.features = features_of(record.features);
    if (record.rack.has_value()) broker.rack = std::string(*record.rack);
    broker.is_fenced = record.fenced;
    broker.in_controlled_shutdown = record.in_controlled_shutdown;
    broker.is_migrating_zk_broker = record.is_migrating_zk_broker;
    broker.log_dirs.assign(record.log_dirs.begin(), record.log_dirs.end());
    set_broker(std::move(broker));
    return {};
}

Status ImageEditor::apply(const msg::UnregisterBrokerRecord& record) {
    MILENA_TRY(registered(record.broker_id, record.broker_epoch, "UnregisterBrokerRecord"));
    std::erase_if(next_->brokers, [&](const auto& b) { return b->id == record.broker_id; });
    changed_brokers_.insert(record.broker_id);
    return {};
}

Status ImageEditor::apply(const msg::FenceBrokerRecord& record) {
    MILENA_ASSIGN(auto broker, registered(record.id, record.epoch, "FenceBrokerRecord"));
    broker.is_fenced = true;
    set_broker(std::move(broker));
    return {};
}

Status ImageEditor::apply(const msg::UnfenceBrokerRecord& record) {
    MILENA_ASSIGN(auto broker, registered(record.id, record.epoch, "UnfenceBrokerRecord"));
    broker.is_fenced = false;
    set_broker(std::move(broker));
    return {};
}

Status ImageEditor::apply(const msg::BrokerRegistrationChangeRecord& record) {
    MILENA_ASSIGN(auto broker, registered(record.broker_id, record.broker_epoch,
                                          "BrokerRegistrationChangeRecord"));
    if (record.fenced != 0) broker.is_fenced = record.fenced > 0;
    if (record.in_controlled_shutdown > 0) broker.in_controlled_shutdown = true;
    if (!record.log_dirs.empty()) {
        broker.log_dirs.assign(record.log_dirs.begin(), record.log_dirs.end());
    }
    set_broker(std::move(broker));
    return {};
}

Status ImageEditor::apply(const msg::RegisterControllerRecord& record) {
    ControllerImage controller;
    controller.id = record.controller_id;
    controller.incarnation = record.incarnation_id;
    controller.zk_migration_ready = record.zk_migration_ready;
    controller.endpoints = endpoints_of(record.end_points);
    controller.features = features_of(record.features);
    put_sorted(next_->controllers, std::move(controller));
    delta_.controllers_changed = true;
    return {};
}

// Level 0 means: not finalized any more.
Status ImageEditor::apply(const msg::FeatureLevelRecord& record) {
    if (record.feature_level == 0) {
        if (const auto at = next_->features.find(record.name); at != next_->features.end()) {
            next_->features.erase(at);
        }
    } else {
        next_->features.insert_or_assign(std::string(record.name), record.feature_level);
    }
    delta_.features_changed = true;
    return {};
}

Status ImageEditor::apply(const msg::ProducerIdsRecord& record) {
    if (record.next_producer_id < next_->next_producer_id) {
        return fail(ErrorCode::INVALID_RECORD, "ProducerIdsRecord goes back to producer id " +
                                                   std::to_string(record.next_producer_id.value()) +
                                                   " from " +
                                                   std::to_string(next_->next_producer_id.value()));
    }
    next_->next_producer_id = record.next_producer_id;
    delta_.producer_ids_changed = true;
    return {};
}

}  // namespace milena::metadata
