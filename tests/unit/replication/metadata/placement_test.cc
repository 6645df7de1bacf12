#include "replication/metadata/placement.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace milena::metadata {
namespace {

std::vector<UsableBroker> brokers(int racks, int per_rack) {
    std::vector<UsableBroker> all;
    for (int rack = 0; rack < racks; ++rack) {
        for (int i = 0; i < per_rack; ++i) {
            all.push_back({BrokerId(rack * 100 + i), "rack" + std::to_string(rack), false});
        }
    }
    return all;
}

TEST(Placement, ReplicasAreDifferentBrokersSpreadOverTheRacks) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SeededRandom random(seed);
        const int racks = 1 + static_cast<int>(random.below(4));
        const int per_rack = 1 + static_cast<int>(random.below(4));
        const auto factor = static_cast<std::int16_t>(1 + random.below(racks * per_rack));
        const auto placed = place_replicas(brokers(racks, per_rack), 40, factor, random);
        ASSERT_TRUE(placed);
        ASSERT_EQ(placed->size(), 40U);
        for (const auto& replicas : *placed) {
            ASSERT_EQ(replicas.size(), static_cast<std::size_t>(factor)) << "seed " << seed;
            const std::set<BrokerId> different(replicas.begin(), replicas.end());
            EXPECT_EQ(different.size(), replicas.size()) << "seed " << seed;
            std::set<int> used;
            for (const BrokerId id : replicas) used.insert(id.value() / 100);
            EXPECT_EQ(used.size(), std::min<std::size_t>(racks, replicas.size()))
                << "seed " << seed;
        }
    }
}

TEST(Placement, EveryBrokerLeadsItsShare) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (const auto& [racks, per_rack] : {std::pair{1, 4}, {2, 2}, {3, 3}, {4, 1}}) {
            SeededRandom random(seed);
            const int total = racks * per_rack;
            const auto placed = place_replicas(brokers(racks, per_rack), total * 5, 1, random);
            std::map<BrokerId, int> leads;
            for (const auto& replicas : *placed) ++leads[replicas[0]];
            ASSERT_EQ(leads.size(), static_cast<std::size_t>(total)) << "seed " << seed;
            for (const auto& [id, count] : leads) {
                EXPECT_EQ(count, 5) << "broker " << id.value() << ", seed " << seed;
            }
        }
    }
}

TEST(Placement, FencedBrokersComeLast) {
    auto all = brokers(2, 2);
    all[0].is_fenced = all[2].is_fenced = true;
    SeededRandom random(3);
    const auto placed = place_replicas(all, 20, 3, random);
    ASSERT_TRUE(placed);
    for (const auto& replicas : *placed) {
        for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(replicas[i].value() % 100, 1);
        EXPECT_EQ(replicas[2].value() % 100, 0);
    }
}

// Rather a fenced broker of another rack than two replicas in one rack.
TEST(Placement, RacksComeBeforeWhoIsFenced) {
    auto all = brokers(2, 2);
    all[2].is_fenced = all[3].is_fenced = true;
    SeededRandom random(4);
    const auto placed = place_replicas(all, 20, 2, random);
    ASSERT_TRUE(placed);
    for (const auto& replicas : *placed) {
        EXPECT_LT(replicas[0].value(), 100);
        EXPECT_GE(replicas[1].value(), 100);
    }
}

TEST(Placement, FollowersOfOneLeaderDiffer) {
    SeededRandom random(5);
    const auto placed = place_replicas(brokers(1, 3), 60, 3, random);
    ASSERT_TRUE(placed);
    std::map<BrokerId, std::set<BrokerId>> next_in_line;
    for (const auto& replicas : *placed) next_in_line[replicas[0]].insert(replicas[1]);
    for (const auto& [leader, followers] : next_in_line) EXPECT_EQ(followers.size(), 2U);
}

TEST(Placement, TooFewBrokersAreRefused) {
    SeededRandom random(1);
    EXPECT_EQ(place_replicas(brokers(1, 2), 1, 3, random).error().code,
              ErrorCode::INVALID_REPLICATION_FACTOR);
    auto fenced = brokers(1, 1);
    fenced[0].is_fenced = true;
    EXPECT_EQ(place_replicas(fenced, 1, 1, random).error().code,
              ErrorCode::INVALID_REPLICATION_FACTOR);
}

}  // namespace
}  // namespace milena::metadata
