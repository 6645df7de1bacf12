#include "broker/replica/marker_writer.h"

#include "broker/replica/flusher.h"
#include "log/posix_disk.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"

#include <cstdlib>
#include <deque>
#include <optional>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

constexpr BrokerId kSelf{1};
const TopicId kTopic{Uuid{1, 2}};

// The topic "t" with two partitions on this node, synced by hand.
struct MarkerWriterTest : testing::Test {
    void SetUp() override {
        char pattern[] = "/tmp/milena-markers-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
        auto topic = std::make_shared<metadata::TopicImage>();
        topic->name = "t";
        topic->id = kTopic;
        for (int i = 0; i < 2; ++i) {
            topic->partitions.push_back(std::make_shared<metadata::PartitionImage>());
            open_partition(i);
        }
        auto made = std::make_shared<metadata::Image>();
        decltype(made->topics_by_name)::Editor(made->topics_by_name).set(topic);
        image = made;
    }
    void TearDown() override {
        jobs.clear();
        for (const auto& partition : table.all()) {
            (void)partition->close(Partition::Closing::removed, {clock.wall_now(), clock.now()});
        }
        (void)log::remove_tree(disk, directory);
    }
    void open_partition(int index) {
        auto settings = std::make_shared<TopicSettings>();
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = {clock.wall_now(), clock.now()};
        auto opened =
            log::PartitionLog::open(disk, directory + "/t-" + std::to_string(index), options);
        ASSERT_TRUE(opened) << opened.error().detail;
        auto partition =
            std::make_shared<Partition>(PartitionName{"t", kTopic, PartitionIndex(index)}, kSelf,
                                        std::move(*opened), settings, flusher);
        lead(*partition);
        table.put(std::move(partition));
    }
    void lead(Partition& partition) {
        partition.become_leader({LeaderEpoch(++epoch), PartitionEpoch(epoch), {kSelf}, {kSelf}},
                                Offset(0), clock.now());
    }
    void lose(Partition& partition) {
        ++epoch;
        partition.become_follower({LeaderEpoch(epoch), PartitionEpoch(epoch)}, Offset(0),
                                  {clock.wall_now(), clock.now()});
    }
    Partition& at(int index) { return *table.find(kTopic, PartitionIndex(index)); }

    void carry_out(MarkerWriter::Partitions partitions, std::int32_t coordinator_epoch = 5) {
        writer.carry_out(
            {std::move(partitions),
             {ProducerId(7), ProducerEpoch(3), {ControlType::commit, coordinator_epoch}, false},
             [this] { return wanted; },
             [this](Status status) {
                 EXPECT_FALSE(outcome) << "told twice";
                 outcome = status ? ErrorCode::NONE : status.error().code;
             }},
            executor);
    }
    // Every sync that is wanted happens.
    void sync() {
        while (!jobs.empty()) {
            auto job = std::move(jobs.front());
            jobs.pop_front();
            job();
        }
        executor.run();
    }

    StandingClock clock;
    log::PosixDisk disk;
    std::string directory;
    std::deque<Flusher::Job> jobs;
    Flusher flusher{disk, clock, [this](Flusher::Job job) { jobs.push_back(std::move(job)); }};
    ManualExecutor executor;
    PartitionTable table;
    metadata::ImagePtr image;
    MarkerWriter writer{{clock, table, [this] { return image; }, "offsets", nullptr}};
    int epoch = 0;
    bool wanted = true;
    std::optional<ErrorCode> outcome;
};

TEST_F(MarkerWriterTest, IsDoneWhenAllMarkersAreOnDisk) {
    carry_out({{"t", {PartitionIndex(0), PartitionIndex(1)}}});
    executor.run();
    EXPECT_FALSE(outcome) << "nothing is on disk yet";
    sync();
    EXPECT_EQ(outcome, ErrorCode::NONE);
    EXPECT_EQ(at(0).describe_producers()->front().coordinator_epoch, 5);
    EXPECT_EQ(at(1).describe_producers()->size(), 1U);
}

TEST_F(MarkerWriterTest, PassesOverWhatHasBeenDeleted) {
    carry_out({{"gone", {PartitionIndex(0)}}, {"t", {PartitionIndex(0), PartitionIndex(9)}}});
    sync();
    EXPECT_EQ(outcome, ErrorCode::NONE);
}

TEST_F(MarkerWriterTest, TriesAgainWhereNobodyLeadsYet) {
    lose(at(1));
    carry_out({{"t", {PartitionIndex(0), PartitionIndex(1)}}});
    sync();
    EXPECT_FALSE(outcome);
    lead(at(1));
    executor.advance(Millis(101));
    sync();
    EXPECT_EQ(outcome, ErrorCode::NONE);
    EXPECT_EQ(at(1).describe_producers()->size(), 1U);
}

TEST_F(MarkerWriterTest, GivesUpWhenNobodyWantsItAnyMore) {
    lose(at(1));
    carry_out({{"t", {PartitionIndex(1)}}});
    sync();
    wanted = false;
    executor.advance(Millis(101));
    EXPECT_EQ(outcome, ErrorCode::NOT_COORDINATOR);
}

TEST_F(MarkerWriterTest, StopsWhenAnotherCoordinatorTookOver) {
    carry_out({{"t", {PartitionIndex(0)}}}, 6);
    sync();
    ASSERT_EQ(outcome, ErrorCode::NONE);
    outcome.reset();
    carry_out({{"t", {PartitionIndex(0)}}}, 5);
    EXPECT_EQ(outcome, ErrorCode::TRANSACTION_COORDINATOR_FENCED);
}

TEST_F(MarkerWriterTest, HasTheCoordinatorOfOffsetsWriteThere) {
    MarkerWriter::Written held;
    MarkerWriter offsets{
        {clock, table, [this] { return image; }, "t",
         [&](PartitionIndex index, const log::TransactionEnd& end, MarkerWriter::Written done) {
             EXPECT_EQ(index, PartitionIndex(1));
             EXPECT_EQ(end.producer_id, ProducerId(7));
             held = std::move(done);
         }}};
    offsets.write("t", PartitionIndex(1),
                  {ProducerId(7), ProducerEpoch(3), {ControlType::abort, 1}, false}, executor,
                  [&](Status status) { outcome = status ? ErrorCode::NONE : status.error().code; });
    EXPECT_FALSE(outcome);
    ASSERT_TRUE(held);
    held(fail(ErrorCode::NOT_COORDINATOR, "moved"));
    EXPECT_EQ(outcome, ErrorCode::NOT_COORDINATOR);
    EXPECT_TRUE(at(1).describe_producers()->empty());
}

}  // namespace
}  // namespace milena::replica
