// How changes of a partition are settled: elections, eligible leader replicas, epochs. The rules
// are those of Kafka 4.2's PartitionChangeBuilder.
#include "replication/metadata/partition_change.h"

#include "replication/metadata/broker_lists.h"
#include "tests/unit/replication/metadata/golden_words.h"
#include "tests/unit/replication/metadata/test_cluster.h"

#include <fstream>

namespace milena::metadata {
namespace {

struct Given {
    std::vector<BrokerId> replicas, isr, elr{}, last_known{};
    std::int32_t leader = 1;
};

PartitionImage partition_of(const Given& given) {
    PartitionImage partition;
    partition.replicas = given.replicas;
    partition.isr = given.isr;
    partition.elr = given.elr;
    partition.last_known_elr = given.last_known;
    partition.leader = BrokerId(given.leader);
    partition.leader_epoch = LeaderEpoch(5);
    partition.partition_epoch = PartitionEpoch(10);
    return partition;
}

PartitionRules rules_with(std::vector<BrokerId> alive, std::size_t min_isr = 1,
                          bool has_elr = true) {
    return {29, has_elr, min_isr,
            [alive = std::move(alive)](BrokerId id) { return contains(alive, id); }};
}

struct ElectionRow {
    const char* what;
    Given given;
    std::vector<BrokerId> alive;
    ElectionKind kind;
    std::int32_t leader;  // -1: none
    std::vector<BrokerId> isr, elr;
    bool recovers = false;
};

const ElectionKind kOnline = ElectionKind::online;
const ElectionKind kPreferred = ElectionKind::preferred;
const ElectionKind kUnclean = ElectionKind::unclean;

const ElectionRow kElections[] = {
    {"leader alive",
     {ids({1, 2, 3}), ids({3, 2}), {}, {}, 3},
     ids({1, 2, 3}),
     kOnline,
     3,
     ids({3, 2}),
     {}},
    {"leader alive, another preferred",
     {ids({1, 2, 3}), ids({3, 1}), {}, {}, 3},
     ids({1, 2, 3}),
     kPreferred,
     1,
     ids({3, 1}),
     {}},
    {"preferred not in sync",
     {ids({1, 2, 3}), ids({3, 2}), {}, {}, 3},
     ids({1, 2, 3}),
     kPreferred,
     3,
     ids({3, 2}),
     {}},
    {"preferred not alive, no leader",
     {ids({1, 2, 3}), ids({2}), {}, {}, -1},
     ids({2, 3}),
     kPreferred,
     2,
     ids({2}),
     {}},
    {"leader dead",
     {ids({1, 2, 3}), ids({3, 2, 1}), {}, {}, 3},
     ids({1, 2}),
     kOnline,
     1,
     ids({3, 2, 1}),
     {}},
    {"nobody in sync alive",
     {ids({1, 2, 3}), ids({3}), {}, {}, 3},
     ids({1, 2}),
     kOnline,
     -1,
     ids({3}),
     {}},
    {"nobody in sync alive, unclean",
     {ids({1, 2, 3}), ids({3}), {}, {}, 3},
     ids({1, 2}),
     kUnclean,
     1,
     ids({1}),
     {},
     true},
    {"nobody alive, unclean",
     {ids({1, 2, 3}), ids({3}), {}, {}, 3},
     {},
     kUnclean,
     -1,
     ids({3}),
     {}},
    {"eligible replica",
     {ids({1, 2, 3}), {}, ids({2, 3}), {}, -1},
     ids({3}),
     kOnline,
     3,
     ids({3}),
     ids({2})},
    {"eligible do not count while the ISR has members",
     {ids({1, 2, 3}), ids({1}), ids({2}), {}, 1},
     ids({2}),
     kOnline,
     -1,
     ids({1}),
     ids({2})},
    {"eligible rather than unclean",
     {ids({1, 2, 3}), {}, ids({3}), {}, -1},
     ids({1, 3}),
     kUnclean,
     3,
     ids({3}),
     {}},
    {"last known leader",
     {ids({1, 2, 3}), {}, {}, ids({2}), -1},
     ids({1, 2}),
     kOnline,
     2,
     ids({2}),
     {},
     true},
    {"last known leader not alive",
     {ids({1, 2, 3}), {}, {}, ids({2}), -1},
     ids({1, 3}),
     kOnline,
     -1,
     {},
     {}},
    {"several last known",
     {ids({1, 2, 3}), {}, {}, ids({2, 3}), -1},
     ids({2, 3}),
     kOnline,
     -1,
     {},
     {}},
};

TEST(Settle, ElectsWhoHasAllRecordsAndOthersOnlyWhenAsked) {
    for (const auto& row : kElections) {
        const auto before = partition_of(row.given);
        // A minimum above every ISR, so that eligible replicas are kept.
        const auto after = settle(before, {before, row.kind}, rules_with(row.alive, 3));
        ASSERT_EQ(after.has_value(), row.leader != row.given.leader) << row.what;
        if (!after) continue;
        EXPECT_EQ(after->leader, BrokerId(row.leader)) << row.what;
        EXPECT_EQ(after->isr, row.isr) << row.what;
        EXPECT_EQ(after->elr, row.elr) << row.what;
        EXPECT_EQ(after->leader_epoch, LeaderEpoch(6)) << row.what;
        EXPECT_EQ(after->partition_epoch, PartitionEpoch(11)) << row.what;
        EXPECT_EQ(after->leader_recovery_state == LeaderRecoveryState::recovering, row.recovers)
            << row.what;
        if (row.leader != -1) {
            EXPECT_TRUE(after->last_known_elr.empty()) << row.what;
        }
    }
}

struct IsrRow {
    const char* what;
    Given given;
    std::vector<BrokerId> wanted_isr;
    std::size_t min_isr;
    std::int32_t lost;  // unclean shutdown; -1: none
    std::vector<BrokerId> isr, elr, last_known;
    std::int32_t leader;
    std::int32_t leader_epoch;
};

const IsrRow kIsrs[] = {
    {"shrinks above the minimum",
     {ids({1, 2, 3}), ids({1, 2, 3})},
     ids({1, 2}),
     2,
     -1,
     ids({1, 2}),
     {},
     {},
     1,
     5},
    {"shrinks below the minimum",
     {ids({1, 2, 3}), ids({1, 2, 3})},
     ids({1}),
     2,
     -1,
     ids({1}),
     ids({2, 3}),
     {},
     1,
     5},
    {"shrinks further",
     {ids({1, 2, 3}), ids({1, 2}), ids({3}), {}},
     ids({1}),
     3,
     -1,
     ids({1}),
     ids({2, 3}),
     {},
     1,
     5},
    {"grows to the minimum",
     {ids({1, 2, 3}), ids({1}), ids({2, 3}), {}},
     ids({1, 2}),
     2,
     -1,
     ids({1, 2}),
     {},
     {},
     1,
     5},
    {"grows below the minimum",
     {ids({1, 2, 3}), ids({1}), ids({2}), {}},
     ids({1, 3}),
     3,
     -1,
     ids({1, 3}),
     ids({2}),
     {},
     1,
     5},
    {"the last one leaves", {ids({1, 2, 3}), ids({1})}, {}, 1, -1, {}, ids({1}), ids({1}), -1, 6},
    {"the last one may have lost records",
     {ids({1, 2, 3}), ids({1})},
     {},
     1,
     1,
     {},
     {},
     ids({1}),
     -1,
     6},
    {"an eligible one may have lost records",
     {ids({1, 2, 3}), {}, ids({2, 3}), ids({2}), -1},
     {},
     1,
     2,
     {},
     ids({3}),
     ids({2}),
     -1,
     5},
};

TEST(Settle, KeepsWhoLeavesAnIsrBelowItsMinimumEligible) {
    for (const auto& row : kIsrs) {
        const auto before = partition_of(row.given);
        PartitionTarget target{before, kOnline, BrokerId(row.lost)};
        target.wanted.isr = row.wanted_isr;
        auto rules = rules_with({}, row.min_isr);
        rules.may_lead = [&](BrokerId id) { return contains(row.wanted_isr, id); };
        const auto after = settle(before, std::move(target), rules);
        ASSERT_TRUE(after) << row.what;
        EXPECT_EQ(after->isr, row.isr) << row.what;
        EXPECT_EQ(after->elr, row.elr) << row.what;
        EXPECT_EQ(after->last_known_elr, row.last_known) << row.what;
        EXPECT_EQ(after->leader, BrokerId(row.leader)) << row.what;
        EXPECT_EQ(after->leader_epoch, LeaderEpoch(row.leader_epoch)) << row.what;
        EXPECT_EQ(after->partition_epoch, PartitionEpoch(11)) << row.what;
    }
}

TEST(Settle, WithoutElrTheLastInSyncReplicaStaysWithoutLeading) {
    const auto before = partition_of({ids({1, 2}), ids({1})});
    PartitionTarget target{before};
    target.wanted.isr.clear();
    const auto after = settle(before, std::move(target), rules_with(ids({2}), 1, false));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->leader, kNoBroker);
    EXPECT_EQ(after->isr, ids({1}));
    EXPECT_TRUE(after->elr.empty());
    EXPECT_TRUE(after->last_known_elr.empty());
}

TEST(Settle, ReassignmentsEndWhenAllThatStayAreInSync) {
    auto before = partition_of({ids({4, 5, 1, 2}), ids({1, 2})});
    before.removing_replicas = ids({1, 2});
    before.adding_replicas = ids({4, 5});
    for (int i = 0; i < 4; ++i)
        before.directories.emplace_back(Uuid{7, before.replicas[i].value() + 0ULL});
    const auto rules = rules_with(ids({1, 2, 4, 5}));
    const auto isr_becomes = [&](std::vector<BrokerId> isr) {
        PartitionTarget target{before};
        target.wanted.isr = std::move(isr);
        return *settle(before, std::move(target), rules);
    };
    const auto on_the_way = isr_becomes(ids({1, 2, 4}));
    EXPECT_EQ(on_the_way.replicas, before.replicas);
    EXPECT_EQ(on_the_way.adding_replicas, before.adding_replicas);
    EXPECT_EQ(on_the_way.leader_epoch, LeaderEpoch(5));

    const auto done = isr_becomes(ids({1, 4, 5}));
    EXPECT_EQ(done.replicas, ids({4, 5}));
    EXPECT_EQ(done.isr, ids({4, 5}));
    EXPECT_EQ(done.leader, BrokerId(4));
    EXPECT_EQ(done.leader_epoch, LeaderEpoch(6));
    EXPECT_TRUE(done.adding_replicas.empty());
    EXPECT_TRUE(done.removing_replicas.empty());
    EXPECT_TRUE(done.elr.empty());
    EXPECT_EQ(done.directories, (std::vector{DirectoryId(Uuid{7, 4}), DirectoryId(Uuid{7, 5})}));
}

TEST(Settle, TakingReplicasAwayBeginsALeaderEpochThoughTheLeaderStays) {
    const auto before = partition_of({ids({1, 2}), ids({1, 2})});
    PartitionTarget target{before};
    target.wanted.replicas = ids({1, 3});
    target.wanted.isr = ids({1});
    const auto after = settle(before, std::move(target), rules_with(ids({1, 2, 3})));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->leader, BrokerId(1));
    EXPECT_EQ(after->leader_epoch, LeaderEpoch(6));
}

TEST(Settle, AShrinkBeginsALeaderEpochOnlyBeforeMetadataVersion36) {
    const auto before = partition_of({ids({1, 2}), ids({1, 2})});
    for (const auto& [version, epoch] : {std::pair{11, 6}, {12, 5}}) {
        PartitionTarget target{before};
        target.wanted.isr = ids({1});
        auto rules = rules_with(ids({1, 2}), 1, false);
        rules.metadata_version = static_cast<std::int16_t>(version);
        EXPECT_EQ(settle(before, std::move(target), rules)->leader_epoch, LeaderEpoch(epoch));
    }
}

TEST(Settle, WhatIsWantedAlreadyIsNoChange) {
    const auto before = partition_of({ids({1, 2}), ids({2, 1})});
    EXPECT_FALSE(settle(before, {before}, rules_with(ids({1, 2}))));
}

// What stands in a line of tests/golden/metadata/partition_changes.txt; PartitionChanges.java
// beside it says where.
PartitionTarget target_in(GoldenWords& words, const PartitionImage& before) {
    PartitionTarget target{before};
    target.wanted.isr = words.list();
    target.wanted.replicas = words.list();
    target.wanted.adding_replicas = words.list();
    target.wanted.removing_replicas = words.list();
    target.wanted.leader_recovery_state = words.recovery();
    const std::string kind = words.word();
    target.election = kind == "unclean" ? kUnclean : kind == "online" ? kOnline : kPreferred;
    target.unclean_shutdown = BrokerId(words.number());
    return target;
}

PartitionRules rules_in(GoldenWords& words) {
    const auto min_isr = static_cast<std::size_t>(words.number());
    const bool has_elr = words.number() == 1;
    return rules_with(words.list(), min_isr, has_elr);
}

PartitionImage answer_in(GoldenWords& words, const PartitionImage& before) {
    PartitionImage after = words.partition();
    after.leader_epoch = LeaderEpoch(before.leader_epoch.value() + words.number());
    after.partition_epoch = PartitionEpoch(before.partition_epoch.value() + 1);
    // Ours differs from Kafka's in two points: who is no replica any more is not eligible, and
    // nobody (-1) is not remembered as the last leader.
    std::erase(after.last_known_elr, kNoBroker);
    std::erase_if(after.elr, [&](BrokerId id) { return !contains(after.replicas, id); });
    return after;
}

TEST(Settle, AnswersAsKafkaDoes) {
    std::ifstream file(MILENA_SOURCE_DIR "/tests/golden/metadata/partition_changes.txt");
    std::size_t cases = 0;
    for (std::string line; std::getline(file, line); ++cases) {
        SCOPED_TRACE(line);
        const auto answer = line.find(" = ");
        ASSERT_NE(answer, line.npos);
        GoldenWords words(line.substr(0, answer));
        const PartitionImage before = words.partition();
        PartitionTarget target = target_in(words, before);
        const auto after = settle(before, std::move(target), rules_in(words));
        ASSERT_EQ(!after, line.ends_with("= none"));
        if (!after) continue;
        GoldenWords rest(line.substr(answer + 3));
        const PartitionImage expected = answer_in(rest, before);
        EXPECT_EQ(after->replicas, expected.replicas);
        EXPECT_EQ(after->isr, expected.isr);
        EXPECT_EQ(after->elr, expected.elr);
        EXPECT_EQ(after->last_known_elr, expected.last_known_elr);
        EXPECT_EQ(after->leader, expected.leader);
        EXPECT_EQ(after->leader_epoch, expected.leader_epoch);
        EXPECT_TRUE(*after == expected);
    }
    EXPECT_EQ(cases, 2000U);
}

}  // namespace
}  // namespace milena::metadata
