// What brokers and controllers tell the active controller about themselves: registration,
// heartbeats, lost connections, directories. See requests.h for what all requests share.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "replication/metadata/image.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milena::metadata {

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
    // The epoch it stopped cleanly in; -1: it did not, and the end of its logs may be lost.
    BrokerEpoch previous_epoch{-1};

    struct Reply {
        Error error;
        BrokerEpoch epoch{-1};
    };
};

struct BrokerHeartbeat {
    BrokerId id;
    BrokerEpoch epoch{-1};
    Offset metadata_end{0};   // exclusive: how far the broker has applied the metadata log
    bool want_fence = false;  // it is not ready to lead, or wants to stop doing so
    bool want_shut_down = false;
    std::vector<DirectoryId> offline_dirs{};  // all that failed since it started

    struct Reply {
        Error error;
        bool is_caught_up = false;  // it has seen its own registration
        bool is_fenced = true;
        bool should_shut_down = false;
    };
};

// The connection that a broker keeps to the controller broke, as it does when a process dies: the
// broker is fenced without waiting for its session to run out. A broker that is alive unfences
// itself with its next heartbeat.
struct BrokerConnectionLost {
    BrokerId id;
    BrokerEpoch epoch{-1};  // of the registration the connection belonged to

    struct Reply {
        bool was_fenced = false;  // by this request
    };
};

// Fences the broker whose session ran out first, if one did. One at a time, because the next
// decision must see where leadership went.
struct FenceExpiredBroker {
    struct Reply {
        BrokerId fenced = kNoBroker;
        bool has_more = false;  // ask again at once
    };
};

struct UnregisterBroker {
    BrokerId id;

    struct Reply {
        Error error;
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

// A broker tells which of its directories each replica is in.
struct AssignReplicasToDirs {
    struct Topic {
        TopicId id;
        std::vector<PartitionIndex> partitions;
    };
    struct Directory {
        DirectoryId id;
        std::vector<Topic> topics;
    };
    BrokerId broker;
    BrokerEpoch broker_epoch{-1};
    std::vector<Directory> directories;

    struct Reply {
        Error error;  // of the request as a whole; then there is nothing below
        // Per partition, in the order of the request: [directory][topic][partition].
        std::vector<std::vector<std::vector<ErrorCode>>> partitions;
    };
};

}  // namespace milena::metadata
