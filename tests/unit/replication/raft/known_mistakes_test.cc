// What went wrong in other implementations, a test each; the names of Kafka's issues.
#include "tests/unit/replication/raft/bench.h"

#include <gtest/gtest.h>

namespace milena::raft {
namespace {

RecordList one_value() {
    RecordList list;
    list.add(as_bytes("value"));
    return list;
}

// KAFKA-10533
TEST(RaftMistakes, AFollowerAcknowledgesOnlyWhatItHasSynced) {
    Bench bench({2, 3});
    bench.follow(2, 1);
    const auto records = batches(Offset(0), {{1, 3}});
    bench.feed(records, Offset(0));
    ASSERT_TRUE(bench.last.append_fetched);
    EXPECT_EQ(bench.last.append_fetched->end, Offset(3));
    EXPECT_FALSE(bench.is_asked(2)) << "before the sync";
    bench.sync();
    EXPECT_EQ(bench.asked<FetchRequest>(2).offset, Offset(3));
}

// KAFKA-10533
TEST(RaftMistakes, ALeaderSendsOnlyWhatItHasSynced) {
    Bench bench({2, 3});
    bench.lead();
    bench.fetch(2, Offset(0), 0);
    EXPECT_TRUE(bench.replies.empty());
    bench.sync();
    ASSERT_TRUE(bench.reads());
    EXPECT_EQ(bench.reads()->limit, Offset(1));
    bench.step(Propose{{one_value()}});
    bench.fetch(3, Offset(0), 0);
    EXPECT_EQ(bench.reads()->limit, Offset(1)) << "what was proposed is not synced";
}

// KAFKA-10527
TEST(RaftMistakes, WhoLedAnEpochDoesNotLeadItAgainAfterARestart) {
    Found found = found_log({{4, 2}});
    found.election.leader = BrokerId(1);
    Bench bench({2, 3}, found);
    EXPECT_TRUE(bench.is<Resigned>());
    bench.step(Start{});
    EXPECT_EQ(bench.raft.state().election.epoch, LeaderEpoch(5));
    EXPECT_EQ(bench.last.election, bench.raft.state().election);
    bench.receive(VoteRequest{.voter = {},
                              .candidate = Bench::key(2),
                              .epoch = LeaderEpoch(4),
                              .log_end = {LeaderEpoch(3), Offset(9)}});
    EXPECT_EQ(bench.answered<VoteResponse>().error, ErrorCode::FENCED_LEADER_EPOCH);
}

TEST(RaftMistakes, AVoteIsPersistedWithItsAnswerAndGivenOnce) {
    Bench bench({2, 3});
    bench.step(Start{});
    VoteRequest request{.voter = {},
                        .candidate = Bench::key(2),
                        .epoch = LeaderEpoch(1),
                        .log_end = {LeaderEpoch(0), Offset(0)}};
    const Ready& ready = bench.receive(request);
    ASSERT_TRUE(ready.election);
    EXPECT_EQ(ready.election->voted, BrokerId(2));
    EXPECT_TRUE(bench.answered<VoteResponse>().granted);
    request.candidate = Bench::key(3);
    bench.receive(request);
    EXPECT_FALSE(bench.answered<VoteResponse>().granted);
    request.candidate = Bench::key(2);
    bench.receive(request);
    EXPECT_TRUE(bench.answered<VoteResponse>().granted) << "asked again";
}

// KAFKA-12460
TEST(RaftMistakes, NothingCommittedIsTruncated) {
    Bench bench({2, 3}, found_log({{1, 5}}));
    bench.follow(2, 2);
    bench.feed({}, Offset(4));
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(4));
    const Ready& ready =
        bench.answer(2, FetchResponse{.leadership = bench.leadership(),
                                      .diverging = EpochEnd{LeaderEpoch(1), Offset(3)}});
    EXPECT_FALSE(ready.truncate_to);
    ASSERT_TRUE(ready.fatal);
    EXPECT_NE(ready.fatal->detail.find("diverges at offset 3"), std::string::npos);
    EXPECT_EQ(bench.raft.state().log_end, Offset(5));
}

// KAFKA-12619
TEST(RaftMistakes, TheHighWatermarkWaitsForTheLeadersOwnRecord) {
    Bench bench({2, 3}, found_log({{1, 5}}));
    bench.lead();
    bench.sync();
    bench.fetch(2, Offset(5), 1);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(0));
    EXPECT_FALSE(bench.raft.state().is_established());
    bench.fetch(2, Offset(6), bench.raft.state().election.epoch.value());
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(6));
    EXPECT_TRUE(bench.raft.state().is_established());
}

// KAFKA-14238, 14240, 14618, 15076, 13968, 13098
TEST(RaftMistakes, ALogBeginsNoLaterThanASnapshot) {
    struct Row {
        std::int64_t log_start;
        std::vector<SnapshotOnDisk> snapshots;
        bool is_sound;
    };
    const SnapshotOnDisk at_3{{Offset(3), LeaderEpoch(1)}, 10};
    const SnapshotOnDisk at_9{{Offset(9), LeaderEpoch(1)}, 10};
    const Row rows[] = {
        {0, {}, true},  {3, {at_3}, true},  {2, {at_3}, true},
        {3, {}, false}, {4, {at_3}, false}, {0, {at_9}, false},  // beyond the end of the log
    };
    for (const Row& row : rows) {
        Found found = found_log({{1, 5}});
        found.log_start = Offset(row.log_start);
        found.snapshots = row.snapshots;
        const auto raft =
            Raft::create({.self = Bench::voter(1)}, VoterSet{{Bench::voter(1)}, 0}, found, 1);
        EXPECT_EQ(raft.has_value(), row.is_sound) << row.log_start;
        EXPECT_TRUE(raft || raft.error().code == ErrorCode::KAFKA_STORAGE_ERROR);
    }
}

TEST(RaftMistakes, TheLogStartMovesToTheOlderOfTwoSnapshots) {
    Bench bench({});
    bench.lead();
    bench.step(Propose{{one_value(), one_value(), one_value()}});
    bench.sync();
    const SnapshotId first{Offset(2), LeaderEpoch(1)};
    EXPECT_FALSE(bench.step(SnapshotWritten{first, 10}).trim_to);
    EXPECT_EQ(bench.raft.state().log_start, Offset(0));
    EXPECT_EQ(bench.step(SnapshotWritten{{Offset(3), LeaderEpoch(1)}, 10}).trim_to, first);
    EXPECT_EQ(bench.raft.state().log_start, Offset(2));
    EXPECT_FALSE(bench.step(SnapshotWritten{first, 10}).trim_to) << "an older one changes nothing";
}

// KAFKA-14275: what cannot be read is not passed over.
TEST(RaftMistakes, ADamagedBatchEndsWhatIsTaken) {
    Bench bench({2, 3});
    bench.follow(2, 1);
    auto records = batches(Offset(0), {{1, 1}, {1, 1}, {1, 1}});
    const std::size_t each = records.size() / 3;
    records[each + 70] ^= 1;
    const Ready& ready = bench.feed(records, Offset(3));
    ASSERT_TRUE(ready.append_fetched);
    EXPECT_EQ(ready.append_fetched->end, Offset(1));
    EXPECT_EQ(ready.append_fetched->batches.size(), each);
    EXPECT_EQ(bench.sync().high_watermark, Offset(1));
}

// KAFKA-18723
TEST(RaftMistakes, ABatchOfALaterEpochThanTheLeadersIsNotTaken) {
    Bench bench({2, 3});
    bench.follow(2, 3);
    const auto records = batches(Offset(0), {{3, 1}, {4, 1}});
    EXPECT_EQ(bench.feed(records, Offset(0)).append_fetched->end, Offset(1));
}

// KAFKA-16530
TEST(RaftMistakes, OnlyVotersCountForTheHighWatermark) {
    Bench bench({2, 3});
    bench.lead();
    bench.sync();
    bench.fetch(4, Offset(1), 1);
    bench.fetch(5, Offset(1), 1);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(0));
    bench.fetch(3, Offset(1), 1);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(1));
}

// KAFKA-16530
TEST(RaftMistakes, ALeaderThatIsNoVoterAnyMoreDoesNotCount) {
    Bench bench({2, 3}, {}, true);
    bench.lead();
    bench.sync();
    bench.fetch(2, Offset(3), 1);
    ASSERT_TRUE(bench.raft.state().is_established());
    bench.receive(RemoveVoterRequest{Bench::key(1)});
    bench.sync();
    ASSERT_EQ(bench.raft.state().log_end, Offset(4));
    bench.fetch(2, Offset(4), 1);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(3)) << "one of two voters has it";
    bench.fetch(3, Offset(4), 1);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(4));
    EXPECT_TRUE(bench.is<Resigned>()) << "its removal is committed";
}

// KAFKA-17067, 17751
TEST(RaftMistakes, AnObserverNeverStandsForElection) {
    Bench bench(VoterSet{{Bench::voter(2), Bench::voter(3)}, 0}, {});
    bench.step(Start{});
    bench.pass(Millis(20'000));
    EXPECT_TRUE(bench.is<Unattached>());
    EXPECT_EQ(bench.raft.state().election, ElectionState{});
    for (const auto& [node, send] : bench.under_way) {
        EXPECT_TRUE(std::holds_alternative<FetchRequest>(send.request));
    }
}

// KAFKA-14222
TEST(RaftMistakes, AFetchThatBringsNothingUsableIsTriedAgainAfterAPause) {
    Bench bench({2, 3});
    bench.follow(2, 1);
    const auto wrong = batches(Offset(7), {{1, 1}});
    bench.feed(wrong, Offset(0));
    EXPECT_FALSE(bench.last.append_fetched);
    EXPECT_FALSE(bench.is_asked(2));
    EXPECT_EQ(bench.last.deadline, bench.now + bench.options.retry_backoff);
    bench.pass(bench.options.retry_backoff);
    EXPECT_EQ(bench.asked<FetchRequest>(2).offset, Offset(0));
}

// A wiped voter would vote twice under the same id (KIP-853).
TEST(RaftMistakes, AVoterThatLostItsDirectoryIsNotTheVoterAnyMore) {
    VoterSet voters{{Bench::voter(1), Bench::voter(2), Bench::voter(3)}, 1};
    voters.voters[0].directory = DirectoryId(Uuid{9, 99});
    Bench bench(voters, {});
    bench.step(Start{});
    bench.receive(VoteRequest{.voter = voters.voters[0].key(),
                              .candidate = Bench::key(2),
                              .epoch = LeaderEpoch(1),
                              .log_end = {LeaderEpoch(0), Offset(0)}});
    EXPECT_EQ(bench.answered<VoteResponse>().error, ErrorCode::INVALID_VOTER_KEY);
    EXPECT_FALSE(bench.answered<VoteResponse>().granted);
    bench.pass(Millis(10'000));
    EXPECT_TRUE(bench.is<Unattached>());
}

// ... and the leader does not take its fetches for the voter's.
TEST(RaftMistakes, FetchesOfAnotherDirectoryCommitNothing) {
    Bench bench({2, 3}, {}, true);
    bench.lead();
    bench.sync();
    FetchRequest fetch{.replica = {BrokerId(2), DirectoryId(Uuid{9, 99})},
                       .epoch = LeaderEpoch(1),
                       .offset = Offset(3),
                       .last_epoch = LeaderEpoch(1)};
    bench.receive(fetch);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(0));
    fetch.replica = Bench::key(2);
    bench.receive(fetch);
    EXPECT_EQ(bench.raft.state().high_watermark, Offset(3));
}

// Late and doubled answers.
TEST(RaftMistakes, AnswersToAnEarlierRoleAreDropped) {
    Bench bench({2, 3});
    bench.step(Start{});
    while (!bench.is<Prospective>()) bench.pass(Millis(10));
    const Send asked = bench.under_way.at(BrokerId(2));
    bench.hear_of(3, 1);
    const Answered late{asked.id, VoteResponse{.leadership = bench.leadership(), .granted = true}};
    bench.step(late);
    bench.step(late);
    EXPECT_TRUE(bench.is<Follower>());
    EXPECT_EQ(bench.raft.state().election.epoch, LeaderEpoch(1));
}

}  // namespace
}  // namespace milena::raft
