#include "broker/config/removed.h"

namespace milena::config {
namespace {

constexpr std::string_view kNoZooKeeper = "there is no ZooKeeper since Kafka 4.0";
constexpr std::string_view kOneFormat = "there is one message format since Kafka 4.0";
constexpr std::string_view kUseListeners = "use listeners and advertised.listeners";
constexpr std::string_view kGone = "Kafka dropped it in 4.0 or before";

struct Removed {
    std::string_view name;
    std::string_view reason;
};

// Source: notable changes in Kafka's upgrade notes up to 4.2.
constexpr Removed kRemoved[] = {
    {"advertised.host.name", kUseListeners},
    {"advertised.port", kUseListeners},
    {"broker.id.generation.enable", kNoZooKeeper},
    {"control.plane.listener.name", kNoZooKeeper},
    {"controlled.shutdown.max.retries", kGone},
    {"controlled.shutdown.retry.backoff.ms", kGone},
    {"controller.message.queue.size", kNoZooKeeper},
    {"delegation.token.master.key", "use delegation.token.secret.key"},
    {"host.name", kUseListeners},
    {"inter.broker.protocol.version", "the metadata.version feature takes its place"},
    {"leader.imbalance.per.broker.percentage", kGone},
    {"log.message.downconversion.enable", kOneFormat},
    {"log.message.format.version", kOneFormat},
    {"log.message.timestamp.difference.max.ms",
     "use log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms"},
    {"offsets.commit.required.acks", kGone},
    {"password.encoder.cipher.algorithm", kNoZooKeeper},
    {"password.encoder.iterations", kNoZooKeeper},
    {"password.encoder.key.length", kNoZooKeeper},
    {"password.encoder.keyfactory.algorithm", kNoZooKeeper},
    {"password.encoder.old.secret", kNoZooKeeper},
    {"password.encoder.secret", kNoZooKeeper},
    {"port", kUseListeners},
    {"quota.consumer.default", "set client quotas with 'kafka-configs'"},
    {"quota.producer.default", "set client quotas with 'kafka-configs'"},
    {"reserved.broker.max.id", kNoZooKeeper},
};

}  // namespace

std::optional<std::string_view> removed_reason(std::string_view name) {
    if (name.starts_with("zookeeper.")) return kNoZooKeeper;
    for (const Removed& removed : kRemoved) {
        if (removed.name == name) return removed.reason;
    }
    return std::nullopt;
}

}  // namespace milena::config
