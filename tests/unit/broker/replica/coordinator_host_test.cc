#include "broker/replica/coordinator_host.h"

#include "broker/replica/flusher.h"
#include "log/posix_disk.h"
#include "tests/unit/broker/replica/counter_machine.h"
#include "tests/unit/broker/support/manual_executor.h"

#include <cstdlib>
#include <deque>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using Host = CoordinatorHost<CounterMachine>;

class StillClock final : public Clock {
  public:
    MonoTime now() const override { return MonoTime(Millis(1)); }
    TimestampMs wall_now() const override { return TimestampMs(1'700'000'000'000); }
};

constexpr BrokerId kSelf{1};
constexpr BrokerId kOther{2};

// Three partitions of the topic "counters" are on this node.
struct CoordinatorHostTest : testing::Test {
    void SetUp() override {
        char pattern[] = "/tmp/milena-host-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
        for (int i = 0; i < 3; ++i) open_partition(i);
    }
    void TearDown() override {
        host.stop();
        executor.run();
        for (const auto& partition : table.all()) {
            (void)partition->close(Partition::Closing::removed, {clock.wall_now(), clock.now()});
        }
        (void)log::remove_tree(disk, directory);
    }

    void open_partition(int index) {
        auto settings = std::make_shared<TopicSettings>();
        settings->replication.durability = partition::Durability::page_cache;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = {clock.wall_now(), clock.now()};
        auto opened = log::PartitionLog::open(
            disk, directory + "/counters-" + std::to_string(index), options);
        ASSERT_TRUE(opened) << opened.error().detail;
        auto partition =
            std::make_shared<Partition>(PartitionName{"counters", kTopic, PartitionIndex(index)},
                                        kSelf, std::move(*opened), settings, flusher);
        partition->become_leader({LeaderEpoch(0), PartitionEpoch(0), {kSelf}, {kSelf}}, Offset(0),
                                 clock.now());
        table.put(std::move(partition));
    }
    // "counters" with these leaders, in epoch 0.
    static metadata::Image image(const std::vector<BrokerId>& leaders, int epoch = 0) {
        auto topic = std::make_shared<metadata::TopicImage>();
        topic->name = "counters";
        topic->id = kTopic;
        for (const auto leader : leaders) {
            auto partition = std::make_shared<metadata::PartitionImage>();
            partition->leader = leader;
            partition->leader_epoch = LeaderEpoch(epoch);
            topic->partitions.push_back(std::move(partition));
        }
        metadata::Image made;
        decltype(made.topics_by_name)::Editor(made.topics_by_name).set(topic);
        return made;
    }
    void run_blocking() {
        auto tasks = std::exchange(blocking, {});
        for (auto& task : tasks) task();
        executor.run();
    }
    std::string ask(int shard, CounterRequest::Kind kind = CounterRequest::Kind::add) {
        std::string answer = "owed";
        host.submit(PartitionIndex(shard), {kind, "n"}, [&](Result<int> reply) {
            answer = reply ? "=" + std::to_string(*reply) : error_name(reply.error().code);
        });
        return answer;
    }

    static constexpr TopicId kTopic{Uuid{1, 2}};
    ManualExecutor executor;
    StillClock clock;
    SeededRandom random{1};
    log::PosixDisk disk;
    std::string directory;
    std::deque<net::Task> blocking;
    Flusher flusher{disk, clock, [](const Flusher::Job&) {}};
    PartitionTable table;
    Host host{"counters",
              kSelf,
              table,
              {clock,
               random,
               [] { return std::make_shared<const metadata::Image>(); },
               [this](net::Task task) { blocking.push_back(std::move(task)); },
               {&executor}},
              {&executor},
              {{},
               {{}, Millis(0), Millis(5'000), 1 << 20},
               [](PartitionIndex, LeaderEpoch, const std::string&) {}}};
};

TEST_F(CoordinatorHostTest, WithoutItsTopicThereIsNoShard) {
    host.start(metadata::Image{});
    const auto shard = host.shard_of("group");
    ASSERT_FALSE(shard);
    EXPECT_EQ(shard.error().code, ErrorCode::COORDINATOR_NOT_AVAILABLE);
}

TEST_F(CoordinatorHostTest, PlacesIdsAsKafkaDoes) {
    host.start(image({kSelf, kSelf, kSelf}));
    // "my-group".hashCode() is -1906497762.
    EXPECT_EQ(host.shard_of("my-group"), PartitionIndex(1906497762 % 3));
    EXPECT_EQ(host.shard_of("polygenelubricants"), PartitionIndex(0));
}

TEST_F(CoordinatorHostTest, AShardBelongsToItsLeader) {
    host.start(image({kSelf, kOther, kSelf}));
    EXPECT_EQ(ask(0), "COORDINATOR_LOAD_IN_PROGRESS");
    run_blocking();
    EXPECT_EQ(ask(0), "=1");
    EXPECT_EQ(ask(1), "NOT_COORDINATOR");
    EXPECT_EQ(ask(7), "NOT_COORDINATOR");
    EXPECT_EQ(host.shards(), (std::vector{PartitionIndex(0), PartitionIndex(2)}));
}

TEST_F(CoordinatorHostTest, LosesItsShardWithTheLeadershipAndReadsItAgainAfterwards) {
    host.start(image({kSelf, kSelf, kSelf}));
    run_blocking();
    EXPECT_EQ(ask(1), "=1");
    host.publish(image({kSelf, kOther, kSelf}, 0));
    EXPECT_EQ(ask(1), "NOT_COORDINATOR");
    host.publish(image({kSelf, kSelf, kSelf}, 0));
    EXPECT_EQ(ask(1), "COORDINATOR_LOAD_IN_PROGRESS");
    run_blocking();
    EXPECT_EQ(ask(1, CounterRequest::Kind::get), "=1");
}

TEST_F(CoordinatorHostTest, AnImageThatChangesNothingForAShardLeavesItAlone) {
    host.start(image({kSelf, kSelf, kSelf}));
    run_blocking();
    host.publish(image({kSelf, kSelf, kSelf}));
    EXPECT_TRUE(blocking.empty());
    EXPECT_EQ(ask(1), "=1");
    EXPECT_EQ(host.counters().loads.load(), 3U);
}

TEST_F(CoordinatorHostTest, ANewEpochIsANewLife) {
    host.start(image({kSelf, kSelf, kSelf}));
    run_blocking();
    host.publish(image({kSelf, kSelf, kSelf}, 1));
    EXPECT_EQ(ask(1), "COORDINATOR_LOAD_IN_PROGRESS");
}

TEST_F(CoordinatorHostTest, LoadsNothingBeforeItStartsAndServesNothingAfterItStopped) {
    host.publish(image({kSelf, kSelf, kSelf}));
    EXPECT_TRUE(blocking.empty());
    EXPECT_EQ(ask(0), "NOT_COORDINATOR");
    host.start(image({kSelf, kSelf, kSelf}));
    run_blocking();
    EXPECT_EQ(ask(0), "=1");
    host.stop();
    EXPECT_EQ(ask(0), "NOT_COORDINATOR");
}

TEST_F(CoordinatorHostTest, ADeletedTopicHasNoShards) {
    host.start(image({kSelf, kSelf, kSelf}));
    run_blocking();
    host.publish(metadata::Image{});
    EXPECT_EQ(ask(0), "NOT_COORDINATOR");
    EXPECT_FALSE(host.shard_of("group"));
}

TEST_F(CoordinatorHostTest, ShowsTheMachinesThatAreLoaded) {
    host.start(image({kSelf, kOther, kSelf}));
    EXPECT_EQ(host.shard_counts().hosted, 2U);
    EXPECT_EQ(host.shard_counts().loading, 2U);
    int shown = 0;
    host.show_machines([&](const CounterMachine&) { ++shown; });
    EXPECT_EQ(shown, 0);
    run_blocking();
    EXPECT_EQ(ask(2), "=1");
    int sum = 0;
    host.show_machines([&](const CounterMachine& machine) {
        ++shown;
        sum += machine.value("n");
    });
    EXPECT_EQ(shown, 2);
    EXPECT_EQ(sum, 1);
    EXPECT_EQ(host.shard_counts().loading, 0U);
}

}  // namespace
}  // namespace milena::replica
