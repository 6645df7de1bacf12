// A group of the consumer protocol (KIP-848): the broker assigns, members reconcile.
#pragma once

#include "broker/coordinator/group/requests.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::coordinator::group {

// Numbers of Kafka's MemberState.
enum class MemberState : std::int8_t {
    stable = 0,
    unrevoked_partitions = 1,
    unreleased_partitions = 2,
    unknown = 127,
};

// A member that speaks the classic protocol to a consumer group.
struct ClassicSide {
    Millis session_timeout{0};
    std::vector<Protocol> protocols;

    friend bool operator==(const ClassicSide&, const ClassicSide&) = default;
};

struct ConsumerMember {
    std::string id;
    std::optional<std::string> instance_id;
    std::optional<std::string> rack;
    Client client;
    std::vector<std::string> subscribed_topics;
    std::optional<std::string> subscribed_regex;
    Millis rebalance_timeout{-1};
    std::optional<std::string> server_assignor;
    std::optional<ClassicSide> classic;

    std::int32_t epoch = 0;
    std::int32_t previous_epoch = -1;
    MemberState state = MemberState::stable;
    std::vector<TopicPartitions> assigned;
    std::vector<TopicPartitions> pending_revocation;

    friend bool operator==(const ConsumerMember&, const ConsumerMember&) = default;
};

struct ResolvedRegex {
    std::vector<std::string> topics;
    std::int64_t version = 0;  // of the metadata it was matched against
    TimestampMs timestamp = kNoTimestamp;

    friend bool operator==(const ResolvedRegex&, const ResolvedRegex&) = default;
};

// All of this is in the log.
struct ConsumerGroup {
    std::int32_t epoch = 0;
    std::int64_t metadata_hash = 0;
    std::int32_t assignment_epoch = 0;
    std::map<std::string, ConsumerMember, std::less<>> members;
    std::map<std::string, std::vector<TopicPartitions>, std::less<>> target;  // by member
    std::map<std::string, ResolvedRegex, std::less<>> regexes;

    friend bool operator==(const ConsumerGroup&, const ConsumerGroup&) = default;
};

}  // namespace milena::coordinator::group
