// What the controller can be asked, and its answers: one pair of structs per verb. They own their
// data, because a request travels from a connection's thread to the quorum's and back; they know
// no protocol versions (codecs and broker/api do).
//
// Authorization, and errors that depend on the version of the request, are the business of the API
// layer. A reply holds one entry per entry of its request, in the same order, unless said
// otherwise; an Error with code NONE is success.
//
// Topics and settings stand here; broker_requests.h, partition_requests.h and security_requests.h
// hold the rest.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "replication/metadata/broker_requests.h"
#include "replication/metadata/image.h"
#include "replication/metadata/partition_requests.h"
#include "replication/metadata/security_requests.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace milena::metadata {

inline Error success() {
    return Error{ErrorCode::NONE, {}};
}

struct CreateTopics {
    struct Assignment {
        PartitionIndex index;
        std::vector<BrokerId> brokers;
    };
    struct Setting {
        std::string name;
        std::optional<std::string> value;
    };
    struct Topic {
        std::string name;
        std::int32_t partitions = -1;           // -1: the broker's num.partitions
        std::int16_t replication_factor = -1;   // -1: default.replication.factor
        std::vector<Assignment> assignments{};  // manual placement; then the two above are -1
        std::vector<Setting> settings{};
    };
    std::vector<Topic> topics;
    bool validate_only = false;  // all checks, nothing created

    struct Reply {
        struct Topic {
            std::string name;
            TopicId id;  // zero on error and when only validated
            Error error;
            std::int32_t partitions = -1;
            std::int16_t replication_factor = -1;
        };
        // A name that stood twice in the request is answered once.
        std::vector<Topic> topics;
    };
};

struct DeleteTopics {
    struct Topic {
        std::optional<std::string> name;  // exactly one of name and id
        TopicId id;
    };
    std::vector<Topic> topics;

    struct Reply {
        struct Topic {
            std::optional<std::string> name;  // also for a topic asked for by id, when it exists
            TopicId id;
            Error error;
        };
        // A topic that stood twice in the request is answered once.
        std::vector<Topic> topics;
    };
};

struct CreatePartitions {
    struct Topic {
        std::string name;
        std::int32_t count = 0;  // how many there shall be in the end
        // Brokers of each new partition; absent: the controller places them.
        std::optional<std::vector<std::vector<BrokerId>>> assignments;
    };
    std::vector<Topic> topics;
    bool validate_only = false;

    struct Reply {
        struct Topic {
            std::string name;
            Error error;
        };
        std::vector<Topic> topics;  // a name that stood twice is answered once
    };
};

struct ConfigReply {
    struct Resource {
        ConfigResource resource;
        Error error;
    };
    std::vector<Resource> resources;
};

// Numbers of Kafka's AlterConfigOp.OpType; a client may send others, which are refused.
enum class ConfigOp : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct IncrementalAlterConfigs {
    struct Change {
        std::string name;
        ConfigOp op = ConfigOp::set;
        std::optional<std::string> value;
    };
    struct Resource {
        ConfigResource resource;
        std::vector<Change> changes;
    };
    std::vector<Resource> resources;
    bool validate_only = false;

    using Reply = ConfigReply;
};

// The older form: replaces everything that is set for the resource.
struct AlterConfigs {
    struct Resource {
        ConfigResource resource;
        std::vector<CreateTopics::Setting> settings;
    };
    std::vector<Resource> resources;
    bool validate_only = false;

    using Reply = ConfigReply;
};

using Request =
    std::variant<CreateTopics, DeleteTopics, CreatePartitions, IncrementalAlterConfigs,
                 AlterConfigs, RegisterBroker, BrokerHeartbeat, BrokerConnectionLost,
                 FenceExpiredBroker, UnregisterBroker, RegisterController, AllocateProducerIds,
                 AssignReplicasToDirs, AlterPartition, ElectLeaders, AlterPartitionReassignments,
                 BalanceLeaders, ElectMissingLeaders, WriteNoOp, UpdateFeatures, AlterClientQuotas,
                 AlterUserScramCredentials, CreateAcls, DeleteAcls>;
using Reply =
    std::variant<CreateTopics::Reply, DeleteTopics::Reply, CreatePartitions::Reply, ConfigReply,
                 RegisterBroker::Reply, BrokerHeartbeat::Reply, BrokerConnectionLost::Reply,
                 FenceExpiredBroker::Reply, UnregisterBroker::Reply, RegisterController::Reply,
                 AllocateProducerIds::Reply, AssignReplicasToDirs::Reply, AlterPartition::Reply,
                 ElectLeaders::Reply, AlterPartitionReassignments::Reply, SweepReply,
                 WriteNoOp::Reply, UpdateFeatures::Reply, AlterClientQuotas::Reply,
                 AlterUserScramCredentials::Reply, CreateAcls::Reply, DeleteAcls::Reply>;

}  // namespace milena::metadata
