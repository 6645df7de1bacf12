// Settings of a topic, a group or a client-metrics subscription: its own values over what the
// broker gives.
//
// A topic's value is, strongest first: the topic's own, the broker's (dynamic or static) setting it
// inherits from (segment.bytes from log.segment.bytes; retention.ms from log.retention.ms, then
// .minutes, then .hours), the default.
#pragma once

#include "broker/config/settings.h"

#include <cstdint>

namespace milena::config {

using TopicValues = Values<Scope::Topic>;
using GroupValues = Values<Scope::Group>;
using ClientMetricsValues = Values<Scope::ClientMetrics>;

// Own values that their rows do not allow, or that no row knows, are left out: records of an older
// node must not keep a topic from being served.
TopicValues topic_values(const Settings& broker, const ConfigMap& own);
GroupValues group_values(const Settings& broker, const ConfigMap& own);
ClientMetricsValues client_metrics_values(const ConfigMap& own);

// May these become the configuration of a topic (all of it, not only what changes)? INVALID_CONFIG
// says which setting is wrong and why.
Status check_topic(const Settings& broker, const ConfigMap& own);
// INVALID_CONFIG, or INVALID_REQUEST where Kafka answers so.
Status check_group(const Settings& broker, const ConfigMap& own);
Status check_client_metrics(const ConfigMap& own);

enum class BrokerTarget : std::uint8_t { ThisBroker, AllBrokers };
// May these become the dynamic settings of this broker, or of all? INVALID_REQUEST for a value that
// its row does not allow and for a setting that cannot be changed so, INVALID_CONFIG for a name
// that no row knows (Kafka stores such a name without a word).
Status check_broker(BrokerTarget target, const ConfigMap& proposed);

}  // namespace milena::config
