// Members of classic groups as tests make them.
#pragma once

#include "protocol/msg/records/consumer_protocol_subscription.h"
#include "protocol/wire/versioned.h"
#include "tests/unit/broker/coordinator/group/test_shard.h"

#include <functional>
#include <string>
#include <vector>

namespace milena::coordinator::group {

inline Blob subscription(std::vector<std::string> topics) {
    msg::ConsumerProtocolSubscription message;
    Arena arena;
    message.topics = Array<std::string_view>::make(arena, topics.size());
    for (std::size_t i = 0; i < topics.size(); ++i) message.topics[i] = topics[i];
    Blob bytes;
    EXPECT_TRUE(append_versioned(message, ApiVersion(1), bytes));
    return bytes;
}

inline JoinGroup join_request(std::string group_id) {
    JoinGroup join;
    join.group_id = std::move(group_id);
    join.client = {"client", "/127.0.0.1"};
    join.protocol_type = "consumer";
    join.protocols = {{"range", subscription({"t"})}};
    join.session_timeout = Millis(10'000);
    join.rebalance_timeout = Millis(60'000);
    return join;
}

inline SyncGroup sync_request(std::string group_id, std::string member_id,
                              std::int32_t generation) {
    SyncGroup sync;
    sync.group_id = std::move(group_id);
    sync.member = {std::move(member_id), std::nullopt, generation};
    return sync;
}

inline ErrorCode heartbeat(TestShard& shard, std::string group_id, std::string member_id,
                           std::int32_t generation) {
    return shard.now(Heartbeat{std::move(group_id), {std::move(member_id), {}, generation}})
        .error.code;
}

// A group that has joined and waits for the leader's assignment; static members are i0, i1, ...
// The ids of the members, the leader first.
inline std::vector<std::string> joined_group(TestShard& shard, std::string group_id, int count,
                                             bool is_static = false,
                                             std::optional<JoinGroup> like = {}) {
    auto join = like.value_or(join_request(group_id));
    std::vector<ReplyId> replies;
    for (int i = 0; i < count; ++i) {
        if (is_static) join.instance_id = "i" + std::to_string(i);
        replies.push_back(shard.ask(join));
    }
    shard.pass(Millis(6'000));
    std::vector<std::string> ids;
    for (const auto reply : replies) {
        const auto* answer = shard.answer<JoinGroup>(reply);
        EXPECT_NE(answer, nullptr);
        if (answer != nullptr) ids.push_back(answer->member_id);
    }
    return ids;
}

// As above, and all have their assignments: {1}, {2}, ...
inline std::vector<std::string> stable_group(TestShard& shard, std::string group_id, int count,
                                             bool is_static = false,
                                             std::optional<JoinGroup> like = {}) {
    auto ids = joined_group(shard, group_id, count, is_static, std::move(like));
    auto leader = sync_request(group_id, ids[0], 1);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        leader.assignments.push_back({ids[i], {static_cast<std::uint8_t>(i + 1)}});
    }
    shard.now(leader);
    for (std::size_t i = 1; i < ids.size(); ++i) shard.now(sync_request(group_id, ids[i], 1));
    return ids;
}

}  // namespace milena::coordinator::group
