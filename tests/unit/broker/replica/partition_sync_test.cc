// Durability as it is promised: an acknowledgement never leaves before its sync, one sync serves
// everybody who waits, and a sync that fails ends the writes of its partition and of no other.

#include "broker/replica/flusher.h"
#include "broker/replica/partition.h"
#include "protocol/base/logger.h"
#include "protocol/record/batch_builder.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"
#include "tests/unit/broker/support/woken.h"
#include "tests/unit/log/support/crash_disk.h"

#include <deque>

#include <gmock/gmock.h>

namespace milena::replica {
namespace {

using log::test::Call;
using log::test::CallSite;
using log::test::CrashDisk;
using testing::HasSubstr;

// Several partitions over one disk and one queue of jobs that may block.
class PartitionSyncTest : public testing::Test {
  protected:
    PartitionSyncTest() {
        set_log_level(LogLevel::off);
        EXPECT_TRUE(disk_.make_dir("/data"));
        for (int i = 0; i < 3; ++i) partitions_.push_back(make(i));
        disk_.fault = [this](const CallSite& site) -> std::optional<IoCause> {
            if (site.call != Call::sync) return std::nullopt;
            ++syncs_;
            return sync_fails_;
        };
    }

    std::shared_ptr<Partition> make(int index) {
        auto settings = std::make_shared<TopicSettings>();
        settings->replication.durability = partition::Durability::disk;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = now();
        auto opened = log::PartitionLog::open(disk_, "/data/t-" + std::to_string(index), options);
        EXPECT_TRUE(opened);
        auto partition = std::make_shared<Partition>(
            PartitionName{"t", TopicId(Uuid{1, 2}), PartitionIndex(index)}, BrokerId(1),
            std::move(*opened), settings, flusher_);
        partition->become_leader({LeaderEpoch(3), PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                                 Offset(0), clock_.now());
        return partition;
    }
    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }

    Result<AppendOutcome> append(int partition) {
        builder_.reset({});
        builder_.add(clock_.wall_now(), NullableBytes(), NullableBytes(as_bytes("value")));
        return partitions_[static_cast<std::size_t>(partition)]->append(
            builder_.finish(), Acks::all, log::AppendOrigin::client, now());
    }
    Partition& at(int partition) { return *partitions_[static_cast<std::size_t>(partition)]; }
    void run_jobs() {
        while (!jobs_.empty()) {
            auto job = std::move(jobs_.front());
            jobs_.pop_front();
            job();
        }
        executor_.run();
    }

    StandingClock clock_;
    CrashDisk disk_;
    std::deque<Flusher::Job> jobs_;
    Flusher flusher_{disk_, clock_, [this](Flusher::Job job) { jobs_.push_back(std::move(job)); }};
    BatchBuilder builder_;
    ManualExecutor executor_;
    std::optional<IoCause> sync_fails_;
    int syncs_ = 0;
    std::vector<std::shared_ptr<Partition>> partitions_;
};

TEST_F(PartitionSyncTest, NoReplyLeavesWhileItsSyncIsHeld) {
    std::vector<std::pair<int, AppendOutcome>> outcomes;
    std::vector<std::shared_ptr<Woken>> waiters;
    for (int i = 0; i < 30; ++i) {
        const auto outcome = append(i % 3);
        ASSERT_TRUE(outcome);
        outcomes.emplace_back(i % 3, *outcome);
        waiters.push_back(std::make_shared<Woken>(executor_));
        at(i % 3).park_producer(*outcome, waiters.back());
    }
    executor_.run();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(at(outcomes[i].first).is_acknowledged(outcomes[i].second).value(), false);
        EXPECT_EQ(waiters[i]->times, 0);
    }
    EXPECT_EQ(jobs_.size(), 3U) << "one sync under way for each partition, whoever waits";
    run_jobs();
    EXPECT_LE(syncs_, 6) << "a sync serves all appends before it";
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(at(outcomes[i].first).is_acknowledged(outcomes[i].second).value(), true);
        EXPECT_EQ(waiters[i]->times, 1);
    }
}

TEST_F(PartitionSyncTest, WhatIsAppendedDuringASyncWaitsForTheNext) {
    ASSERT_TRUE(append(0));
    const auto during = [this] {
        const auto late = append(0);
        EXPECT_TRUE(late);
        return *late;
    };
    std::optional<AppendOutcome> late;
    disk_.fault = [&](const CallSite& site) -> std::optional<IoCause> {
        if (site.call == Call::sync && !late) late = during();
        return std::nullopt;
    };
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    ASSERT_TRUE(late);
    EXPECT_EQ(at(0).is_acknowledged(*late).value(), false);
    run_jobs();
    EXPECT_EQ(at(0).is_acknowledged(*late).value(), true);
}

TEST_F(PartitionSyncTest, AFailedSyncEndsTheWritesOfItsPartitionAndOfNoOther) {
    const auto early = append(0);
    ASSERT_TRUE(early);
    run_jobs();
    const auto lost = append(0);
    ASSERT_TRUE(lost);
    const auto waiter = std::make_shared<Woken>(executor_);
    at(0).park_producer(*lost, waiter);
    sync_fails_ = IoCause::broken;
    run_jobs();
    const int tried = syncs_;

    EXPECT_EQ(waiter->times, 1) << "it is told, not left waiting";
    const auto told = at(0).is_acknowledged(*lost);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    EXPECT_TRUE(at(0).is_acknowledged(*early).value()) << "what was synced stays so";

    // The device works again: that proves nothing about what it forgot.
    sync_fails_.reset();
    const auto refused = append(0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    EXPECT_THAT(refused.error().detail, HasSubstr("restart"));
    run_jobs();
    EXPECT_EQ(syncs_, tried) << "the file is never synced again";
    EXPECT_FALSE(at(0).is_acknowledged(*lost));

    ReadRequest request;
    request.from = Offset(0);
    request.max_bytes = 1 << 20;
    EXPECT_TRUE(at(0).read(request)) << "reads go on";
    const auto other = append(1);
    ASSERT_TRUE(other);
    run_jobs();
    EXPECT_TRUE(at(1).is_acknowledged(*other).value()) << "the others go on";
}

TEST_F(PartitionSyncTest, NoSpaceForASyncIsAFailureLikeAnyOther) {
    const auto lost = append(2);
    ASSERT_TRUE(lost);
    sync_fails_ = IoCause::no_space;
    run_jobs();
    sync_fails_.reset();
    EXPECT_FALSE(at(2).is_acknowledged(*lost));
    EXPECT_FALSE(append(2));
}

}  // namespace
}  // namespace milena::replica
