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
constexpr BrokerId kOther{2};
const TopicId kTopic{Uuid{1, 2}};

// Holds what other brokers are asked until the test answers.
class HeldPeers final : public TransactionPeers {
  public:
    struct Asked {
        BrokerId leader;
        Partitions partitions;
        ProducerId producer;
        Marked done;
    };
    void write_markers(BrokerId leader, const Partitions& partitions,
                       const log::TransactionEnd& end, Marked done) override {
        asked.push_back({leader, partitions, end.producer_id, std::move(done)});
    }
    void ask(BrokerId, coordinator::txn::LeaderQuestion, TransactionPeers::Asked) override {
        FAIL();
    }

    // The oldest question; the same code for all that it asks, or no answer at all.
    void answer(std::optional<ErrorCode> code) {
        auto question = std::move(asked.front());
        asked.pop_front();
        if (!code) return question.done(fail(ErrorCode::NETWORK_EXCEPTION, "gone"));
        MarkerAnswer said;
        for (const auto& [topic, indexes] : question.partitions) {
            for (const auto index : indexes) said.set(topic, index, *code);
        }
        question.done(std::move(said));
    }

    std::deque<Asked> asked;
};

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
        for (int i = 0; i < 2; ++i) {
            metadata::PartitionImage elsewhere;
            elsewhere.leader = kOther;
            topic->partitions.push_back(
                std::make_shared<metadata::PartitionImage>(std::move(elsewhere)));
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
    HeldPeers peers;
    MarkerWriter writer{
        {clock, table, [this] { return image; }, "offsets", nullptr, kSelf, &peers}};
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

TEST_F(MarkerWriterTest, AsksAnotherLeaderForAllOfItsPartitionsAtOnce) {
    carry_out({{"t", {PartitionIndex(0), PartitionIndex(2), PartitionIndex(3)}}});
    ASSERT_EQ(peers.asked.size(), 1U);
    EXPECT_EQ(peers.asked.front().leader, kOther);
    EXPECT_EQ(peers.asked.front().producer, ProducerId(7));
    const MarkerWriter::Partitions both{{"t", {PartitionIndex(2), PartitionIndex(3)}}};
    EXPECT_EQ(peers.asked.front().partitions, both);
    sync();
    EXPECT_FALSE(outcome) << "the other broker has said nothing";
    peers.answer(ErrorCode::NONE);
    EXPECT_EQ(outcome, ErrorCode::NONE);
}

TEST_F(MarkerWriterTest, AsksAgainWhenTheOtherLeaderRefusesOrSaysNothing) {
    carry_out({{"t", {PartitionIndex(2)}}});
    for (const auto code : {std::optional<ErrorCode>(),
                            {ErrorCode::NOT_LEADER_OR_FOLLOWER},
                            {ErrorCode::COORDINATOR_LOAD_IN_PROGRESS}}) {
        ASSERT_EQ(peers.asked.size(), 1U);
        peers.answer(code);
        sync();
        EXPECT_FALSE(outcome);
        executor.advance(Millis(101));
    }
    peers.answer(ErrorCode::INVALID_PRODUCER_EPOCH);
    EXPECT_EQ(outcome, ErrorCode::NONE) << "another transaction is open there";
    EXPECT_TRUE(peers.asked.empty());
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
