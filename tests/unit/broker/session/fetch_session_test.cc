#include "broker/session/fetch_session.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena::session {
namespace {

constexpr Millis kEvictAfter{120'000};

MonoTime at(std::int64_t ms) {
    return MonoTime(std::chrono::milliseconds(ms));
}

FetchTarget target(const char* topic, int index, std::int64_t offset = 0) {
    FetchTarget t;
    t.name = {TopicId{}, topic, PartitionIndex(index)};
    t.fetch_offset = Offset(offset);
    t.max_bytes = 1024;
    return t;
}

SessionRequest request(int id, int epoch, std::vector<FetchTarget> targets = {}) {
    SessionRequest r;
    r.id = FetchSessionId(id);
    r.epoch = FetchSessionEpoch(epoch);
    r.partitions = std::move(targets);
    return r;
}

FetchMarks marks(std::int64_t high_watermark, bool records = false) {
    FetchMarks m;
    m.high_watermark = Offset(high_watermark);
    m.log_start_offset = Offset(0);
    m.has_records = records;
    return m;
}

std::vector<int> order(const FetchPlan& plan) {
    std::vector<int> indexes;
    for (const auto& t : plan.targets) indexes.push_back(t.name.index.value());
    return indexes;
}

struct Fixture : testing::Test {
    SeededRandom random{7};
    SessionCache cache{2, kEvictAfter, random};

    FetchPlan open(std::vector<FetchTarget> targets, std::int64_t now = 0) {
        auto plan = cache.begin(request(0, 0, std::move(targets)), at(now));
        EXPECT_TRUE(plan);
        return *plan;
    }
};

using FetchSession = Fixture;

TEST_F(FetchSession, EpochMinusOneIsSessionless) {
    const auto plan = cache.begin(request(0, -1, {target("a", 0)}), at(0));
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->kind, FetchPlan::Kind::sessionless);
    EXPECT_EQ(plan->session.value(), 0);
    EXPECT_EQ(cache.size(), 0U);
}

TEST_F(FetchSession, IncrementalNamesOnlyWhatChanged) {
    const auto full = open({target("a", 0), target("a", 1)});
    EXPECT_EQ(full.kind, FetchPlan::Kind::full);
    EXPECT_EQ(cache.finish(full, {marks(5), marks(6)}), (std::vector<bool>{true, true}));

    const auto quiet = cache.begin(request(full.session.value(), 1), at(1));
    ASSERT_TRUE(quiet);
    EXPECT_EQ(cache.finish(*quiet, {marks(5), marks(6)}), (std::vector<bool>{false, false}));

    const auto moved = cache.begin(request(full.session.value(), 2), at(2));
    ASSERT_TRUE(moved);
    EXPECT_EQ(cache.finish(*moved, {marks(5), marks(7)}), (std::vector<bool>{false, true}));
}

TEST_F(FetchSession, AnErrorIsToldAndSoIsItsEnd) {
    const auto full = open({target("a", 0)});
    auto bad = marks(5);
    bad.must_tell = true;
    cache.finish(full, {bad});
    const auto plan = cache.begin(request(full.session.value(), 1), at(1));
    ASSERT_TRUE(plan);
    EXPECT_EQ(cache.finish(*plan, {marks(5)}), (std::vector<bool>{true}));
}

TEST_F(FetchSession, APartitionAnsweredWithRecordsMovesToTheEnd) {
    const auto full = open({target("a", 0), target("a", 1), target("a", 2)});
    cache.finish(full, {marks(5, true), marks(6), marks(7)});
    const auto plan = cache.begin(request(full.session.value(), 1), at(1));
    ASSERT_TRUE(plan);
    EXPECT_EQ(order(*plan), (std::vector<int>{1, 2, 0}));
}

TEST_F(FetchSession, IncrementalAddsChangesAndForgets) {
    const auto full = open({target("a", 0), target("a", 1)});
    auto next = request(full.session.value(), 1, {target("a", 1, 50), target("b", 0)});
    next.forgotten = {target("a", 0).name};
    const auto plan = cache.begin(std::move(next), at(1));
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->targets.size(), 2U);
    EXPECT_EQ(plan->targets[0].fetch_offset, Offset(50));
    EXPECT_EQ(plan->targets[1].name.topic, "b");
}

TEST_F(FetchSession, ForgettingEverythingEndsTheSession) {
    const auto full = open({target("a", 0)});
    auto last = request(full.session.value(), 1);
    last.forgotten = {target("a", 0).name};
    const auto plan = cache.begin(std::move(last), at(1));
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->session.value(), 0);
    EXPECT_EQ(cache.size(), 0U);
}

TEST_F(FetchSession, WrongIdAndWrongEpochAreTopLevelErrors) {
    const auto full = open({target("a", 0)});
    const auto id = full.session.value();
    EXPECT_EQ(cache.begin(request(id == 1 ? 2 : 1, 1), at(1)).error().code,
              ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    EXPECT_EQ(cache.begin(request(id, 2), at(1)).error().code,
              ErrorCode::INVALID_FETCH_SESSION_EPOCH);
    ASSERT_TRUE(cache.begin(request(id, 1), at(1)));
    EXPECT_EQ(cache.begin(request(id, 1), at(1)).error().code,
              ErrorCode::INVALID_FETCH_SESSION_EPOCH)
        << "the same epoch twice";
}

TEST_F(FetchSession, NamesAndIdsDoNotMixWithinASession) {
    const auto full = open({target("a", 0)});
    auto by_id = request(full.session.value(), 1);
    by_id.uses_topic_ids = true;
    EXPECT_EQ(cache.begin(std::move(by_id), at(1)).error().code,
              ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
}

TEST_F(FetchSession, EpochZeroWithAnIdReplacesTheSession) {
    const auto first = open({target("a", 0)});
    const auto second = cache.begin(request(first.session.value(), 0, {target("a", 0)}), at(1));
    ASSERT_TRUE(second);
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_NE(second->session, first.session);
}

TEST_F(FetchSession, AFullCacheGivesNoSessionUnlessOneIsIdleOrSmaller) {
    const auto first = open({target("a", 0), target("a", 1)}, 0);
    open({target("b", 0), target("b", 1)}, 10);
    EXPECT_EQ(open({target("c", 0)}, 20).session.value(), 0) << "not worth more than either";
    EXPECT_NE(open({target("c", 0), target("c", 1), target("c", 2)}, 30).session.value(), 0);
    EXPECT_EQ(cache.evictions(), 1U);
    EXPECT_NE(open({target("d", 0)}, kEvictAfter.count() + 100).session.value(), 0)
        << "an idle one gives way";
    EXPECT_EQ(
        cache.begin(request(first.session.value(), 1), at(kEvictAfter.count() + 101)).error().code,
        ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

}  // namespace
}  // namespace milena::session
