#include "broker/replica/partition.h"

#include "broker/replica/flusher.h"
#include "log/posix_disk.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"
#include "tests/unit/broker/support/woken.h"

#include <cstdlib>
#include <deque>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

struct PartitionTest : testing::Test {
    void SetUp() override {
        char pattern[] = "/tmp/milena-partition-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
        open(partition::Durability::disk);
    }
    void TearDown() override {
        subject.reset();
        jobs.clear();
        (void)log::remove_tree(disk, directory);
    }

    void open(partition::Durability durability) {
        auto settings = std::make_shared<TopicSettings>();
        settings->replication.durability = durability;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = now();
        auto opened = log::PartitionLog::open(disk, directory + "/t-0", options);
        ASSERT_TRUE(opened) << opened.error().detail;
        subject = std::make_shared<Partition>(PartitionName{"t", TopicId(Uuid{1, 2}), {}},
                                              BrokerId(1), std::move(*opened), settings, flusher);
        subject->become_leader({LeaderEpoch(3), PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                               Offset(0), clock.now());
    }

    log::LogTime now() const { return {clock.wall_now(), clock.now()}; }

    Result<AppendOutcome> append(Acks acks, int records = 1, BatchTraits traits = {}) {
        builder.reset(traits);
        for (int i = 0; i < records; ++i) {
            builder.add(clock.wall_now(), NullableBytes(), NullableBytes(as_bytes("value")));
        }
        return subject->append(builder.finish(), acks, log::AppendOrigin::client, now());
    }
    void run_job() {
        ASSERT_FALSE(jobs.empty());
        auto job = std::move(jobs.front());
        jobs.pop_front();
        job();
    }
    Result<ReadOutcome> read(std::int64_t from) {
        ReadRequest request;
        request.from = Offset(from);
        request.max_bytes = 1 << 20;
        return subject->read(request);
    }

    StandingClock clock;
    log::PosixDisk disk;
    std::string directory;
    std::deque<Flusher::Job> jobs;
    Flusher flusher{disk, clock, [this](Flusher::Job job) { jobs.push_back(std::move(job)); }};
    BatchBuilder builder;
    Codecs codecs;
    ManualExecutor executor;
    std::shared_ptr<Partition> subject;
};

TEST_F(PartitionTest, WithDiskDurabilityAcksAllWaitsForTheSync) {
    const auto outcome = append(Acks::all, 3);
    ASSERT_TRUE(outcome) << outcome.error().detail;
    EXPECT_EQ(outcome->base_offset, Offset(0));
    EXPECT_EQ(outcome->wait_for, Offset(3));
    EXPECT_EQ(subject->is_acknowledged(*outcome).value(), false);

    const auto waiter = std::make_shared<Woken>(executor);
    subject->park_producer(*outcome, waiter);
    executor.run();
    EXPECT_EQ(waiter->times, 0) << "nothing is on disk yet";
    run_job();
    executor.run();
    EXPECT_EQ(waiter->times, 1);
    EXPECT_EQ(subject->is_acknowledged(*outcome).value(), true);
}

TEST_F(PartitionTest, WhoExpectsAnotherLeadershipWritesNothing) {
    const auto write_in = [&](int epoch) {
        builder.reset({});
        builder.add(clock.wall_now(), NullableBytes(), NullableBytes(as_bytes("value")));
        const auto outcome =
            subject->append(builder.finish(), Acks::all, log::AppendOrigin::coordinator, now(), {},
                            LeaderEpoch(epoch));
        return outcome ? ErrorCode::NONE : outcome.error().code;
    };
    const auto mark_in = [&](int epoch) {
        const auto outcome = subject->append_marker(
            {ProducerId(7), ProducerEpoch(0), {ControlType::commit, 3}}, now(), LeaderEpoch(epoch));
        return outcome ? ErrorCode::NONE : outcome.error().code;
    };
    EXPECT_EQ(write_in(2), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(write_in(4), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(mark_in(2), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(subject->check_append(LeaderEpoch(2)).error().code,
              ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(subject->check_append(LeaderEpoch(3)), Offset(0)) << "nothing was written";
    EXPECT_EQ(write_in(3), ErrorCode::NONE);
    EXPECT_EQ(mark_in(3), ErrorCode::NONE);
    EXPECT_EQ(subject->check_append(kNoLeaderEpoch), Offset(2));
}

TEST_F(PartitionTest, ConsumersSeeRecordsBeforeTheSync) {
    ASSERT_TRUE(append(Acks::leader));
    const auto outcome = read(0);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->high_watermark, Offset(1));
    EXPECT_GT(outcome->records.slice.length, 0U);
}

TEST_F(PartitionTest, OneSyncCoversAllAppendsBeforeIt) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(Acks::all));
    EXPECT_EQ(jobs.size(), 1U);
    run_job();
    EXPECT_TRUE(jobs.empty());
    const auto last = append(Acks::all);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->base_offset, Offset(10));
    EXPECT_EQ(jobs.size(), 1U);
}

TEST_F(PartitionTest, PageCacheDurabilityAnswersAtOnce) {
    (void)log::remove_tree(disk, directory + "/t-0");
    open(partition::Durability::page_cache);
    const auto outcome = append(Acks::all);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->wait_for, kNoOffset);
    EXPECT_TRUE(jobs.empty()) << "nobody waits for a sync";
}

TEST_F(PartitionTest, ADuplicateGetsItsFirstOffsetAndWaitsLikeTheOriginal) {
    BatchTraits traits;
    traits.producer_id = ProducerId(7);
    traits.producer_epoch = ProducerEpoch(0);
    traits.base_sequence = Sequence(0);
    ASSERT_TRUE(append(Acks::all, 2, traits));
    const auto again = append(Acks::all, 2, traits);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->base_offset, Offset(0));
    EXPECT_EQ(again->wait_for, Offset(2));
    EXPECT_TRUE(again->duplicate_timestamp);
    run_job();
    EXPECT_EQ(subject->is_acknowledged(*again).value(), true);
    EXPECT_EQ(append(Acks::leader)->base_offset, Offset(2)) << "nothing was appended for it";
}

TEST_F(PartitionTest, ADuplicateOfWhatACrashLeftUnsyncedIsSynced) {
    BatchTraits traits;
    traits.producer_id = ProducerId(7);
    traits.producer_epoch = ProducerEpoch(0);
    traits.base_sequence = Sequence(0);
    ASSERT_TRUE(append(Acks::all, 2, traits));
    subject.reset();  // without a clean close, and before its sync
    jobs.clear();
    open(partition::Durability::disk);
    const auto again = append(Acks::all, 2, traits);
    ASSERT_TRUE(again);
    ASSERT_TRUE(again->duplicate_timestamp);
    ASSERT_EQ(again->wait_for, Offset(2));
    run_job();
    EXPECT_EQ(subject->is_acknowledged(*again).value(), true);
}

TEST_F(PartitionTest, ReadersAreWokenByAppendsUntilTheyLeave) {
    const auto reader = std::make_shared<Woken>(executor);
    subject->park_reader(reader, Offset(0));
    executor.run();
    EXPECT_EQ(reader->times, 0);
    ASSERT_TRUE(append(Acks::leader));
    executor.run();
    EXPECT_EQ(reader->times, 1);
    subject->unpark_reader(reader.get());
    ASSERT_TRUE(append(Acks::leader));
    executor.run();
    EXPECT_EQ(reader->times, 1);
}

TEST_F(PartitionTest, AReaderThatComesLateIsWokenAtOnce) {
    ASSERT_TRUE(append(Acks::leader));
    const auto reader = std::make_shared<Woken>(executor);
    subject->park_reader(reader, Offset(0));
    executor.run();
    EXPECT_EQ(reader->times, 1);
    subject->unpark_reader(reader.get());
}

TEST_F(PartitionTest, ReadsOutsideTheLogAreRefused) {
    ASSERT_TRUE(append(Acks::leader, 4));
    EXPECT_EQ(read(-1).error().code, ErrorCode::OFFSET_OUT_OF_RANGE);
    EXPECT_EQ(read(5).error().code, ErrorCode::OFFSET_OUT_OF_RANGE);
    EXPECT_TRUE(read(4)->records.empty());
    ASSERT_EQ(subject->delete_records(Offset(2), clock.now())->low_watermark, Offset(2));
    EXPECT_EQ(read(1).error().code, ErrorCode::OFFSET_OUT_OF_RANGE);
    EXPECT_EQ(subject->delete_records(Offset(9), clock.now()).error().code,
              ErrorCode::OFFSET_OUT_OF_RANGE);
    EXPECT_EQ(subject->delete_records(kNoOffset, clock.now())->low_watermark, Offset(4));
}

TEST_F(PartitionTest, LeaderEpochsFenceReaders) {
    ReadRequest request;
    request.from = Offset(0);
    request.current_leader_epoch = LeaderEpoch(2);
    EXPECT_EQ(subject->read(request).error().code, ErrorCode::FENCED_LEADER_EPOCH);
    request.current_leader_epoch = LeaderEpoch(4);
    EXPECT_EQ(subject->read(request).error().code, ErrorCode::UNKNOWN_LEADER_EPOCH);
    request.current_leader_epoch = LeaderEpoch(3);
    EXPECT_TRUE(subject->read(request));
}

TEST_F(PartitionTest, ClosingAnswersWhoeverWaits) {
    const auto outcome = append(Acks::all);
    ASSERT_TRUE(outcome);
    const auto producer = std::make_shared<Woken>(executor);
    const auto reader = std::make_shared<Woken>(executor);
    subject->park_producer(*outcome, producer);
    subject->park_reader(reader, Offset(1));
    EXPECT_TRUE(subject->close(Partition::Closing::removed, now()));
    executor.run();
    EXPECT_EQ(producer->times, 1);
    EXPECT_EQ(reader->times, 1);
    // A reader holds the partitions it waits for: these must let go of it.
    EXPECT_EQ(reader.use_count(), 1);
    EXPECT_EQ(subject->is_acknowledged(*outcome).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(append(Acks::leader).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    run_job();  // a sync that was under way finds nothing to do
}

TEST_F(PartitionTest, LookupsAnswerTheSpecialTimestamps) {
    ASSERT_TRUE(append(Acks::leader, 3));
    const auto find = [&](OffsetQuery query, std::int64_t timestamp = 0) {
        return subject->find_offset(query, TimestampMs(timestamp), partition::Reader::uncommitted,
                                    kNoLeaderEpoch, codecs);
    };
    EXPECT_EQ(find(OffsetQuery::latest)->offset, Offset(3));
    EXPECT_EQ(find(OffsetQuery::earliest)->offset, Offset(0));
    EXPECT_EQ(find(OffsetQuery::latest_tiered)->offset, kNoOffset);
    const auto wall = clock.wall_now().value();
    EXPECT_EQ(find(OffsetQuery::by_timestamp, wall)->offset, Offset(0));
    EXPECT_EQ(find(OffsetQuery::by_timestamp, wall + 1)->offset, kNoOffset);
    EXPECT_EQ(find(OffsetQuery::max_timestamp)->timestamp, clock.wall_now());
}

}  // namespace
}  // namespace milena::replica
