// Groups: what they are, where they stand, and what an operator changes of them. Every request goes
// to the group's coordinator, which is looked for again while it moves.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milena::client {

enum class GroupProtocol : std::uint8_t { classic, consumer };  // the latter: KIP-848

struct GroupListing {
    std::string id;
    std::string protocol_type;  // "consumer", "connect"; empty for positions without members
    std::string state;          // "Stable"; empty when the broker is too old to tell
    std::string type;           // "Classic", "Consumer"; empty when the broker is too old to tell
};

// Filters of brokers that know them; empty: all.
Result<std::vector<GroupListing>> list_groups(Cluster& cluster,
                                              const std::vector<std::string>& states,
                                              const std::vector<std::string>& types);

using TopicPartitions = std::map<std::string, std::vector<PartitionIndex>>;

struct GroupMember {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string host;
    TopicPartitions assignment;
    // Of the consumer protocol (KIP-848).
    TopicPartitions target_assignment;
    std::optional<std::int32_t> epoch;
};

struct GroupDescription {
    std::string id;
    std::string type;      // "Classic", "Consumer"
    std::string state;     // "Dead": there is no such group
    std::string assignor;  // or the protocol of a classic group
    std::vector<GroupMember> members;
    std::optional<std::int32_t> epoch;  // of the consumer protocol
    std::optional<std::int32_t> target_epoch;
    BrokerId coordinator = kNoBroker;
    Endpoint coordinator_endpoint;
};

// GROUP_ID_NOT_FOUND.
Result<GroupDescription> describe_group(Cluster& cluster, const std::string& group);

using TopicPartition = std::pair<std::string, PartitionIndex>;

struct CommittedOffset {
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::string metadata;
};
using CommittedOffsets = std::map<TopicPartition, CommittedOffset>;

// As they stand, or as they will stand for certain: waits for the ends of transactions.
enum class Stability : std::uint8_t { any, stable };

// Every position of the group.
Result<CommittedOffsets> committed_offsets(Cluster& cluster, const std::string& group,
                                           Stability stability = Stability::any);

using PartitionErrors = std::map<TopicPartition, ErrorCode>;

// In whose name a member commits.
struct MemberClaim {
    std::string member_id;
    std::optional<std::string> instance_id;
    std::int32_t generation = -1;  // or the member's epoch
};

// As nobody's member the group must be empty.
Result<PartitionErrors> commit_offsets(Cluster& cluster, const std::string& group,
                                       const CommittedOffsets& offsets,
                                       const MemberClaim& claim = {});
Result<PartitionErrors> delete_offsets(Cluster& cluster, const std::string& group,
                                       const TopicPartitions& partitions);
Status delete_group(Cluster& cluster, const std::string& group);

}  // namespace milena::client
