// A cooperative consumer of the classic protocol that joins consumer groups.
#pragma once

#include "broker/coordinator/group/consumer/blobs.h"
#include "tests/unit/broker/coordinator/group/classic_members.h"
#include "tests/unit/broker/coordinator/group/test_shard.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace milena::coordinator::group {

// It gives up at once what it must, and says so when it joins again.
class ClassicClient {
  public:
    ClassicClient(TestShard& shard, std::string group_id, std::vector<std::string> topics)
        : shard_(shard), request_(join_request(std::move(group_id))), topics_(std::move(topics)) {}

    JoinGroup& request() { return request_; }
    const std::string& id() const { return request_.member_id; }
    bool is_in() const { return generation_ >= 0; }
    std::int32_t generation() const { return generation_; }
    const PartitionSet& owned() const { return owned_; }

    ErrorCode join() {
        request_.protocols = {{"range", subscription_with(owned_)}};
        const auto reply = shard_.now(request_);
        if (reply.error.code == ErrorCode::NONE || !reply.member_id.empty())
            request_.member_id = reply.member_id;
        if (reply.error.code == ErrorCode::NONE) generation_ = reply.generation;
        return note(reply.error.code);
    }
    ErrorCode sync() {
        const auto reply = shard_.now(sync_request(request_.group_id, id(), generation_));
        if (reply.error.code != ErrorCode::NONE) return note(reply.error.code);
        const auto assigned = consumer::read_assignment(reply.assignment, shard_.image);
        EXPECT_TRUE(assigned);
        owned_ = *assigned;
        return ErrorCode::NONE;
    }
    ErrorCode beat() { return note(heartbeat(shard_, request_.group_id, id(), generation_)); }
    // As a client does it: a heartbeat, and what it asks for.
    void live() {
        for (int i = 0; i < 4 && beat() == ErrorCode::REBALANCE_IN_PROGRESS; ++i) {
            EXPECT_EQ(join(), ErrorCode::NONE);
            EXPECT_EQ(sync(), ErrorCode::NONE);
        }
    }
    void set(std::string id, std::int32_t generation, PartitionSet owned) {
        request_.member_id = std::move(id);
        generation_ = generation;
        owned_ = std::move(owned);
    }

  private:
    // Who is not a member any longer has nothing.
    ErrorCode note(ErrorCode error) {
        if (error == ErrorCode::UNKNOWN_MEMBER_ID || error == ErrorCode::FENCED_INSTANCE_ID)
            set("", -1, {});
        return error;
    }
    Blob subscription_with(const PartitionSet& owned) const {
        using Message = msg::ConsumerProtocolSubscription;
        Arena arena;
        Message message;
        message.topics = Array<std::string_view>::make(arena, topics_.size());
        for (std::size_t i = 0; i < topics_.size(); ++i) message.topics[i] = topics_[i];
        std::vector<Message::TopicPartition> held;
        owned.for_each_topic([&](TopicId id, auto items) {
            auto& entry = held.emplace_back();
            entry.topic = shard_.image.topic(id)->name;
            entry.partitions = Array<PartitionIndex>::make(arena, items.size());
            for (std::size_t i = 0; i < items.size(); ++i) entry.partitions[i] = items[i].partition;
        });
        message.owned_partitions = Array<Message::TopicPartition>(held);
        Blob bytes;
        EXPECT_TRUE(append_versioned(message, ApiVersion(1), bytes));
        return bytes;
    }

    TestShard& shard_;
    JoinGroup request_;
    std::vector<std::string> topics_;
    std::int32_t generation_ = -1;
    PartitionSet owned_;
};

}  // namespace milena::coordinator::group
