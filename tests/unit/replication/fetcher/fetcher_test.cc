// The fetcher of one leader broker: what it asks for, when, and what it makes of answers.
#include "replication/fetcher/fetcher.h"

#include <gtest/gtest.h>

namespace milena::fetcher {
namespace {

MonoTime ms(std::int64_t since_start) {
    return MonoTime(Millis(1000 + since_start));
}

PartitionKey key(std::int32_t index, std::uint64_t topic = 1) {
    return {TopicId(Uuid{topic, 1}), PartitionIndex(index)};
}

Position at(std::int64_t offset, std::int32_t leader_epoch = 1) {
    return {.leader_epoch = LeaderEpoch(leader_epoch),
            .offset = Offset(offset),
            .last_fetched_epoch = LeaderEpoch(0),
            .log_start = Offset(0)};
}

Follow follow(PartitionKey of, std::int64_t offset, std::int32_t leader_epoch = 1) {
    return {of, LeaderEpoch(leader_epoch), at(offset, leader_epoch)};
}

// A fetcher in a world where time stands still until it is told otherwise.
struct Bench {
    Fetcher fetcher{Settings{}};
    MonoTime now = ms(0);

    Ready step(const Input& input) {
        auto ready = fetcher.step(input, now);
        EXPECT_EQ(fetcher.check_invariants(), std::nullopt);
        return ready;
    }
    Ready tick_at(std::int64_t when) {
        now = ms(when);
        return step(Tick{});
    }
    // Answers the request with these partitions in the session `session`.
    Ready answer(const Ready& to, std::vector<PartitionAnswer> partitions,
                 std::int32_t session = 7) {
        EXPECT_TRUE(to.fetch);
        return step(FetchAnswered{.request = to.fetch ? to.fetch->id : 0,
                                  .session = FetchSessionId(session),
                                  .partitions = std::move(partitions)});
    }
    Ready move_on(PartitionKey of, std::int64_t offset) {
        return step(Positioned{of, at(offset), false});
    }
};

PartitionAnswer records(PartitionKey of, std::uint64_t bytes = 100,
                        std::int64_t high_watermark = 1000) {
    return {.key = of, .bytes = bytes, .high_watermark = Offset(high_watermark)};
}

PartitionAnswer failed(PartitionKey of, ErrorCode error) {
    return {.key = of, .error = error};
}

std::vector<PartitionKey> asked(const Ready& ready) {
    std::vector<PartitionKey> keys;
    if (!ready.fetch) return keys;
    for (const auto& partition : ready.fetch->partitions) keys.push_back(partition.key);
    return keys;
}

using Keys = std::vector<PartitionKey>;

TEST(Fetcher, AsksAtOnceAndDeliversWhatComes) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    ASSERT_EQ(asked(first), Keys{key(0)});
    EXPECT_EQ(first.fetch->session_epoch, FetchSessionEpoch(0));
    EXPECT_EQ(first.fetch->max_wait, Millis(500));
    EXPECT_EQ(first.fetch->partitions[0].position, at(10));
    const Ready delivered = bench.answer(first, {records(key(0))});
    ASSERT_EQ(delivered.deliver.size(), 1U);
    EXPECT_EQ(delivered.deliver[0].key, key(0));
    EXPECT_EQ(delivered.deliver[0].asked, at(10));
    EXPECT_FALSE(delivered.fetch) << "its records are not where they belong yet";
    const Ready second = bench.move_on(key(0), 20);
    ASSERT_EQ(asked(second), Keys{key(0)});
    EXPECT_EQ(second.fetch->session, FetchSessionId(7));
    EXPECT_EQ(second.fetch->session_epoch, FetchSessionEpoch(1));
}

TEST(Fetcher, WithinASessionNamesOnlyWhatChanged) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(follow(key(1), 10));
    bench.step(follow(key(2), 10));
    bench.answer(first, {records(key(0), 0)});
    const Ready second = bench.move_on(key(0), 10);
    EXPECT_EQ(asked(second), (Keys{key(1), key(2)}));
    bench.answer(second, {records(key(1))});
    const Ready third = bench.move_on(key(1), 20);
    EXPECT_EQ(asked(third), Keys{key(1)});
    EXPECT_TRUE(third.fetch->forgotten.empty());
    // Nothing at all came: the same again, without a word.
    const Ready fourth = bench.answer(third, {});
    ASSERT_TRUE(fourth.fetch);
    EXPECT_TRUE(fourth.fetch->partitions.empty());
    EXPECT_EQ(fourth.fetch->session_epoch, FetchSessionEpoch(3));
}

TEST(Fetcher, WaitsForEverybodyWhoWasServedSoThatOneSyncServesAll) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(follow(key(1), 10));
    bench.answer(first, {records(key(0))});
    const Ready both = bench.move_on(key(0), 11);
    bench.answer(both, {records(key(0)), records(key(1))});
    EXPECT_FALSE(bench.step(Positioned{key(0), std::nullopt, false}).fetch) << "being synced";
    EXPECT_FALSE(bench.move_on(key(1), 20).fetch);
    EXPECT_EQ(asked(bench.move_on(key(0), 12)).size(), 2U);
}

TEST(Fetcher, ASlowDiskHoldsUpItsOwnPartitionOnly) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(follow(key(1), 10));
    bench.answer(first, {records(key(0))});
    const Ready both = bench.move_on(key(0), 11);
    bench.answer(both, {records(key(0)), records(key(1))});
    EXPECT_FALSE(bench.move_on(key(1), 20).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), ms(100));
    const Ready without = bench.tick_at(100);
    EXPECT_EQ(asked(without), Keys{key(1)});
    EXPECT_EQ(without.fetch->forgotten, Keys{key(0)});
    EXPECT_EQ(without.fetch->max_wait, Millis(20)) << "it will be back soon";
    EXPECT_FALSE(bench.move_on(key(0), 12).fetch);
    EXPECT_EQ(asked(bench.answer(without, {})), Keys{key(0)});
}

TEST(Fetcher, WithNothingToAskForItIsSilent) {
    Bench bench;
    EXPECT_FALSE(bench.step(Tick{}).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), std::nullopt);
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(Unfollow{key(0)});
    EXPECT_FALSE(bench.answer(first, {records(key(0))}).fetch);
    EXPECT_TRUE(bench.fetcher.empty());
    EXPECT_EQ(bench.fetcher.deadline(), std::nullopt);
}

// A topic deleted and created again: another key, whatever its name.
TEST(Fetcher, ARecreatedTopicTakesThePlaceOfItsPredecessor) {
    Bench bench;
    const Ready first = bench.step(follow(key(0, 1), 10));
    bench.step(Unfollow{key(0, 1)});
    bench.step(follow(key(0, 2), 0));
    const Ready next = bench.answer(first, {records(key(0, 1))});
    EXPECT_TRUE(next.deliver.empty()) << "nobody is there to have it";
    EXPECT_EQ(asked(next), Keys{key(0, 2)});
    EXPECT_EQ(next.fetch->forgotten, Keys{key(0, 1)});
}

TEST(Fetcher, APartitionForgottenAndFollowedAgainIsNotForgotten) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(Unfollow{key(0)});
    bench.step(follow(key(0), 12, 2));
    const Ready next = bench.answer(first, {records(key(0))});
    EXPECT_TRUE(next.deliver.empty()) << "asked for in another epoch";
    EXPECT_EQ(asked(next), Keys{key(0)});
    EXPECT_TRUE(next.fetch->forgotten.empty());
    EXPECT_EQ(next.fetch->partitions[0].position, at(12, 2));
}

TEST(Fetcher, AnswersOfAnEarlierEpochAreNotDelivered) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(follow(key(0), 10, 2));
    const Ready next = bench.answer(first, {records(key(0))});
    EXPECT_TRUE(next.deliver.empty());
    EXPECT_EQ(next.fetch->partitions[0].position, at(10, 2));
}

TEST(Fetcher, ErrorsOfAPartitionAreReactedToAsKafkaDoes) {
    enum class Then { waits_and_retries, asks_for_the_ends, waits_for_metadata };
    struct Row {
        ErrorCode error;
        Then then;
    };
    const Row rows[] = {
        {ErrorCode::NOT_LEADER_OR_FOLLOWER, Then::waits_and_retries},
        {ErrorCode::UNKNOWN_LEADER_EPOCH, Then::waits_and_retries},
        {ErrorCode::UNKNOWN_TOPIC_ID, Then::waits_and_retries},
        {ErrorCode::INCONSISTENT_TOPIC_ID, Then::waits_and_retries},
        {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, Then::waits_and_retries},
        {ErrorCode::KAFKA_STORAGE_ERROR, Then::waits_and_retries},
        {ErrorCode::CORRUPT_MESSAGE, Then::waits_and_retries},
        {ErrorCode::OFFSET_OUT_OF_RANGE, Then::asks_for_the_ends},
        {ErrorCode::FENCED_LEADER_EPOCH, Then::waits_for_metadata},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(error_name(row.error));
        Bench bench;
        const Ready first = bench.step(follow(key(0), 10));
        const Ready next = bench.answer(first, {failed(key(0), row.error)});
        EXPECT_TRUE(next.deliver.empty());
        EXPECT_FALSE(next.fetch);
        EXPECT_EQ(next.ends.has_value(), row.then == Then::asks_for_the_ends);
        if (row.then != Then::waits_and_retries) {
            EXPECT_EQ(bench.fetcher.deadline(), std::nullopt);
        } else {
            EXPECT_EQ(bench.fetcher.deadline(), ms(20));
            EXPECT_FALSE(bench.tick_at(19).fetch);
            EXPECT_TRUE(bench.tick_at(20).fetch);
        }
        // A new epoch makes a new start.
        if (row.then == Then::waits_for_metadata) {
            EXPECT_TRUE(bench.step(follow(key(0), 10, 2)).fetch);
        }
    }
}

TEST(Fetcher, ErrorsInARowMakeLongerPauses) {
    Bench bench;
    Ready ready = bench.step(follow(key(0), 10));
    std::int64_t when = 0;
    for (const std::int64_t pause : {20, 40, 80, 160, 320, 640, 1000, 1000}) {
        bench.answer(ready, {failed(key(0), ErrorCode::NOT_LEADER_OR_FOLLOWER)});
        EXPECT_EQ(bench.fetcher.deadline(), ms(when + pause));
        when += pause;
        ready = bench.tick_at(when);
    }
    bench.answer(ready, {records(key(0))});
    ready = bench.move_on(key(0), 11);
    bench.answer(ready, {failed(key(0), ErrorCode::NOT_LEADER_OR_FOLLOWER)});
    EXPECT_EQ(bench.fetcher.deadline(), ms(when + 20)) << "success makes it forget";
}

TEST(Fetcher, OneFailedPartitionDoesNotHoldUpTheOthers) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(follow(key(1), 10));
    const Ready next = bench.answer(first, {failed(key(0), ErrorCode::NOT_LEADER_OR_FOLLOWER)});
    EXPECT_EQ(asked(next), Keys{key(1)});
    EXPECT_EQ(next.fetch->forgotten, Keys{key(0)});
    EXPECT_EQ(next.fetch->max_wait, Millis(20));
}

TEST(Fetcher, OutOfRangeIsMendedFromTheEndsOfTheLeader) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    const Ready asks = bench.answer(first, {failed(key(0), ErrorCode::OFFSET_OUT_OF_RANGE)});
    ASSERT_TRUE(asks.ends);
    EXPECT_EQ(asks.ends->partitions[0].key, key(0));
    EXPECT_EQ(asks.ends->partitions[0].leader_epoch, LeaderEpoch(1));
    LogEndsAnswered answer{.request = asks.ends->id, .partitions = {}};
    answer.partitions.push_back({.key = key(0), .start = Offset(50), .end = Offset(90)});
    const Ready located = bench.step(answer);
    ASSERT_EQ(located.locate.size(), 1U);
    EXPECT_EQ(located.locate[0].leader_start, Offset(50));
    EXPECT_EQ(located.locate[0].leader_end, Offset(90));
    EXPECT_FALSE(located.fetch);
    const Ready again = bench.move_on(key(0), 50);
    EXPECT_EQ(again.fetch->partitions[0].position, at(50));
    // Once more without success in between: not at once.
    EXPECT_FALSE(bench.answer(again, {failed(key(0), ErrorCode::OFFSET_OUT_OF_RANGE)}).ends);
    EXPECT_EQ(bench.fetcher.deadline(), ms(40));
    EXPECT_TRUE(bench.tick_at(40).ends);
}

TEST(Fetcher, EndsThatCannotBeHadAreAskedForAgain) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    Ready asks = bench.answer(first, {failed(key(0), ErrorCode::OFFSET_OUT_OF_RANGE)});
    LogEndsAnswered refusal{.request = asks.ends->id, .partitions = {}};
    refusal.partitions.push_back({.key = key(0), .error = ErrorCode::NOT_LEADER_OR_FOLLOWER});
    EXPECT_FALSE(bench.step(refusal).ends);
    asks = bench.tick_at(40);
    ASSERT_TRUE(asks.ends);
    EXPECT_FALSE(bench.step(RequestLost{asks.ends->id}).ends);
    asks = bench.tick_at(60);
    ASSERT_TRUE(asks.ends);
    EXPECT_FALSE(bench.step(LogEndsAnswered{.request = asks.ends->id, .partitions = {}}).ends);
    EXPECT_TRUE(bench.tick_at(1000).ends) << "left out of the answer";
}

TEST(Fetcher, ALostConnectionDelaysAllAndBeginsANewSession) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.answer(first, {records(key(0))});
    const Ready second = bench.move_on(key(0), 20);
    EXPECT_EQ(second.fetch->session_epoch, FetchSessionEpoch(1));
    EXPECT_FALSE(bench.step(RequestLost{second.fetch->id}).fetch);
    EXPECT_FALSE(bench.step(follow(key(1), 0)).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), ms(20));
    const Ready third = bench.tick_at(20);
    EXPECT_EQ(asked(third), (Keys{key(1), key(0)}));
    EXPECT_EQ(third.fetch->session, FetchSessionId(7));
    EXPECT_EQ(third.fetch->session_epoch, FetchSessionEpoch(0));
    // What comes late is nobody's.
    EXPECT_TRUE(bench.answer(second, {records(key(0))}).deliver.empty());
    bench.step(RequestLost{third.fetch->id});
    EXPECT_EQ(bench.fetcher.deadline(), ms(60)) << "longer each time";
}

TEST(Fetcher, ALostSessionIsMadeAnewAtOnceButNotForEver) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    const auto refuse = [&](const Ready& request) {
        return bench.step(FetchAnswered{.request = request.fetch->id,
                                        .error = ErrorCode::FETCH_SESSION_ID_NOT_FOUND,
                                        .partitions = {}});
    };
    const Ready second = refuse(first);
    ASSERT_EQ(asked(second), Keys{key(0)});
    EXPECT_EQ(second.fetch->session, FetchSessionId(0));
    EXPECT_FALSE(refuse(second).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), ms(40));
}

TEST(Fetcher, AFullAnswerWithoutAllPartitionsBeginsANewSession) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    const Ready second = bench.answer(first, {});
    ASSERT_EQ(asked(second), Keys{key(0)});
    EXPECT_EQ(second.fetch->session_epoch, FetchSessionEpoch(0));
}

// A new leader has nothing to tell anybody until its followers have fetched.
TEST(Fetcher, ANewcomerDoesNotWaitOutALongPoll) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.now = ms(100);
    EXPECT_FALSE(bench.step(follow(key(1), 10)).abandon);
    EXPECT_EQ(bench.fetcher.deadline(), ms(120));
    const Ready ready = bench.tick_at(120);
    EXPECT_EQ(ready.abandon, first.fetch->id);
    EXPECT_EQ(asked(ready), (Keys{key(0), key(1)}));
    EXPECT_EQ(ready.fetch->session_epoch, FetchSessionEpoch(0));
    EXPECT_TRUE(bench.answer(first, {records(key(0))}).deliver.empty());
    // Topics that are made one by one do not cost a connection each.
    bench.now = ms(130);
    bench.step(follow(key(2), 10));
    EXPECT_FALSE(bench.tick_at(200).abandon);
    EXPECT_EQ(bench.fetcher.deadline(), ms(620));
}

TEST(Fetcher, WhatCouldNotBeUsedIsAskedForAgainLater) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.answer(first, {records(key(0))});
    EXPECT_FALSE(bench.step(Positioned{key(0), at(10), true}).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), ms(20));
    EXPECT_TRUE(bench.tick_at(20).fetch);
}

TEST(Fetcher, APartitionWhoseLogFailedIsLeftAlone) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.answer(first, {records(key(0))});
    EXPECT_FALSE(bench.step(LogFailed{key(0)}).fetch);
    EXPECT_FALSE(bench.move_on(key(0), 20).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), std::nullopt);
}

TEST(Fetcher, WithoutASessionThePartitionsTakeTurns) {
    Bench bench;
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(follow(key(1), 10));
    bench.step(follow(key(2), 10));
    Ready ready = bench.answer(first, {records(key(0), 0)}, 0);
    ready = bench.move_on(key(0), 10);
    EXPECT_EQ(asked(ready), (Keys{key(0), key(1), key(2)}));
    bench.answer(ready, {records(key(0)), records(key(1), 0), records(key(2), 0)}, 0);
    bench.move_on(key(1), 10);
    bench.move_on(key(2), 10);
    ready = bench.move_on(key(0), 20);
    EXPECT_EQ(asked(ready), (Keys{key(1), key(2), key(0)})) << "who was served comes last";
}

// KIP-73.
TEST(Fetcher, AThrottledPartitionThatLagsPausesWhileTheQuotaIsUsedUp) {
    Bench bench;
    bench.step(ThrottleRate{100});
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(Throttled{key(0), true});
    bench.answer(first, {records(key(0), 5000, 1000)});
    EXPECT_FALSE(bench.move_on(key(0), 20).fetch);
    EXPECT_EQ(bench.fetcher.deadline(), ms(100));
    EXPECT_FALSE(bench.tick_at(100).fetch);
    EXPECT_TRUE(bench.tick_at(12'000).fetch);
}

TEST(Fetcher, AThrottledPartitionInSyncIsNotHeldBack) {
    Bench bench;
    bench.step(ThrottleRate{100});
    const Ready first = bench.step(follow(key(0), 10));
    bench.step(Throttled{key(0), true});
    bench.answer(first, {records(key(0), 5000, 20)});
    EXPECT_TRUE(bench.move_on(key(0), 20).fetch);
}

}  // namespace
}  // namespace milena::fetcher
