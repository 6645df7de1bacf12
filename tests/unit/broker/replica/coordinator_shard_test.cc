#include "broker/replica/coordinator_shard.h"

#include "broker/replica/flusher.h"
#include "log/posix_disk.h"
#include "tests/unit/broker/replica/counter_machine.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"

#include <cstdlib>
#include <deque>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using Kind = CounterRequest::Kind;
using Shard = CoordinatorShard<CounterMachine>;

struct CoordinatorShardTest : testing::Test {
    void SetUp() override {
        char pattern[] = "/tmp/milena-shard-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
        open_log(Offset(0));
        begin();
        run_blocking();
    }
    void TearDown() override {
        if (shard) shard->end();
        executor.run();
        shard.reset();
        // Who still waits for a sync holds the partition.
        if (partition) {
            (void)partition->close(Partition::Closing::removed, {clock.wall_now(), clock.now()});
        }
        partition.reset();
        syncs.clear();
        (void)log::remove_tree(disk, directory);
    }

    void open_log(Offset high_watermark) {
        auto settings = std::make_shared<TopicSettings>();
        settings->replication.durability = partition::Durability::disk;
        settings->batches.max_message_bytes = 1000;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = {clock.wall_now(), clock.now()};
        auto opened = log::PartitionLog::open(disk, directory + "/t-0", options);
        ASSERT_TRUE(opened) << opened.error().detail;
        partition = std::make_shared<Partition>(PartitionName{"t", TopicId(Uuid{1, 2}), {}},
                                                BrokerId(1), std::move(*opened), settings, flusher);
        partition->become_leader({++epoch, PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                                 high_watermark, clock.now());
    }
    void begin() {
        shard = std::make_shared<Shard>(partition, epoch, environment, executor, options, counters);
        shard->begin();
    }
    void restart() {
        shard->end();
        executor.run();
        partition.reset();
        shard.reset();
        syncs.clear();
        open_log(Offset(0));
        begin();
    }
    void run_blocking() {
        auto tasks = std::exchange(blocking, {});
        for (auto& task : tasks) task();
    }
    void sync() {
        auto jobs = std::exchange(syncs, {});
        for (auto& job : jobs) job();
        executor.run();
    }

    // "=5" for a reply, the name of the error, or "" while it is owed.
    std::shared_ptr<std::string> ask(Kind kind, std::string name = "n") {
        auto answer = std::make_shared<std::string>();
        shard->submit({kind, std::move(name)}, [answer](Result<int> reply) {
            EXPECT_EQ(*answer, "") << "answered twice";
            *answer = reply ? "=" + std::to_string(*reply) : error_name(reply.error().code);
        });
        return answer;
    }

    ManualExecutor executor;
    ExecutorClock clock{executor};
    SeededRandom random{1};
    log::PosixDisk disk;
    std::string directory;
    std::deque<Flusher::Job> syncs;
    std::deque<net::Task> blocking;
    Flusher flusher{disk, clock, [this](Flusher::Job job) { syncs.push_back(std::move(job)); }};
    LeaderEpoch epoch{0};
    CoordinatorEnvironment environment{
        clock,
        random,
        [] { return std::make_shared<const metadata::Image>(); },
        [this](net::Task task) { blocking.push_back(std::move(task)); },
        {&executor}};
    std::vector<std::string> performed;
    Shard::Options options{{},
                           {{}, Millis(0), Millis(100), 1 << 20},
                           [this](PartitionIndex, LeaderEpoch, std::string action) {
                               performed.push_back(std::move(action));
                           },
                           100};
    CoordinatorCounters counters;
    std::shared_ptr<Partition> partition;
    std::shared_ptr<Shard> shard;
};

TEST_F(CoordinatorShardTest, AReplyWaitsUntilItsRecordsAreCommitted) {
    const auto added = ask(Kind::add);
    executor.run();
    EXPECT_EQ(*added, "") << "nothing is on disk yet";
    sync();
    EXPECT_EQ(*added, "=1");
}

TEST_F(CoordinatorShardTest, AReadWaitsForTheWriteThatItHasSeen) {
    const auto added = ask(Kind::add);
    const auto read = ask(Kind::get);
    executor.run();
    EXPECT_EQ(*read, "") << "what it says could be lost";
    sync();
    EXPECT_EQ(*added, "=1");
    EXPECT_EQ(*read, "=1");
    EXPECT_EQ(*ask(Kind::get), "=1") << "nothing in flight: at once";
}

TEST_F(CoordinatorShardTest, WritesOfOneSyncLeaveTogetherThoseOfTheNextLater) {
    const auto first = ask(Kind::add);
    auto jobs = std::exchange(syncs, {});
    const auto second = ask(Kind::add);
    ASSERT_EQ(jobs.size(), 1U);
    jobs.front()();  // begun after the second append: covers both
    executor.run();
    EXPECT_EQ(*first, "=1");
    EXPECT_EQ(*second, "=2");
    const auto third = ask(Kind::add);
    executor.run();
    EXPECT_EQ(*third, "");
    sync();
    sync();
    EXPECT_EQ(*third, "=3");
}

TEST_F(CoordinatorShardTest, ActionsAreDoneWhenTheirRecordsAreCommitted) {
    (void)ask(Kind::act, "mark");
    executor.run();
    EXPECT_TRUE(performed.empty());
    sync();
    EXPECT_EQ(performed, std::vector<std::string>{"mark"});
}

TEST_F(CoordinatorShardTest, ALaterDecisionAnswersARequestThatWaits) {
    const auto waits = ask(Kind::wait);
    sync();
    EXPECT_EQ(*waits, "");
    EXPECT_EQ(counters.owed.load(), 1);
    const auto releases = ask(Kind::release);
    sync();
    EXPECT_EQ(*waits, "=1");
    EXPECT_EQ(*releases, "=1");
    EXPECT_EQ(counters.owed.load(), 0);
}

TEST_F(CoordinatorShardTest, WhenItEndsEverythingOwedIsAnsweredNotCoordinator) {
    const auto waits = ask(Kind::wait);
    const auto added = ask(Kind::add);
    shard->end();
    EXPECT_EQ(*waits, "NOT_COORDINATOR");
    EXPECT_EQ(*added, "NOT_COORDINATOR");
    EXPECT_EQ(*ask(Kind::get), "NOT_COORDINATOR");
    sync();
    EXPECT_EQ(counters.owed.load(), 0);
}

TEST_F(CoordinatorShardTest, WhatAnotherEpochInterruptsIsNotConfirmed) {
    const auto added = ask(Kind::act, "n");
    partition->become_leader({epoch + 1, PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                             Offset(0), clock.now());
    executor.run();
    EXPECT_EQ(*added, "NOT_COORDINATOR");
    sync();
    EXPECT_TRUE(performed.empty());
}

TEST_F(CoordinatorShardTest, ReplaysItsLogBeforeItDecides) {
    (void)ask(Kind::add);
    (void)ask(Kind::add, "other");
    (void)ask(Kind::add);
    sync();
    restart();
    EXPECT_EQ(*ask(Kind::get), "COORDINATOR_LOAD_IN_PROGRESS");
    run_blocking();
    EXPECT_EQ(*ask(Kind::get), "=2");
    EXPECT_EQ(*ask(Kind::get, "other"), "=1");
    EXPECT_EQ(counters.records_loaded.load(), 3U);
}

TEST_F(CoordinatorShardTest, ReplayIsEndedByTheEndOfTheShard) {
    (void)ask(Kind::add);
    sync();
    restart();
    shard->end();
    run_blocking();
    EXPECT_EQ(*ask(Kind::get), "NOT_COORDINATOR");
    EXPECT_EQ(counters.loads.load(), 1U) << "only the first life was loaded";
}

TEST_F(CoordinatorShardTest, RecordsOfATransactionCountFromItsMarkerOnAlsoAfterReplay) {
    (void)ask(Kind::add, "txn");
    sync();
    EXPECT_EQ(*ask(Kind::get, "txn"), "=0");
    restart();
    run_blocking();
    EXPECT_EQ(*ask(Kind::get, "txn"), "=0");
    Status written = fail(ErrorCode::NONE, "not yet");
    shard->end_transaction({ProducerId(7), ProducerEpoch(0), {ControlType::commit, 3}},
                           [&](Status status) { written = std::move(status); });
    EXPECT_FALSE(written) << "not committed yet";
    sync();
    EXPECT_TRUE(written) << written.error().detail;
    EXPECT_EQ(*ask(Kind::get, "txn"), "=1");
    restart();
    run_blocking();
    EXPECT_EQ(*ask(Kind::get, "txn"), "=1");
}

TEST_F(CoordinatorShardTest, ATimerDecidesAtItsTimeAndOnce) {
    (void)ask(Kind::fire_later, "n");
    executor.run();
    executor.advance(Millis(999));
    EXPECT_EQ(*ask(Kind::get), "=0");
    executor.advance(Millis(1));
    sync();
    EXPECT_EQ(*ask(Kind::get), "=1");
    executor.advance(Millis(5000));
    sync();
    EXPECT_EQ(*ask(Kind::get), "=1");
}

TEST_F(CoordinatorShardTest, ATimerThatIsSetAgainMoves) {
    (void)ask(Kind::fire_later, "n");
    executor.run();
    executor.advance(Millis(600));
    (void)ask(Kind::fire_later, "n");
    executor.advance(Millis(600));
    sync();
    EXPECT_EQ(*ask(Kind::get), "=0");
    executor.advance(Millis(400));
    sync();
    EXPECT_EQ(*ask(Kind::get), "=1");
}

TEST_F(CoordinatorShardTest, ATimerIsDroppedAtTheEnd) {
    (void)ask(Kind::fire_later, "n");
    executor.run();
    EXPECT_EQ(executor.timers(), 1U);
    shard->end();
    executor.run();
    EXPECT_EQ(executor.timers(), 0U);
}

TEST_F(CoordinatorShardTest, RecordsThatDoNotFitChangeNothing) {
    const std::string long_name(2000, 'x');
    EXPECT_EQ(*ask(Kind::add, long_name), "UNKNOWN_SERVER_ERROR");
    EXPECT_EQ(*ask(Kind::get, long_name), "=0");
    EXPECT_EQ(*ask(Kind::release, long_name), "UNKNOWN_SERVER_ERROR");
    EXPECT_EQ(counters.owed.load(), 0);
}

TEST_F(CoordinatorShardTest, ATimerWhoseDecisionIsRefusedTriesAgain) {
    const std::string long_name(2000, 'x');
    (void)ask(Kind::fire_later, long_name);
    executor.run();
    executor.advance(Millis(1000));
    EXPECT_EQ(executor.timers(), 1U);
    EXPECT_EQ(*ask(Kind::get, long_name), "=0");
}

TEST_F(CoordinatorShardTest, MoreParkedRepliesThanTheLimitAreRefused) {
    std::vector<std::shared_ptr<std::string>> waiting;
    for (std::size_t i = 0; i < options.owed_max; ++i) waiting.push_back(ask(Kind::wait));
    EXPECT_EQ(*ask(Kind::get), "COORDINATOR_NOT_AVAILABLE");
    EXPECT_EQ(*waiting.back(), "");
}

TEST_F(CoordinatorShardTest, AWriteThatIsNotCommittedInTimeIsAnsweredAndStaysWritten) {
    const auto acted = ask(Kind::act, "mark");
    executor.run();
    executor.advance(Millis(99));
    EXPECT_EQ(*acted, "");
    executor.advance(Millis(1));
    EXPECT_EQ(*acted, "COORDINATOR_NOT_AVAILABLE");
    EXPECT_EQ(counters.timed_out.load(), 1U);
    EXPECT_TRUE(performed.empty());
    sync();
    EXPECT_EQ(performed, std::vector<std::string>{"mark"}) << "committed late";
    EXPECT_EQ(*ask(Kind::get, "mark"), "=1");
}

// Decisions that share an append.
struct SharedAppendTest : CoordinatorShardTest {
    SharedAppendTest() { options.log.append_linger = Millis(-1); }

    void set_max_message_bytes(std::uint32_t bytes) {
        auto changed = std::make_shared<TopicSettings>(*partition->settings());
        changed->batches.max_message_bytes = bytes;
        partition->update_settings(changed, clock.now());
    }
    std::uint64_t batches() const { return counters.batches_written.load(); }
};

TEST_F(SharedAppendTest, DecisionsOfOneTurnAreOneBatchEachDecidedOnTheOnesBefore) {
    const auto first = ask(Kind::add);
    const auto second = ask(Kind::add);
    const auto other = ask(Kind::add, "other");
    const auto read = ask(Kind::get);
    EXPECT_EQ(batches(), 0U);
    executor.run();
    EXPECT_EQ(batches(), 1U);
    EXPECT_EQ(counters.records_written.load(), 3U);
    EXPECT_EQ(counters.decisions_written.load(), 3U);
    EXPECT_EQ(*read, "") << "what it says could be lost";
    sync();
    EXPECT_EQ(*first, "=1");
    EXPECT_EQ(*second, "=2");
    EXPECT_EQ(*other, "=1");
    EXPECT_EQ(*read, "=2");
    restart();
    run_blocking();
    EXPECT_EQ(*ask(Kind::get), "=2");
    EXPECT_EQ(counters.records_loaded.load(), 3U);
}

TEST_F(SharedAppendTest, TheExecutorThatAskedWritesAtItsNextTurn) {
    ManualExecutor other;
    environment.executors.push_back(&other);
    executor.current = false;
    (void)ask(Kind::add);
    (void)ask(Kind::add);
    executor.run();
    EXPECT_EQ(batches(), 0U);
    other.run();
    EXPECT_EQ(batches(), 1U);
    environment.executors.pop_back();
}

TEST_F(SharedAppendTest, AnIdleShardWritesAtOnceWhatAnotherThreadAsks) {
    executor.current = false;
    const auto first = ask(Kind::add);
    EXPECT_EQ(batches(), 1U);
    const auto second = ask(Kind::add);
    const auto third = ask(Kind::add);
    EXPECT_EQ(batches(), 1U) << "a write is under way: these may come together";
    sync();
    EXPECT_EQ(batches(), 2U);
    EXPECT_EQ(*first, "=1");
    sync();
    EXPECT_EQ(*second, "=2");
    EXPECT_EQ(*third, "=3");
}

TEST_F(SharedAppendTest, RecordsOfATransactionComeAfterWhatWasCollectedInABatchOfTheirOwn) {
    (void)ask(Kind::add);
    const auto in_transaction = ask(Kind::add, "txn");
    EXPECT_EQ(batches(), 2U);
    (void)ask(Kind::add);
    executor.run();
    EXPECT_EQ(batches(), 3U);
    sync();
    EXPECT_EQ(*in_transaction, "=1");
    restart();
    run_blocking();
    EXPECT_EQ(*ask(Kind::get), "=2");
    EXPECT_EQ(*ask(Kind::get, "txn"), "=0") << "its transaction is open";
}

TEST_F(SharedAppendTest, AMarkerComesAfterWhatWasCollected) {
    (void)ask(Kind::add, "txn");
    const auto added = ask(Kind::add);
    Status written = fail(ErrorCode::NONE, "not yet");
    shard->end_transaction({ProducerId(7), ProducerEpoch(0), {ControlType::commit, 3}},
                           [&](Status status) { written = std::move(status); });
    EXPECT_EQ(batches(), 2U);
    sync();
    EXPECT_TRUE(written) << written.error().detail;
    EXPECT_EQ(*added, "=1");
}

TEST_F(SharedAppendTest, ABatchIsWrittenWhenItIsFull) {
    std::vector<std::shared_ptr<std::string>> answers;
    for (int i = 0; i < 7; ++i) answers.push_back(ask(Kind::add, std::string(280, 'a')));
    executor.run();
    EXPECT_EQ(batches(), 3U) << "max.message.bytes is 1000";
    sync();
    sync();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(*answers[i], "=" + std::to_string(i + 1));
    }
}

TEST_F(SharedAppendTest, WhatCanNeverFitChangesNothingAndNobodyElse) {
    const auto before = ask(Kind::add);
    const std::string long_name(2000, 'x');
    EXPECT_EQ(*ask(Kind::add, long_name), "UNKNOWN_SERVER_ERROR");
    const auto after = ask(Kind::add);
    executor.run();
    sync();
    EXPECT_EQ(*before, "=1");
    EXPECT_EQ(*after, "=2");
    EXPECT_EQ(*ask(Kind::get, long_name), "=0");
}

TEST_F(SharedAppendTest, WaitsForTheLingerThatIsSet) {
    shard->end();
    options.log.append_linger = Millis(5);
    begin();
    run_blocking();
    executor.current = false;
    (void)ask(Kind::add);
    (void)ask(Kind::add);
    executor.run();
    executor.advance(Millis(4));
    EXPECT_EQ(batches(), 0U);
    executor.advance(Millis(1));
    EXPECT_EQ(batches(), 1U);
}

TEST_F(SharedAppendTest, WhatWasDecidedUnderAnotherLeadershipIsNotWritten) {
    const auto waits = ask(Kind::wait);
    const auto added = ask(Kind::add);
    partition->become_leader({epoch + 1, PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                             Offset(0), clock.now());
    executor.run();
    EXPECT_EQ(*added, "NOT_COORDINATOR");
    EXPECT_EQ(*waits, "NOT_COORDINATOR");
    EXPECT_EQ(*ask(Kind::add), "NOT_COORDINATOR") << "this life is over";
    EXPECT_EQ(batches(), 0U);
    ++epoch;
    begin();
    run_blocking();
    EXPECT_EQ(*ask(Kind::get), "=0");
}

TEST_F(SharedAppendTest, ARefusedBatchFailsWhatIsInItAndTheLogIsReadAgain) {
    (void)ask(Kind::add);
    executor.run();
    sync();
    const auto waits = ask(Kind::wait);
    const auto second = ask(Kind::add);
    const auto third = ask(Kind::add);
    set_max_message_bytes(10);
    executor.run();
    EXPECT_EQ(*second, "UNKNOWN_SERVER_ERROR");
    EXPECT_EQ(*third, "UNKNOWN_SERVER_ERROR");
    EXPECT_EQ(*waits, "UNKNOWN_SERVER_ERROR") << "it may rest on what is lost";
    EXPECT_EQ(*ask(Kind::get), "COORDINATOR_LOAD_IN_PROGRESS");
    EXPECT_EQ(counters.owed.load(), 0);
    run_blocking();
    EXPECT_EQ(*ask(Kind::get), "=1");
    EXPECT_EQ(*ask(Kind::add), "UNKNOWN_SERVER_ERROR") << "refused before it is applied";
    EXPECT_EQ(*ask(Kind::get), "=1");
    set_max_message_bytes(1000);
    const auto again = ask(Kind::add);
    executor.run();
    sync();
    EXPECT_EQ(*again, "=2");
}

TEST_F(SharedAppendTest, WhatIsCollectedWhenTheShardEndsIsNotWritten) {
    const auto added = ask(Kind::add);
    shard->end();
    EXPECT_EQ(*added, "NOT_COORDINATOR");
    executor.run();
    EXPECT_EQ(batches(), 0U);
}

TEST(CoordinatorError, SaysToTheClientWhereToGo) {
    const struct {
        ErrorCode of;
        ErrorCode told;
    } table[] = {
        {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorCode::COORDINATOR_NOT_AVAILABLE},
        {ErrorCode::NOT_ENOUGH_REPLICAS, ErrorCode::COORDINATOR_NOT_AVAILABLE},
        {ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND, ErrorCode::COORDINATOR_NOT_AVAILABLE},
        {ErrorCode::REQUEST_TIMED_OUT, ErrorCode::COORDINATOR_NOT_AVAILABLE},
        {ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::NOT_COORDINATOR},
        {ErrorCode::KAFKA_STORAGE_ERROR, ErrorCode::NOT_COORDINATOR},
        {ErrorCode::MESSAGE_TOO_LARGE, ErrorCode::UNKNOWN_SERVER_ERROR},
        {ErrorCode::RECORD_LIST_TOO_LARGE, ErrorCode::UNKNOWN_SERVER_ERROR},
        {ErrorCode::INVALID_PRODUCER_EPOCH, ErrorCode::INVALID_PRODUCER_EPOCH},
    };
    for (const auto& row : table) {
        EXPECT_EQ(coordinator_error({row.of, ""}).code, row.told) << error_name(row.of);
    }
}

}  // namespace
}  // namespace milena::replica
