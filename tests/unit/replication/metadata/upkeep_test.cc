// What the controller does on its own, and when.
#include "replication/metadata/upkeep.h"

#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

using std::chrono::milliseconds;
constexpr MonoTime kStart{};

// Names of the requests that are due, in order.
std::vector<std::string> names(const std::vector<Request>& requests) {
    std::vector<std::string> names;
    for (const auto& request : requests) {
        if (std::holds_alternative<FenceExpiredBroker>(request)) names.emplace_back("fence");
        if (std::holds_alternative<ElectMissingLeaders>(request)) names.emplace_back("missing");
        if (std::holds_alternative<BalanceLeaders>(request)) names.emplace_back("balance");
        if (std::holds_alternative<WriteNoOp>(request)) names.emplace_back("no-op");
    }
    return names;
}

TEST(Upkeep, EverythingComesRoundAfterItsInterval) {
    UpkeepTiming timing;
    timing.balance_interval = milliseconds(2000);
    timing.missing_leader_interval = milliseconds(3000);
    timing.max_idle = milliseconds(10'000);
    const Sessions sessions(kStart);
    const Image image;
    Upkeep upkeep(timing, kStart);
    std::vector<std::pair<int, std::vector<std::string>>> happened;
    for (MonoTime now = upkeep.next(sessions, image); now <= kStart + milliseconds(10'000);
         now = upkeep.next(sessions, image)) {
        happened.emplace_back(static_cast<int>((now - kStart) / milliseconds(1)),
                              names(upkeep.due(sessions, image, now)));
    }
    const std::vector<std::pair<int, std::vector<std::string>>> expected{
        {2000, {"balance"}},           {3000, {"missing"}},
        {4000, {"balance"}},           {6000, {"missing", "balance"}},
        {8000, {"balance"}},           {9000, {"missing"}},
        {10'000, {"balance", "no-op"}}};
    EXPECT_EQ(happened, expected);
}

TEST(Upkeep, WhatIsTurnedOffIsNeverDue) {
    UpkeepTiming timing;
    timing.balances_leaders = false;
    timing.max_idle = Millis(0);
    Upkeep upkeep(timing, kStart);
    const Sessions sessions(kStart);
    EXPECT_EQ(names(upkeep.due(sessions, Image{}, kStart + std::chrono::hours(1))),
              (std::vector<std::string>{"missing"}));
}

TEST(Upkeep, ALogThatIsWrittenIsNotIdle) {
    Upkeep upkeep({}, kStart);
    const Sessions sessions(kStart);
    upkeep.wrote(kStart + milliseconds(300));
    EXPECT_TRUE(upkeep.due(sessions, Image{}, kStart + milliseconds(799)).empty());
    EXPECT_EQ(upkeep.next(sessions, Image{}), kStart + milliseconds(800));
    EXPECT_EQ(names(upkeep.due(sessions, Image{}, kStart + milliseconds(800))),
              (std::vector<std::string>{"no-op"}));
    EXPECT_TRUE(upkeep.due(sessions, Image{}, kStart + milliseconds(801)).empty());
}

TEST(Upkeep, ASessionThatRanOutIsDueOneMomentAfterItsEnd) {
    TestCluster cluster;
    cluster.add_broker(1);
    UpkeepTiming timing;
    timing.max_idle = Millis(0);
    Upkeep upkeep(timing, kStart);
    const Sessions sessions(kStart);
    const MonoTime next = upkeep.next(sessions, cluster.image());
    EXPECT_EQ(next, kStart + milliseconds(9000) + Nanos(1));
    EXPECT_TRUE(upkeep.due(sessions, cluster.image(), next - Nanos(1)).empty());
    EXPECT_EQ(names(upkeep.due(sessions, cluster.image(), next)),
              (std::vector<std::string>{"fence"}));
}

}  // namespace
}  // namespace milena::metadata
