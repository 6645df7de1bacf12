#include "broker/quorum/broker_codec.h"

namespace milena::quorum {
namespace {

template <class Message>
void add_node(Message& message, const std::vector<metadata::Endpoint>& endpoints,
              const std::vector<metadata::FeatureRange>& features, Arena& arena) {
    message.listeners = decltype(message.listeners)::make(arena, endpoints.size());
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        auto& to = message.listeners[i];
        to.name = endpoints[i].listener;
        to.host = endpoints[i].host;
        to.port = endpoints[i].port;
        to.security_protocol = static_cast<std::int16_t>(endpoints[i].security_protocol);
    }
    message.features = decltype(message.features)::make(arena, features.size());
    for (std::size_t i = 0; i < features.size(); ++i) {
        auto& to = message.features[i];
        to.name = features[i].name;
        to.min_supported_version = features[i].min;
        to.max_supported_version = features[i].max;
    }
}

template <class Request, class Message>
void take_node(Request& request, const Message& message) {
    for (const auto& from : message.listeners) {
        request.endpoints.push_back(
            {std::string(from.name), std::string(from.host), from.port,
             static_cast<metadata::SecurityProtocol>(from.security_protocol)});
    }
    for (const auto& from : message.features) {
        request.features.push_back(
            {std::string(from.name), from.min_supported_version, from.max_supported_version});
    }
}

Error plain(ErrorCode code) {
    return {code, code == ErrorCode::NONE ? std::string() : std::string(error_name(code))};
}

template <class T>
Array<T> copy(const std::vector<T>& from, Arena& arena) {
    auto to = Array<T>::make(arena, from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
    return to;
}

}  // namespace

msg::BrokerRegistrationRequest to_message(const metadata::RegisterBroker& request, Arena& arena) {
    msg::BrokerRegistrationRequest message;
    message.broker_id = request.id;
    message.cluster_id = request.cluster_id;
    message.incarnation_id = request.incarnation;
    add_node(message, request.endpoints, request.features, arena);
    // The field's default is the empty name, which would be a rack of its own.
    message.rack = request.rack ? NullableString(*request.rack) : NullableString();
    message.log_dirs = copy(request.log_dirs, arena);
    message.previous_broker_epoch = request.previous_epoch;
    return message;
}

metadata::RegisterBroker from_message(const msg::BrokerRegistrationRequest& message) {
    metadata::RegisterBroker request;
    request.id = message.broker_id;
    request.cluster_id = message.cluster_id;
    request.incarnation = message.incarnation_id;
    take_node(request, message);
    if (message.rack.has_value()) request.rack = std::string(*message.rack);
    request.log_dirs.assign(message.log_dirs.begin(), message.log_dirs.end());
    request.previous_epoch = message.previous_broker_epoch;
    return request;
}

msg::BrokerRegistrationResponse to_message(const metadata::RegisterBroker::Reply& reply) {
    msg::BrokerRegistrationResponse message;
    message.error_code = reply.error.code;
    message.broker_epoch = reply.epoch;
    return message;
}

metadata::RegisterBroker::Reply from_message(const msg::BrokerRegistrationResponse& message) {
    return {plain(message.error_code), message.broker_epoch};
}

msg::BrokerHeartbeatRequest to_message(const metadata::BrokerHeartbeat& request, Arena& arena) {
    msg::BrokerHeartbeatRequest message;
    message.broker_id = request.id;
    message.broker_epoch = request.epoch;
    // Inclusive on the wire.
    message.current_metadata_offset = request.metadata_end - 1;
    message.want_fence = request.want_fence;
    message.want_shut_down = request.want_shut_down;
    message.offline_log_dirs = copy(request.offline_dirs, arena);
    return message;
}

metadata::BrokerHeartbeat from_message(const msg::BrokerHeartbeatRequest& message) {
    metadata::BrokerHeartbeat request;
    request.id = message.broker_id;
    request.epoch = message.broker_epoch;
    request.metadata_end = message.current_metadata_offset + 1;
    request.want_fence = message.want_fence;
    request.want_shut_down = message.want_shut_down;
    request.offline_dirs.assign(message.offline_log_dirs.begin(), message.offline_log_dirs.end());
    return request;
}

msg::BrokerHeartbeatResponse to_message(const metadata::BrokerHeartbeat::Reply& reply) {
    msg::BrokerHeartbeatResponse message;
    message.error_code = reply.error.code;
    message.is_caught_up = reply.is_caught_up;
    message.is_fenced = reply.is_fenced;
    message.should_shut_down = reply.should_shut_down;
    return message;
}

metadata::BrokerHeartbeat::Reply from_message(const msg::BrokerHeartbeatResponse& message) {
    return {plain(message.error_code), message.is_caught_up, message.is_fenced,
            message.should_shut_down};
}

msg::ControllerRegistrationRequest to_message(const metadata::RegisterController& request,
                                              Arena& arena) {
    msg::ControllerRegistrationRequest message;
    message.controller_id = request.id;
    message.incarnation_id = request.incarnation;
    add_node(message, request.endpoints, request.features, arena);
    return message;
}

metadata::RegisterController from_message(const msg::ControllerRegistrationRequest& message) {
    metadata::RegisterController request;
    request.id = message.controller_id;
    request.incarnation = message.incarnation_id;
    take_node(request, message);
    return request;
}

msg::ControllerRegistrationResponse to_message(const metadata::RegisterController::Reply& reply) {
    msg::ControllerRegistrationResponse message;
    message.error_code = reply.error.code;
    if (reply.error.code != ErrorCode::NONE) message.error_message = reply.error.detail;
    return message;
}

metadata::RegisterController::Reply from_message(
    const msg::ControllerRegistrationResponse& message) {
    return {{message.error_code, std::string(message.error_message.value_or_empty())}};
}

msg::AllocateProducerIdsRequest to_message(const metadata::AllocateProducerIds& request, Arena&) {
    msg::AllocateProducerIdsRequest message;
    message.broker_id = request.broker;
    message.broker_epoch = request.broker_epoch;
    return message;
}

metadata::AllocateProducerIds from_message(const msg::AllocateProducerIdsRequest& message) {
    return {message.broker_id, message.broker_epoch};
}

msg::AllocateProducerIdsResponse to_message(const metadata::AllocateProducerIds::Reply& reply) {
    msg::AllocateProducerIdsResponse message;
    message.error_code = reply.error.code;
    message.producer_id_start = reply.first;
    message.producer_id_len = reply.count;
    return message;
}

metadata::AllocateProducerIds::Reply from_message(const msg::AllocateProducerIdsResponse& message) {
    return {plain(message.error_code), message.producer_id_start, message.producer_id_len};
}

msg::CreateTopicsRequest to_message(const metadata::CreateTopics& request, Arena& arena) {
    msg::CreateTopicsRequest message;
    message.validate_only = request.validate_only;
    message.topics = decltype(message.topics)::make(arena, request.topics.size());
    for (std::size_t i = 0; i < request.topics.size(); ++i) {
        const auto& from = request.topics[i];
        auto& to = message.topics[i];
        to.name = from.name;
        to.num_partitions = from.partitions;
        to.replication_factor = from.replication_factor;
        to.assignments = decltype(to.assignments)::make(arena, from.assignments.size());
        for (std::size_t k = 0; k < from.assignments.size(); ++k) {
            to.assignments[k].partition_index = from.assignments[k].index;
            to.assignments[k].broker_ids = copy(from.assignments[k].brokers, arena);
        }
        to.configs = decltype(to.configs)::make(arena, from.settings.size());
        for (std::size_t k = 0; k < from.settings.size(); ++k) {
            to.configs[k].name = from.settings[k].name;
            to.configs[k].value =
                from.settings[k].value ? NullableString(*from.settings[k].value) : NullableString();
        }
    }
    return message;
}

metadata::CreateTopics::Reply from_message(const msg::CreateTopicsResponse& message) {
    metadata::CreateTopics::Reply reply;
    for (const auto& from : message.topics) {
        reply.topics.push_back(
            {std::string(from.name), from.topic_id,
             Error{from.error_code, std::string(from.error_message.value_or_empty())},
             from.num_partitions, from.replication_factor});
    }
    return reply;
}

}  // namespace milena::quorum
