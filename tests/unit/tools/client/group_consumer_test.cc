// A consumer in a group, against a coordinator that does what the test tells it.
#include "tools/client/group_consumer.h"

#include "protocol/record/batch_builder.h"
#include "tests/unit/tools/client/fake_broker.h"
#include "tools/client/machine.h"

#include <mutex>

#include <gtest/gtest.h>

namespace milena::client {
namespace {

using E = ErrorCode;

// Topic t with two partitions of 10 records each, and a group with one position: t-0 at 4.
class GroupConsumerTest : public testing::Test {
  protected:
    void SetUp() override {
        broker_.on<msg::MetadataRequest>(
            [this](const auto&, Arena& arena) { return broker_.metadata(arena, "t", 2); });
        broker_.on<msg::FindCoordinatorRequest>([this](const auto& request, Arena& arena) {
            msg::FindCoordinatorResponse response;
            response.coordinators =
                Array<msg::FindCoordinatorResponse::Coordinator>::make(arena, 1);
            auto& only = response.coordinators[0];
            only.key = arena.copy(request.coordinator_keys[0]);
            only.node_id = BrokerId(1);
            only.host = "127.0.0.1";
            only.port = broker_.endpoint().port;
            return response;
        });
        broker_.on<msg::FetchRequest>(
            [this](const auto& request, Arena& arena) { return fetch(request, arena); });
        broker_.on<msg::ListOffsetsRequest>(
            [](const auto& request, Arena& arena) { return earliest(request, arena); });
        broker_.on<msg::OffsetFetchRequest>(
            [this](const auto& request, Arena& arena) { return offsets(request, arena); });
        broker_.on<msg::OffsetCommitRequest>(
            [this](const auto& request, Arena& arena) { return commit(request, arena); });
        broker_.on<msg::JoinGroupRequest>(
            [this](const auto& request, Arena& arena) { return join(request, arena); });
        broker_.on<msg::SyncGroupRequest>([this](const auto& request, Arena& arena) {
            note("sync " + std::to_string(request.generation_id));
            msg::SyncGroupResponse response;
            for (const auto& given : request.assignments) {
                if (given.member_id != "m1") continue;
                const auto copy = arena.copy(
                    std::string_view(reinterpret_cast<const char*>(given.assignment.data()),
                                     given.assignment.size()));
                response.assignment = as_bytes(copy);
            }
            return response;
        });
        broker_.on<msg::HeartbeatRequest>([this](const auto&, Arena&) {
            msg::HeartbeatResponse response;
            const std::lock_guard lock(mutex_);
            response.error_code = std::exchange(beat_, E::NONE);
            return response;
        });
        broker_.on<msg::LeaveGroupRequest>([this](const auto& request, Arena&) {
            note("leave " + std::string(request.members[0].member_id));
            return msg::LeaveGroupResponse{};
        });
        broker_.on<msg::ConsumerGroupHeartbeatRequest>(
            [this](const auto& request, Arena& arena) { return report(request, arena); });
    }

    // The leader, at generation 1, 2, ...; the first time without an id.
    msg::JoinGroupResponse join(const msg::JoinGroupRequest& request, Arena& arena) {
        using Response = msg::JoinGroupResponse;
        Response response;
        response.member_id = "m1";
        if (request.member_id.empty()) {
            response.error_code = E::MEMBER_ID_REQUIRED;
            return response;
        }
        response.generation_id = ++generation_;
        response.protocol_name = "range";
        response.leader = "m1";
        response.members = Array<Response::JoinGroupResponseMember>::make(arena, 1);
        response.members[0].member_id = "m1";
        const auto metadata = request.protocols[0].metadata;
        const auto copy = arena.copy(
            std::string_view(reinterpret_cast<const char*>(metadata.data()), metadata.size()));
        response.members[0].metadata = as_bytes(copy);
        note("join " + std::to_string(generation_));
        return response;
    }

    // Epoch 1 has both partitions, epoch 2 only the first.
    msg::ConsumerGroupHeartbeatResponse report(const msg::ConsumerGroupHeartbeatRequest& request,
                                               Arena& arena) {
        using Response = msg::ConsumerGroupHeartbeatResponse;
        std::string owned = "-";
        if (!request.topic_partitions.is_null()) {
            owned = std::to_string(request.topic_partitions.empty()
                                       ? 0
                                       : request.topic_partitions[0].partitions.size());
        }
        note("report " + std::to_string(request.member_epoch) + " " + owned);
        Response response;
        response.member_epoch = request.member_epoch;
        response.heartbeat_interval_ms = Millis(5);
        if (request.member_epoch < 0) return response;
        const std::lock_guard lock(mutex_);
        const bool changes = request.member_epoch == 0 || wanted_epoch_ > request.member_epoch;
        response.member_epoch = std::max(1, wanted_epoch_);
        if (!changes) return response;
        Response::Assignment assignment;
        assignment.topic_partitions = Array<Response::TopicPartitions>::make(arena, 1);
        assignment.topic_partitions[0].topic_id = TopicId(Uuid{7, 9});
        auto& partitions = assignment.topic_partitions[0].partitions;
        partitions = Array<PartitionIndex>::make(arena, wanted_epoch_ > 1 ? 1 : 2);
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            partitions[i] = PartitionIndex(static_cast<std::int32_t>(i));
        }
        response.assignment = assignment;
        return response;
    }

    static msg::ListOffsetsResponse earliest(const msg::ListOffsetsRequest& request, Arena& arena) {
        using Response = msg::ListOffsetsResponse;
        Response response;
        response.topics = Array<Response::ListOffsetsTopicResponse>::make(arena, 1);
        response.topics[0].name = "t";
        auto& partitions = response.topics[0].partitions;
        const auto& asked = request.topics[0].partitions;
        partitions = Array<Response::ListOffsetsPartitionResponse>::make(arena, asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            partitions[i].partition_index = asked[i].partition_index;
            partitions[i].offset = Offset(asked[i].timestamp == kLatest ? 10 : 0);
        }
        return response;
    }

    msg::OffsetFetchResponse offsets(const msg::OffsetFetchRequest& request, Arena& arena) {
        using Response = msg::OffsetFetchResponse;
        EXPECT_TRUE(request.require_stable);
        Response response;
        response.groups = Array<Response::OffsetFetchResponseGroup>::make(arena, 1);
        auto& group = response.groups[0];
        group.group_id = "g";
        group.topics = Array<Response::OffsetFetchResponseTopics>::make(arena, 1);
        group.topics[0].topic_id = TopicId(Uuid{7, 9});
        auto& partitions = group.topics[0].partitions;
        const std::lock_guard lock(mutex_);
        partitions = Array<Response::OffsetFetchResponsePartitions>::make(arena, committed_.size());
        std::size_t i = 0;
        for (const auto& [index, offset] : committed_) {
            partitions[i].partition_index = PartitionIndex(index);
            partitions[i++].committed_offset = Offset(offset);
        }
        if (unstable_-- > 0) partitions[0].error_code = E::UNSTABLE_OFFSET_COMMIT;
        return response;
    }

    msg::OffsetCommitResponse commit(const msg::OffsetCommitRequest& request, Arena& arena) {
        using Response = msg::OffsetCommitResponse;
        Response response;
        response.topics = Array<Response::OffsetCommitResponseTopic>::make(arena, 1);
        response.topics[0].topic_id = request.topics[0].topic_id;
        auto& partitions = response.topics[0].partitions;
        const auto& asked = request.topics[0].partitions;
        partitions = Array<Response::OffsetCommitResponsePartition>::make(arena, asked.size());
        std::string what = "commit@" + std::to_string(request.generation_id_or_member_epoch);
        for (std::size_t i = 0; i < asked.size(); ++i) {
            partitions[i].partition_index = asked[i].partition_index;
            what += " " + std::to_string(asked[i].partition_index.value()) + "=" +
                    std::to_string(asked[i].committed_offset.value());
            const std::lock_guard lock(mutex_);
            committed_[asked[i].partition_index.value()] = asked[i].committed_offset.value();
        }
        note(what);
        return response;
    }

    static std::vector<std::uint8_t> records() {
        BatchBuilder builder{BatchTraits{}};
        for (int i = 0; i < 10; ++i) {
            builder.add(TimestampMs(5), NullableBytes(),
                        NullableBytes(as_bytes(std::to_string(i))));
        }
        const auto bytes = builder.finish();
        return {bytes.begin(), bytes.end()};
    }

    msg::FetchResponse fetch(const msg::FetchRequest& request, Arena& arena) {
        using Response = msg::FetchResponse;
        const auto& asked = request.topics[0].partitions;
        Response response;
        response.responses = Array<Response::FetchableTopicResponse>::make(arena, 1);
        response.responses[0].topic_id = request.topics[0].topic_id;
        auto& answers = response.responses[0].partitions;
        answers = Array<Response::PartitionData>::make(arena, asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            answers[i].partition_index = asked[i].partition;
            answers[i].records =
                Records(asked[i].fetch_offset < Offset(10) ? ByteView(records_) : ByteView());
        }
        return response;
    }

    void note(std::string what) {
        const std::lock_guard lock(mutex_);
        story_.push_back(std::move(what));
    }
    // What happened since it was asked last, heartbeats without news left out.
    std::string story() {
        const std::lock_guard lock(mutex_);
        std::string out;
        for (const auto& what : std::exchange(story_, {})) {
            if (what.ends_with(" -")) continue;
            out += (out.empty() ? "" : ", ") + what;
        }
        return out;
    }

    std::unique_ptr<GroupConsumer> open(GroupProtocol protocol = GroupProtocol::classic) {
        ClusterSettings config;
        config.bootstrap = {broker_.endpoint()};
        config.retry_backoff = Millis(1);
        cluster_ = std::make_unique<Cluster>(config, clock_);
        GroupConsumerSettings settings;
        settings.member.group = "g";
        settings.member.protocol = protocol;
        settings.member.heartbeat_interval = Millis(5);
        settings.consumer.reset = reset_;
        return std::make_unique<GroupConsumer>(
            *cluster_, settings,
            [this] {
                const std::string topic = "t";
                return cluster_->topics(std::span(&topic, 1), false);
            },
            random_);
    }
    // "partition:value ..." sorted, until there are `count`.
    std::string read(GroupConsumer& consumer, std::size_t count) {
        std::vector<std::string> read;
        const auto deadline = clock_.now() + std::chrono::seconds(20);
        while (read.size() < count && clock_.now() < deadline) {
            const auto polled = consumer.poll(
                clock_.now() + std::chrono::seconds(1), [&](const ConsumedRecord& record) {
                    read.push_back(std::to_string(record.partition.value()) + ":" +
                                   std::string(*record.value));
                    return read.size() < count;
                });
            if (!polled) return polled.error().detail;
        }
        std::ranges::sort(read);
        std::string out;
        for (const auto& each : read) out += each + " ";
        return out;
    }
    // Lives on until the story goes so.
    void live_until(GroupConsumer& consumer, std::string_view last) {
        const auto deadline = clock_.now() + std::chrono::seconds(20);
        while (clock_.now() < deadline) {
            ASSERT_TRUE(consumer.poll(clock_.now() + Millis(5), [](const auto&) { return true; }));
            const std::lock_guard lock(mutex_);
            if (!story_.empty() && story_.back() == last) return;
        }
        FAIL() << "no " << last;
    }

    MachineClock clock_;
    MachineRandom random_;
    const std::vector<std::uint8_t> records_ = records();
    std::optional<TimestampMs> reset_ = kEarliest;
    std::mutex mutex_;
    std::map<int, std::int64_t> committed_ = {{0, 4}};
    std::vector<std::string> story_;
    E beat_ = E::NONE;
    int unstable_ = 0;
    std::int32_t generation_ = 0;
    std::int32_t wanted_epoch_ = 1;
    FakeBroker broker_;  // last: its thread uses what stands above
    std::unique_ptr<Cluster> cluster_;
};

TEST_F(GroupConsumerTest, ReadsFromWhereTheGroupStandsAndLeavesItsPositions) {
    const auto consumer = open();
    EXPECT_EQ(read(*consumer, 16),
              "0:4 0:5 0:6 0:7 0:8 0:9 1:0 1:1 1:2 1:3 1:4 1:5 1:6 1:7 1:8 "
              "1:9 ");
    EXPECT_EQ(story(), "join 1, sync 1");
    EXPECT_TRUE(consumer->close());
    EXPECT_EQ(story(), "commit@1 0=10 1=10, leave m1");
}

TEST_F(GroupConsumerTest, CommitsOnlyWhatWasHandedOut) {
    committed_ = {{0, 4}, {1, 10}};
    const auto consumer = open();
    EXPECT_EQ(read(*consumer, 2), "0:4 0:5 ");
    EXPECT_TRUE(consumer->close());
    EXPECT_EQ(story(), "join 1, sync 1, commit@1 0=6, leave m1");
}

TEST_F(GroupConsumerTest, CommitsBeforeItJoinsAgain) {
    const auto consumer = open();
    read(*consumer, 16);
    story();
    {
        const std::lock_guard lock(mutex_);
        beat_ = E::REBALANCE_IN_PROGRESS;
    }
    live_until(*consumer, "sync 2");
    EXPECT_EQ(story(), "commit@1 0=10 1=10, join 2, sync 2");
    EXPECT_EQ(consumer->positions().size(), 2U);
    EXPECT_EQ(consumer->positions().begin()->second, Offset(10)) << "from its own position";
}

TEST_F(GroupConsumerTest, AMemberThatWasForgottenJoinsAnew) {
    const auto consumer = open();
    read(*consumer, 16);
    story();
    {
        const std::lock_guard lock(mutex_);
        beat_ = E::UNKNOWN_MEMBER_ID;
    }
    live_until(*consumer, "sync 2");
    EXPECT_TRUE(story().ends_with("join 2, sync 2"));
}

TEST_F(GroupConsumerTest, WaitsForTransactionsThatMoveThePositions) {
    unstable_ = 3;
    const auto consumer = open();
    EXPECT_EQ(read(*consumer, 16).substr(0, 4), "0:4 ");
    EXPECT_GE(broker_.count(ApiKey::OffsetFetch), 4);
}

TEST_F(GroupConsumerTest, WithoutAPositionAndWithoutALeaveToChooseItFails) {
    reset_.reset();
    const auto consumer = open();
    EXPECT_NE(read(*consumer, 1).find("Undefined offset"), std::string::npos);
}

TEST_F(GroupConsumerTest, RefusalsOfTheCoordinatorAreFinal) {
    broker_.on<msg::JoinGroupRequest>([](const auto&, Arena&) {
        msg::JoinGroupResponse response;
        response.error_code = E::GROUP_MAX_SIZE_REACHED;
        return response;
    });
    const auto consumer = open();
    EXPECT_NE(read(*consumer, 1).find("GROUP_MAX_SIZE_REACHED"), std::string::npos);
}

TEST_F(GroupConsumerTest, TheConsumerProtocolGivesUpAndSaysSo) {
    const auto consumer = open(GroupProtocol::consumer);
    EXPECT_EQ(read(*consumer, 16).substr(0, 8), "0:4 0:5 ");
    live_until(*consumer, "report 1 -");
    EXPECT_EQ(story(), "report 0 0, report 1 2") << "joins, and confirms what it got";
    {
        const std::lock_guard lock(mutex_);
        wanted_epoch_ = 2;
    }
    live_until(*consumer, "report 2 1");
    EXPECT_EQ(story(), "commit@2 1=10, report 2 1") << "commits what it gives up before it says so";
    EXPECT_EQ(consumer->positions().size(), 1U);
    EXPECT_TRUE(consumer->close());
    EXPECT_EQ(story(), "commit@2 0=10") << "and leaves, which has no news";
}

}  // namespace
}  // namespace milena::client
