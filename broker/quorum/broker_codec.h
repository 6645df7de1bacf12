// Between what a broker asks the active controller and the messages that carry it. Arrays of
// messages lie in the arena, texts are views of the argument.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/msg/allocate_producer_ids.h"
#include "protocol/msg/broker_heartbeat.h"
#include "protocol/msg/broker_registration.h"
#include "protocol/msg/controller_registration.h"
#include "protocol/msg/create_topics.h"
#include "replication/metadata/requests.h"

namespace milena::quorum {

msg::BrokerRegistrationRequest to_message(const metadata::RegisterBroker& request, Arena& arena);
msg::BrokerHeartbeatRequest to_message(const metadata::BrokerHeartbeat& request, Arena& arena);
msg::ControllerRegistrationRequest to_message(const metadata::RegisterController& request,
                                              Arena& arena);
msg::AllocateProducerIdsRequest to_message(const metadata::AllocateProducerIds& request,
                                           Arena& arena);
msg::CreateTopicsRequest to_message(const metadata::CreateTopics& request, Arena& arena);

metadata::RegisterBroker from_message(const msg::BrokerRegistrationRequest& message);
metadata::BrokerHeartbeat from_message(const msg::BrokerHeartbeatRequest& message);
metadata::RegisterController from_message(const msg::ControllerRegistrationRequest& message);
metadata::AllocateProducerIds from_message(const msg::AllocateProducerIdsRequest& message);

metadata::RegisterBroker::Reply from_message(const msg::BrokerRegistrationResponse& message);
metadata::BrokerHeartbeat::Reply from_message(const msg::BrokerHeartbeatResponse& message);
metadata::RegisterController::Reply from_message(
    const msg::ControllerRegistrationResponse& message);
metadata::AllocateProducerIds::Reply from_message(const msg::AllocateProducerIdsResponse& message);
metadata::CreateTopics::Reply from_message(const msg::CreateTopicsResponse& message);

// Texts are views of the reply.
msg::BrokerRegistrationResponse to_message(const metadata::RegisterBroker::Reply& reply);
msg::BrokerHeartbeatResponse to_message(const metadata::BrokerHeartbeat::Reply& reply);
msg::ControllerRegistrationResponse to_message(const metadata::RegisterController::Reply& reply);
msg::AllocateProducerIdsResponse to_message(const metadata::AllocateProducerIds::Reply& reply);

}  // namespace milena::quorum
