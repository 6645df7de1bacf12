// What the controller can be asked, and its answers: one pair of structs per verb. They own their
// data, because a request travels from a connection's thread to the quorum's and back; they know
// no protocol versions (codecs and broker/api do).
//
// Authorization, and errors that depend on the version of the request, are the business of the API
// layer. A reply holds one entry per entry of its request, in the same order, unless said
// otherwise; an Error with code NONE is success.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "replication/metadata/image.h"

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

struct RegisterBroker {
    BrokerId id;
    std::string cluster_id;
    Uuid incarnation;
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;
    std::optional<std::string> rack;
    std::vector<DirectoryId> log_dirs;
    // The broker of this very process: what was registered before under its id is known to be dead.
    bool is_local = false;

    struct Reply {
        Error error;
        BrokerEpoch epoch{-1};
    };
};

// Here of the local broker only: unfences it, or prepares its shutdown.
struct BrokerHeartbeat {
    BrokerId id;
    BrokerEpoch epoch{-1};
    Offset metadata_end{0};  // exclusive: how far the broker has applied the metadata log
    bool want_fence = false;

    struct Reply {
        Error error;
        bool is_caught_up = false;
        bool is_fenced = true;
    };
};

struct RegisterController {
    BrokerId id;
    Uuid incarnation;
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;

    struct Reply {
        Error error;
    };
};

struct AllocateProducerIds {
    BrokerId broker;
    BrokerEpoch broker_epoch{-1};

    struct Reply {
        Error error;
        ProducerId first{0};
        std::int32_t count = 0;
    };
};

using Request = std::variant<CreateTopics, DeleteTopics, CreatePartitions, IncrementalAlterConfigs,
                             AlterConfigs, RegisterBroker, BrokerHeartbeat, RegisterController,
                             AllocateProducerIds>;
using Reply = std::variant<CreateTopics::Reply, DeleteTopics::Reply, CreatePartitions::Reply,
                           ConfigReply, RegisterBroker::Reply, BrokerHeartbeat::Reply,
                           RegisterController::Reply, AllocateProducerIds::Reply>;

}  // namespace milena::metadata
