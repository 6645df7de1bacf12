// What changes leaders, in-sync replicas and replicas of partitions that exist. See requests.h for
// what all requests share.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "replication/metadata/image.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milena::metadata {

// The leader of partitions proposes their in-sync replicas.
struct AlterPartition {
    struct Member {
        BrokerId id;
        BrokerEpoch epoch{-1};  // -1: not checked
    };
    struct Partition {
        PartitionIndex index;
        LeaderEpoch leader_epoch;
        PartitionEpoch partition_epoch;
        std::vector<Member> isr;
        LeaderRecoveryState recovery = LeaderRecoveryState::recovered;
    };
    struct Topic {
        TopicId id;
        std::vector<Partition> partitions;
    };
    BrokerId broker;
    BrokerEpoch broker_epoch{-1};
    std::vector<Topic> topics;

    struct Reply {
        struct Partition {
            PartitionIndex index;
            Error error;
            // What stands now; only on success.
            BrokerId leader = kNoBroker;
            LeaderEpoch leader_epoch{0};
            std::vector<BrokerId> isr{};
            LeaderRecoveryState recovery = LeaderRecoveryState::recovered;
            PartitionEpoch partition_epoch{0};
        };
        struct Topic {
            TopicId id;
            std::vector<Partition> partitions;
        };
        Error error;  // of the request as a whole; then there are no topics
        std::vector<Topic> topics;
    };
};

// What became of partitions of one topic.
struct TopicVerdicts {
    struct Partition {
        PartitionIndex index;
        Error error;
    };
    std::string name;
    std::vector<Partition> partitions{};
};

// Numbers of Kafka's ElectionType; a client may send others, which are refused.
enum class ElectionType : std::int8_t { preferred = 0, unclean = 1 };

struct ElectLeaders {
    struct Topic {
        std::string name;
        std::vector<PartitionIndex> partitions;
    };
    ElectionType type = ElectionType::preferred;
    std::optional<std::vector<Topic>> topics;  // absent: every partition

    struct Reply {
        Error error;  // of the request as a whole; then there are no topics
        // When every partition was asked for, those that needed no election are left out.
        std::vector<TopicVerdicts> topics;
    };
};

struct AlterPartitionReassignments {
    struct Partition {
        PartitionIndex index;
        std::optional<std::vector<BrokerId>> replicas;  // absent: what is under way is cancelled
    };
    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };
    std::vector<Topic> topics;
    bool allow_replication_factor_change = true;

    struct Reply {
        std::vector<TopicVerdicts> topics;
    };
};

// How much a periodic request has done.
struct SweepReply {
    std::size_t elections = 0;
    bool has_more = false;  // it stopped at kMaxElectionsPerSweep; ask again at once
};

// Gives leadership back to preferred replicas that are in sync again.
struct BalanceLeaders {
    using Reply = SweepReply;
};

// Looks for leaders of partitions that have none: clean ones where there are any, unclean ones
// where the topic allows them.
struct ElectMissingLeaders {
    using Reply = SweepReply;
};

// Moves the high watermark of the metadata log while nothing else does.
struct WriteNoOp {
    struct Reply {};
};

}  // namespace milena::metadata
