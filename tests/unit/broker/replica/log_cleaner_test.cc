#include "broker/replica/log_cleaner.h"

#include "log/posix_disk.h"
#include "protocol/record/batch_builder.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"

#include <cstdlib>
#include <deque>
#include <set>

#include <gmock/gmock.h>

namespace milena::replica {
namespace {

using testing::ElementsAre;

constexpr BrokerId kSelf{1};
const TopicId kTopic(Uuid{1, 2});

// Partitions of a compacted topic with one record to a segment, and a cleaner whose threads run
// when the test says.
struct LogCleanerTest : testing::Test {
    void SetUp() override {
        char pattern[] = "/tmp/milena-cleaner-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
        settings.threads = 1;
        settings.dedupe_bytes = 1 << 20;
        settings.io_bytes = 1 << 16;
        settings.bytes_per_second = 1e18;
        settings.backoff = Millis(1'000);
    }
    void TearDown() override {
        if (cleaner) cleaner->stop();
        for (const auto& partition : table.all()) {
            (void)partition->close(Partition::Closing::removed, {clock.wall_now(), clock.now()});
        }
        (void)log::remove_tree(disk, directory);
    }

    std::shared_ptr<Partition> open(int index, log::CleanupPolicy policy) {
        auto topic = std::make_shared<TopicSettings>();
        topic->replication.durability = partition::Durability::page_cache;
        topic->log.cleanup_policy = policy;
        topic->log.segment_bytes = 100;
        log::OpenOptions options;
        options.settings = topic->log;
        options.now = {clock.wall_now(), clock.now()};
        auto opened =
            log::PartitionLog::open(disk, directory + "/t-" + std::to_string(index), options);
        EXPECT_TRUE(opened);
        auto partition =
            std::make_shared<Partition>(PartitionName{"t", kTopic, PartitionIndex(index)}, kSelf,
                                        std::move(*opened), topic, flusher);
        partition->become_leader({LeaderEpoch(0), PartitionEpoch(0), {kSelf}, {kSelf}}, Offset(0),
                                 clock.now());
        table.put(partition);
        return partition;
    }
    void put(Partition& partition, const std::string& key) {
        builder.reset({});
        builder.add(clock.wall_now(), NullableBytes(as_bytes(key)),
                    NullableBytes(as_bytes("value")));
        const auto done = partition.append(builder.finish(), Acks::leader,
                                           log::AppendOrigin::client, {clock.wall_now(), {}});
        ASSERT_TRUE(done) << done.error().detail;
        run_jobs(syncs);
    }
    void start() {
        cleaner = std::make_unique<LogCleaner>(
            executor, clock, table, [this] { return settings; },
            [this] {
                ++threads;
                return [this](Flusher::Job job) { rounds.push_back(std::move(job)); };
            },
            7);
        cleaner->start();
    }
    static void run_jobs(std::deque<Flusher::Job>& jobs) {
        while (!jobs.empty()) {
            auto job = std::move(jobs.front());
            jobs.pop_front();
            job();
        }
    }
    // One look at the partitions by each thread whose time has come. How many looked.
    std::size_t look() {
        executor.advance(Millis(0));
        const auto count = rounds.size();
        run_jobs(rounds);
        run_jobs(syncs);
        executor.run();
        return count;
    }
    static std::vector<std::int64_t> offsets(Partition& partition) {
        std::vector<std::int64_t> found;
        ReadRequest request;
        request.max_bytes = 1;
        request.first = log::FirstBatch::always_whole;
        for (request.from = Offset(0);;) {
            const auto read = partition.read(request);
            EXPECT_TRUE(read);
            if (!read || read->records.empty()) return found;
            found.push_back(read->records.first_offset.value());
            request.from = read->records.first_offset + 1;
        }
    }

    ManualExecutor executor;
    ExecutorClock clock{executor};
    log::PosixDisk disk;
    std::string directory;
    std::deque<Flusher::Job> syncs;
    Flusher flusher{disk, clock, [this](Flusher::Job job) { syncs.push_back(std::move(job)); }};
    BatchBuilder builder;
    PartitionTable table;
    LogCleaner::Settings settings;
    std::deque<Flusher::Job> rounds;
    int threads = 0;
    std::unique_ptr<LogCleaner> cleaner;
};

TEST_F(LogCleanerTest, CleansTheDirtiestFirstAndThenTheOthers) {
    const auto less = open(0, log::CleanupPolicy::compact);
    const auto more = open(1, log::CleanupPolicy::compact);
    const auto never = open(2, log::CleanupPolicy::remove);
    for (const auto& partition : {less, more, never}) {
        for (const char* key : {"a", "b", "a", "c"}) put(*partition, key);
    }
    start();
    EXPECT_EQ(look(), 0U) << "the first look is after the backoff";
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 1U);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(offsets(*less), ElementsAre(1, 2, 3));
    EXPECT_THAT(offsets(*more), ElementsAre(1, 2, 3));
    EXPECT_THAT(offsets(*never), ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(*more->marks()->cleaned_to, Offset(3));
    EXPECT_FALSE(never->marks()->cleaned_to);

    for (int i = 0; i < 6; ++i) put(*more, "a");
    put(*less, "a");
    EXPECT_EQ(look(), 1U) << "there was something to do, so it looks again at once";
    EXPECT_THAT(offsets(*more), ElementsAre(1, 3, 8, 9));
    EXPECT_THAT(offsets(*less), ElementsAre(1, 2, 3, 4)) << "not dirty enough yet";
    EXPECT_EQ(look(), 1U);
    EXPECT_EQ(look(), 0U) << "nothing to do: not before the backoff";
}

TEST_F(LogCleanerTest, AFailedRoundIsTriedAgainLaterAndHoldsNobodyUp) {
    const auto broken = open(0, log::CleanupPolicy::compact);
    const auto sound = open(1, log::CleanupPolicy::compact);
    for (const auto& partition : {broken, sound}) {
        for (const char* key : {"a", "a", "a"}) put(*partition, key);
    }
    for (int i = 0; i < 5; ++i) put(*broken, "a");
    // What is no file cannot be written: a directory stands in the way.
    const auto in_the_way = directory + "/t-0/00000000000000000000.log.cleaned";
    ASSERT_TRUE(disk.make_dir(in_the_way + "/x"));
    start();
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 1U);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(offsets(*sound), ElementsAre(1, 2));
    EXPECT_EQ(offsets(*broken).size(), 8U);
    ASSERT_TRUE(log::remove_tree(disk, in_the_way));
    for (int i = 0; i < 4 && offsets(*broken).size() > 2; ++i) {
        executor.advance(Millis(1'000));
        look();
    }
    EXPECT_THAT(offsets(*broken), ElementsAre(6, 7));
}

TEST_F(LogCleanerTest, APartitionThatIsRemovedUnderARoundIsNoFailure) {
    const auto gone = open(0, log::CleanupPolicy::compact);
    for (const char* key : {"a", "a", "a"}) put(*gone, key);
    start();
    executor.advance(Millis(1'000));
    ASSERT_EQ(rounds.size(), 1U);
    table.take(kTopic, PartitionIndex(0));
    (void)gone->close(Partition::Closing::removed, {clock.wall_now(), clock.now()});
    EXPECT_EQ(look(), 1U);
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 1U);
}

TEST_F(LogCleanerTest, ThreadsComeAndRestWithTheSetting) {
    settings.threads = 0;
    const auto partition = open(0, log::CleanupPolicy::compact);
    for (const char* key : {"a", "a", "a"}) put(*partition, key);
    start();
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 0U);
    EXPECT_EQ(offsets(*partition).size(), 3U);
    settings.threads = 2;
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(offsets(*partition), ElementsAre(1, 2));
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 2U);
    EXPECT_EQ(threads, 2);
    settings.threads = 0;
    executor.advance(Millis(1'000));
    EXPECT_EQ(look(), 0U);
}

TEST_F(LogCleanerTest, AStopEndsARound) {
    const auto partition = open(0, log::CleanupPolicy::compact);
    for (const char* key : {"a", "a", "a"}) put(*partition, key);
    start();
    executor.advance(Millis(1'000));
    ASSERT_EQ(rounds.size(), 1U);
    cleaner->stop();
    run_jobs(rounds);
    EXPECT_EQ(offsets(*partition).size(), 3U);
}

TEST(IoPaceTest, KeepsARateOverAllCalls) {
    IoPace pace;
    MonoTime now{Millis(10)};
    EXPECT_EQ(pace.spend(1'000, 1'000'000, now), Nanos(1'000'000));
    EXPECT_EQ(pace.spend(1'000, 1'000'000, now), Nanos(2'000'000));
    now += Nanos(2'000'000);
    EXPECT_EQ(pace.spend(500, 1'000'000, now), Nanos(500'000));
    now += std::chrono::hours(1);
    EXPECT_EQ(pace.spend(1'000, 1'000'000, now), Nanos(1'000'000)) << "an idle hour is no credit";
    IoPace unlimited;
    EXPECT_EQ(unlimited.spend(1U << 30U, 1.7976931348623157e308, now), Nanos(0));
}

}  // namespace
}  // namespace milena::replica
