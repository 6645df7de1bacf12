// A coordinator whose partition takes no more writes since a sync failed: clients are sent to look
// for the coordinator again, nothing is said that rests on what may be lost, other shards go on.

#include "broker/replica/coordinator_shard.h"
#include "broker/replica/flusher.h"
#include "protocol/base/logger.h"
#include "tests/unit/broker/replica/counter_machine.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"
#include "tests/unit/log/support/crash_disk.h"

#include <deque>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using Kind = CounterRequest::Kind;
using Shard = CoordinatorShard<CounterMachine>;
using log::test::Call;
using log::test::CallSite;

// How decisions are written: each alone, or those of one turn of the executor together.
class CoordinatorOffline : public testing::TestWithParam<Millis> {
  protected:
    struct One {
        std::shared_ptr<Partition> partition;
        std::shared_ptr<Shard> shard;
    };

    void SetUp() override {
        set_log_level(LogLevel::off);
        ASSERT_TRUE(disk_.make_dir("/data"));
        options_.log.append_linger = GetParam();
        for (int i = 0; i < 2; ++i) shards_.push_back(make(i));
        run();
    }
    void TearDown() override {
        for (auto& one : shards_) one.shard->end();
        executor_.run();
        for (auto& one : shards_) {
            (void)one.partition->close(Partition::Closing::removed, now());
        }
        shards_.clear();
        jobs_.clear();
    }

    One make(int index) {
        auto settings = std::make_shared<TopicSettings>();
        settings->replication.durability = partition::Durability::disk;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = now();
        auto opened = log::PartitionLog::open(disk_, "/data/t-" + std::to_string(index), options);
        EXPECT_TRUE(opened);
        const LeaderEpoch epoch{3};
        One one;
        one.partition = std::make_shared<Partition>(
            PartitionName{"t", TopicId(Uuid{1, 2}), PartitionIndex(index)}, BrokerId(1),
            std::move(*opened), settings, flusher_);
        one.partition->become_leader({epoch, PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                                     Offset(0), clock_.now());
        one.shard = std::make_shared<Shard>(one.partition, epoch, environment_, executor_, options_,
                                            counters_);
        one.shard->begin();
        return one;
    }
    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }

    // Until nobody has anything to do.
    void run() {
        while (!blocking_.empty() || !jobs_.empty()) {
            for (auto& task : std::exchange(blocking_, {})) task();
            for (auto& job : std::exchange(jobs_, {})) job();
            executor_.run();
        }
    }
    std::shared_ptr<std::string> ask(int shard, Kind kind) {
        auto answer = std::make_shared<std::string>();
        shards_[static_cast<std::size_t>(shard)].shard->submit(
            {kind, "n"}, [answer](Result<int> reply) {
                EXPECT_EQ(*answer, "") << "answered twice";
                *answer = reply ? "=" + std::to_string(*reply) : error_name(reply.error().code);
            });
        executor_.run();
        return answer;
    }
    void syncs_fail_with(std::optional<IoCause> cause) {
        disk_.fault = [cause](const CallSite& site) -> std::optional<IoCause> {
            if (site.call != Call::sync) return std::nullopt;
            return cause;
        };
    }

    ManualExecutor executor_;
    ExecutorClock clock_{executor_};
    SeededRandom random_{1};
    log::test::CrashDisk disk_;
    std::deque<Flusher::Job> jobs_;
    std::deque<net::Task> blocking_;
    Flusher flusher_{disk_, clock_, [this](Flusher::Job job) { jobs_.push_back(std::move(job)); }};
    CoordinatorEnvironment environment_{
        clock_,
        random_,
        [] { return std::make_shared<const metadata::Image>(); },
        [this](net::Task task) { blocking_.push_back(std::move(task)); },
        {&executor_}};
    Shard::Options options_{
        {}, {{}, Millis(0), Millis(5'000), 1 << 20}, [](PartitionIndex, LeaderEpoch, auto) {}, 100};
    CoordinatorCounters counters_;
    std::vector<One> shards_;
};

TEST_P(CoordinatorOffline, SendsClientsElsewhereAndOtherShardsGoOn) {
    const auto stored = ask(0, Kind::add);
    run();
    ASSERT_EQ(*stored, "=1");

    const auto waits = ask(0, Kind::wait);
    const auto lost = ask(0, Kind::add);
    const auto rests_on_it = ask(0, Kind::get);
    syncs_fail_with(IoCause::broken);
    run();
    syncs_fail_with(std::nullopt);
    EXPECT_EQ(*lost, "NOT_COORDINATOR");
    EXPECT_EQ(*rests_on_it, "NOT_COORDINATOR");
    EXPECT_EQ(*waits, "NOT_COORDINATOR") << "nobody is left waiting";
    EXPECT_EQ(counters_.owed.load(), 0);

    // The device works again, but what the machine says may not be in the log.
    for (const auto kind : {Kind::get, Kind::add, Kind::wait}) {
        const auto refused = ask(0, kind);
        run();
        EXPECT_EQ(*refused, "NOT_COORDINATOR");
    }
    const auto other = ask(1, Kind::add);
    run();
    EXPECT_EQ(*other, "=1");
}

TEST_P(CoordinatorOffline, WhatIsDecidedBetweenAFailedSyncAndItsNewsIsRefused) {
    const auto lost = ask(0, Kind::add);
    syncs_fail_with(IoCause::broken);
    while (!jobs_.empty()) {
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        job();  // the shard hears of it at the executor's next turn
    }
    auto late = std::make_shared<std::string>();
    shards_[0].shard->submit({Kind::add, "n"}, [late](Result<int> reply) {
        *late = reply ? "=" : error_name(reply.error().code);
    });
    run();
    executor_.run();
    EXPECT_EQ(*lost, "NOT_COORDINATOR");
    EXPECT_EQ(*late, "NOT_COORDINATOR");
}

TEST_P(CoordinatorOffline, AFullDiskIsNoReason) {
    const auto added = ask(0, Kind::add);
    run();
    ASSERT_EQ(*added, "=1");
    disk_.capacity = 0;
    const auto refused = ask(0, Kind::add);
    run();
    EXPECT_EQ(*refused, "NOT_COORDINATOR");
    disk_.capacity.reset();
    const auto again = ask(0, Kind::add);
    run();
    EXPECT_EQ(*again, "=2");
}

INSTANTIATE_TEST_SUITE_P(Written, CoordinatorOffline, testing::Values(Millis(0), Millis(-1)),
                         [](const auto& test) {
                             return test.param == Millis(0) ? "EachAlone" : "Together";
                         });

}  // namespace
}  // namespace milena::replica
