#include "replication/fetcher/session.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena::fetcher {
namespace {

std::pair<std::int32_t, std::int32_t> next(const Session& session) {
    return {session.id().value(), session.epoch().value()};
}

using Pair = std::pair<std::int32_t, std::int32_t>;

TEST(FetchSessionOfFollower, BeginsFullAndGoesOnIncrementally) {
    Session session;
    EXPECT_EQ(next(session), Pair(0, 0));
    EXPECT_TRUE(session.is_full());
    session.answered(FetchSessionId(7));
    EXPECT_EQ(next(session), Pair(7, 1));
    EXPECT_FALSE(session.is_full());
    session.answered(FetchSessionId(7));
    EXPECT_EQ(next(session), Pair(7, 2));
}

TEST(FetchSessionOfFollower, WithoutASessionThereEveryRequestIsFull) {
    Session session;
    session.answered(FetchSessionId(0));
    EXPECT_EQ(next(session), Pair(0, 0));
    session.answered(FetchSessionId(7));
    session.answered(FetchSessionId(0));
    EXPECT_EQ(next(session), Pair(0, 0)) << "it was closed over there";
}

TEST(FetchSessionOfFollower, AnErrorClosesItAndAsksForAnother) {
    for (const auto error :
         {ErrorCode::INVALID_FETCH_SESSION_EPOCH, ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR,
          ErrorCode::UNKNOWN_SERVER_ERROR}) {
        Session session;
        session.answered(FetchSessionId(7));
        session.refused(error);
        EXPECT_EQ(next(session), Pair(7, 0)) << error_name(error);
        session.answered(FetchSessionId(8));
        EXPECT_EQ(next(session), Pair(8, 1));
    }
    Session evicted;
    evicted.answered(FetchSessionId(7));
    evicted.refused(ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    EXPECT_EQ(next(evicted), Pair(0, 0)) << "there is nothing to close";
}

TEST(FetchSessionOfFollower, ALostAnswerClosesItToo) {
    Session session;
    session.answered(FetchSessionId(7));
    session.lost();
    EXPECT_EQ(next(session), Pair(7, 0));
}

}  // namespace
}  // namespace milena::fetcher
