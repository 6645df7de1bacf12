// Topics and their settings: what an operator asks a cluster to do. Failures carry the broker's own
// message where it gives one. Sent to any broker; it forwards to the controller.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace milena::client {

using Assignment = std::vector<std::vector<std::int32_t>>;  // brokers of each partition
using Configs = std::vector<std::pair<std::string, std::string>>;

struct NewTopic {
    std::string name;
    std::optional<std::int32_t> partitions;          // nothing: the cluster's default
    std::optional<std::int16_t> replication_factor;  // nothing: the cluster's default
    Assignment assignment;                           // instead of the two, when not empty
    Configs configs;
};

struct CreatedTopic {
    TopicId id;
    std::int32_t partitions = -1;  // -1: the broker is too old to tell
    std::int16_t replication_factor = -1;
};

Result<CreatedTopic> create_topic(Cluster& cluster, const NewTopic& topic);
// Adds partitions up to `count`; `assignment` is for the new ones only, empty: the broker chooses.
Status grow_topic(Cluster& cluster, const std::string& name, std::int32_t count,
                  const Assignment& assignment);
// The first failure when there are several.
Status delete_topics(Cluster& cluster, std::span<const std::string> names);

struct PartitionDescription {
    PartitionIndex index{0};
    BrokerId leader = kNoBroker;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> in_sync;
    std::vector<BrokerId> offline;
    // Eligible leader replicas (KIP-966); nothing when the broker does not tell.
    std::optional<std::vector<BrokerId>> eligible_leaders;
    std::optional<std::vector<BrokerId>> last_known_eligible;
};

struct TopicDescription {
    std::string name;
    TopicId id;
    bool internal = false;
    std::vector<PartitionDescription> partitions;
};

// In the order of `names`. `page` is the most partitions in one answer.
Result<std::vector<TopicDescription>> describe_topics(Cluster& cluster,
                                                      std::span<const std::string> names,
                                                      std::int32_t page = 2000);

// Where a value comes from (DescribeConfigsResponse of Kafka).
enum class ConfigSource : std::int8_t {
    unknown = 0,
    topic = 1,
    broker_dynamic = 2,
    broker_default_dynamic = 3,
    broker_file = 4,
    built_in = 5,
};

struct ConfigEntry {
    std::string name;
    std::optional<std::string> value;  // nothing when sensitive
    ConfigSource source = ConfigSource::unknown;
    bool read_only = false;
    bool sensitive = false;
};

// The settings of each topic, in the broker's order.
Result<std::map<std::string, std::vector<ConfigEntry>>> topic_configs(
    Cluster& cluster, std::span<const std::string> names);

enum class ConfigOperation : std::int8_t { set = 0, unset = 1, append = 2, subtract = 3 };
struct ConfigChange {
    std::string name;
    ConfigOperation operation = ConfigOperation::set;
    std::string value;  // not for unset
};
Status alter_topic_configs(Cluster& cluster, const std::string& topic,
                           std::span<const ConfigChange> changes);

// Replicas on the move, by topic and partition. None when the broker does not know the request or
// we may not ask.
struct Reassignment {
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> adding;
    std::vector<BrokerId> removing;
};
using Reassignments = std::map<std::pair<std::string, PartitionIndex>, Reassignment>;
Result<Reassignments> reassignments(Cluster& cluster);

Result<std::set<BrokerId>> live_brokers(Cluster& cluster);

}  // namespace milena::client
