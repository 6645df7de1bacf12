// What the group coordinator is asked, and what it answers: one pair of structs per verb. They own
// their data and know no protocol versions (codecs and broker/api do): where the versions differ
// in more than form, a flag says what the client can do.
//
// One request is about one group; a handler that is asked about several asks each one's shard.
// Authorization is the handler's business, and that topics and partitions of a commit exist.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace milena::coordinator::group {

using Blob = std::vector<std::uint8_t>;

inline constexpr std::int32_t kNoGeneration = -1;

// Who sent the request; shown by DescribeGroups, and part of member ids that the broker makes.
struct Client {
    std::string id;
    std::string host;  // "/127.0.0.1", as Java prints an address

    friend bool operator==(const Client&, const Client&) = default;
};

struct Protocol {
    std::string name;
    Blob metadata;

    friend bool operator==(const Protocol&, const Protocol&) = default;
};

// What a member of a group says of itself when it sends something else than JoinGroup.
struct MemberClaim {
    std::string member_id;
    std::optional<std::string> instance_id;
    // Of a classic group the generation, of a consumer group the member's epoch.
    std::int32_t generation = kNoGeneration;
};

// --- Classic groups ---

struct JoinGroup {
    std::string group_id;
    std::string member_id;  // empty: not a member yet
    std::optional<std::string> instance_id;
    Client client;
    std::string protocol_type;
    std::vector<Protocol> protocols;  // in order of preference
    Millis session_timeout{0};
    Millis rebalance_timeout{0};            // v0: the session timeout
    bool requires_known_member_id = false;  // v4+: is sent away once with MEMBER_ID_REQUIRED
    bool supports_skip_assignment = false;  // v9+

    struct Reply {
        struct Member {
            std::string id;
            std::optional<std::string> instance_id;
            Blob metadata;
        };
        Error error{ErrorCode::NONE, {}};
        std::int32_t generation = kNoGeneration;
        std::optional<std::string> protocol_type;
        std::optional<std::string> protocol;
        std::string leader;
        bool skip_assignment = false;
        std::string member_id;
        std::vector<Member> members;  // told to the leader only
    };
};

struct SyncGroup {
    std::string group_id;
    MemberClaim member;
    std::optional<std::string> protocol_type;  // v5+: must match when present
    std::optional<std::string> protocol;       // v5+
    struct Assignment {
        std::string member_id;
        Blob assignment;
    };
    std::vector<Assignment> assignments;  // from the leader

    struct Reply {
        Error error{ErrorCode::NONE, {}};
        std::optional<std::string> protocol_type;
        std::optional<std::string> protocol;
        Blob assignment;
    };
};

struct Heartbeat {
    std::string group_id;
    MemberClaim member;

    struct Reply {
        Error error{ErrorCode::NONE, {}};
    };
};

struct LeaveGroup {
    std::string group_id;
    struct Member {
        std::string member_id;  // may be empty when there is an instance id
        std::optional<std::string> instance_id;
        std::optional<std::string> reason;
    };
    std::vector<Member> members;  // v0-2: one

    struct Reply {
        struct Member {
            std::string member_id;
            std::optional<std::string> instance_id;
            Error error{ErrorCode::NONE, {}};
        };
        Error error{ErrorCode::NONE, {}};  // of the group; then `members` is empty
        std::vector<Member> members;       // as in the request
    };
};

// --- Groups of every kind ---

// Of classic groups; a consumer group is GROUP_ID_NOT_FOUND, but served to DescribeGroups as Kafka
// does.
struct DescribeGroup {
    std::string group_id;

    struct Reply {
        struct Member {
            std::string id;
            std::optional<std::string> instance_id;
            Client client;
            Blob metadata;
            Blob assignment;
        };
        Error error{ErrorCode::NONE,
                    {}};  // GROUP_ID_NOT_FOUND: state "Dead"; versions below 6 answer NONE then
        std::string group_id;
        std::string state;  // "Stable"
        std::string protocol_type;
        std::string protocol;
        std::vector<Member> members;
    };
};

struct ListGroups {
    std::vector<std::string> states;  // empty: all; upper and lower case are one
    std::vector<std::string> types;

    struct Reply {
        struct Group {
            std::string id;
            std::string protocol_type;
            std::string state;
            std::string type;  // "classic", "consumer"
        };
        Error error{ErrorCode::NONE, {}};
        std::vector<Group> groups;
    };
};

struct DeleteGroup {
    std::string group_id;

    struct Reply {
        Error error{ErrorCode::NONE, {}};
    };
};

// --- Offsets ---

struct OffsetPartition {
    PartitionIndex index;
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::string metadata;
};

struct OffsetTopic {
    std::string name;
    TopicId id;  // zero when the client named the topic
    std::vector<OffsetPartition> partitions;
};

// One per topic of the request, in its order.
struct OffsetErrors {
    struct Partition {
        PartitionIndex index;
        ErrorCode error = ErrorCode::NONE;
    };
    struct Topic {
        std::string name;
        TopicId id;
        std::vector<Partition> partitions;
    };
};

struct OffsetCommit {
    std::string group_id;
    MemberClaim member;
    std::optional<Millis> retention;     // v2-4, when the client set it
    bool supports_member_epoch = false;  // v9+
    std::vector<OffsetTopic> topics;

    struct Reply {
        Error error{ErrorCode::NONE, {}};  // of the whole request; then every partition has it
        std::vector<OffsetErrors::Topic> topics;
    };
};

struct TxnOffsetCommit {
    std::string group_id;
    std::string transactional_id;
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    MemberClaim member;  // no id, no generation: not checked
    std::vector<OffsetTopic> topics;

    using Reply = OffsetCommit::Reply;
};

struct OffsetFetch {
    std::string group_id;
    // v9+; absent and -1: not checked.
    std::optional<std::string> member_id;
    std::int32_t member_epoch = kNoGeneration;
    bool require_stable = false;
    struct Topic {
        std::string name;
        TopicId id;  // zero when the client named the topic
        std::vector<PartitionIndex> partitions;
    };
    std::optional<std::vector<Topic>> topics;  // absent: all that have a position

    struct Reply {
        struct Partition {
            PartitionIndex index;
            Offset offset = kNoOffset;
            LeaderEpoch leader_epoch = kNoLeaderEpoch;
            std::string metadata;
            ErrorCode error = ErrorCode::NONE;
        };
        struct Topic {
            std::string name;
            TopicId id;
            std::vector<Partition> partitions;
        };
        Error error{ErrorCode::NONE, {}};
        std::vector<Topic> topics;
    };
};

struct OffsetDelete {
    std::string group_id;
    struct Topic {
        std::string name;
        std::vector<PartitionIndex> partitions;
    };
    std::vector<Topic> topics;

    struct Reply {
        Error error{ErrorCode::NONE, {}};  // of the group; then `topics` is empty
        std::vector<OffsetErrors::Topic> topics;
    };
};

// Positions on these topics are forgotten in all groups of the shard. Nobody waits for the reply.
struct ForgetTopics {
    std::vector<std::string> names;

    struct Reply {};
};

// --- Consumer groups (KIP-848) ---

struct TopicPartitions {
    TopicId topic;
    std::vector<PartitionIndex> partitions;

    friend bool operator==(const TopicPartitions&, const TopicPartitions&) = default;
};

struct ConsumerGroupHeartbeat {
    std::string group_id;
    std::string member_id;
    std::int32_t member_epoch = 0;  // 0 join, -1 leave, -2 leave for a while (static)
    std::optional<std::string> instance_id;
    std::optional<std::string> rack;
    std::optional<Millis> rebalance_timeout;  // absent here and below: as it was
    std::optional<std::vector<std::string>> subscribed_topics;
    std::optional<std::string> subscribed_regex;
    std::optional<std::string> server_assignor;
    std::optional<std::vector<TopicPartitions>> owned;
    Client client;
    bool may_lack_member_id = false;  // v0: the broker makes the id of one that joins without

    struct Reply {
        Error error{ErrorCode::NONE, {}};
        std::optional<std::string> member_id;
        std::int32_t member_epoch = 0;
        Millis heartbeat_interval{0};
        std::optional<std::vector<TopicPartitions>> assignment;  // absent: as it was
    };
};

struct ConsumerGroupDescribe {
    std::string group_id;

    struct Reply {
        struct Partitions {
            TopicId topic;
            std::string topic_name;
            std::vector<PartitionIndex> partitions;
        };
        struct Member {
            std::string id;
            std::optional<std::string> instance_id;
            std::optional<std::string> rack;
            std::int32_t epoch = 0;
            Client client;
            std::vector<std::string> subscribed_topics;
            std::optional<std::string> subscribed_regex;
            std::vector<Partitions> assignment;
            std::vector<Partitions> target_assignment;
            std::int8_t type = -1;  // 0 classic, 1 consumer
        };
        Error error{ErrorCode::NONE, {}};
        std::string group_id;
        std::string state;
        std::int32_t epoch = 0;
        std::int32_t assignment_epoch = 0;
        std::string assignor;
        std::vector<Member> members;
    };
};

// The metadata image is a new one: topics came, went or grew. Nobody waits for the reply.
struct ImageChanged {
    std::vector<std::string> topics;  // whose metadata changed

    struct Reply {};
};

using Request =
    std::variant<JoinGroup, SyncGroup, Heartbeat, LeaveGroup, DescribeGroup, ListGroups,
                 DeleteGroup, OffsetCommit, TxnOffsetCommit, OffsetFetch, OffsetDelete,
                 ForgetTopics, ConsumerGroupHeartbeat, ConsumerGroupDescribe, ImageChanged>;
// OffsetCommit::Reply is TxnOffsetCommit's too.
using Reply =
    std::variant<JoinGroup::Reply, SyncGroup::Reply, Heartbeat::Reply, LeaveGroup::Reply,
                 DescribeGroup::Reply, ListGroups::Reply, DeleteGroup::Reply, OffsetCommit::Reply,
                 OffsetFetch::Reply, OffsetDelete::Reply, ForgetTopics::Reply,
                 ConsumerGroupHeartbeat::Reply, ConsumerGroupDescribe::Reply, ImageChanged::Reply>;

}  // namespace milena::coordinator::group
