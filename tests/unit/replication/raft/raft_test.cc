#include "replication/raft/raft.h"

#include "protocol/msg/records/kraft_version_record.h"
#include "protocol/msg/records/leader_change_message.h"
#include "protocol/msg/records/voters_record.h"
#include "protocol/wire/frame.h"

#include <gtest/gtest.h>

namespace milena::raft {
namespace {

constexpr MonoTime kNow{};
const Voter kSelf{BrokerId(1), DirectoryId(Uuid{5, 5})};
const VoterSet kAlone{{{BrokerId(1), {}}}, 0};

Raft make(const VoterSet& voters, const Found& found = {}) {
    Options options;
    options.self = kSelf;
    return Raft::create(options, voters, found, 1).value();
}

RecordList values(std::initializer_list<std::string_view> texts) {
    RecordList list;
    for (const auto text : texts) list.add(as_bytes(text));
    return list;
}

TEST(Raft, ASoleVoterLeadsANewEpochAtEveryStart) {
    auto raft = make(kAlone);
    const Ready ready = raft.step(Start{}, kNow);
    ASSERT_TRUE(ready.election);
    EXPECT_EQ(*ready.election, (ElectionState{.epoch = LeaderEpoch(1), .leader = BrokerId(1)}));
    EXPECT_TRUE(raft.state().is_leader());

    Found found;
    found.election = *ready.election;
    found.log_end = Offset(1);
    found.epochs = {{LeaderEpoch(1), Offset(0)}};
    auto again = make(kAlone, found);
    EXPECT_TRUE(std::holds_alternative<Resigned>(again.state().role));
    EXPECT_EQ(again.step(Start{}, kNow).election->epoch, LeaderEpoch(2));
}

TEST(Raft, AnEpochBeginsWithLeaderChange) {
    auto raft = make(kAlone);
    const Ready ready = raft.step(Start{}, kNow);
    ASSERT_EQ(ready.append.size(), 1U);
    const Append& batch = ready.append[0];
    EXPECT_EQ(batch.base_offset, Offset(0));
    EXPECT_EQ(batch.epoch, LeaderEpoch(1));
    ASSERT_EQ(batch.control, (std::vector{ControlType::leader_change}));
    Arena arena;
    const auto change =
        decode_message<msg::LeaderChangeMessage>(batch.values[0], ApiVersion(0), arena).value();
    EXPECT_EQ(change.version, 0);
    EXPECT_EQ(change.leader_id, BrokerId(1));
    ASSERT_EQ(change.voters.size(), 1U);
    EXPECT_EQ(change.voters[0].voter_id, BrokerId(1));
    ASSERT_EQ(change.granting_voters.size(), 1U);
    EXPECT_EQ(change.granting_voters[0].voter_id, BrokerId(1));
}

TEST(Raft, WithVotersInTheLogTheFirstEpochRecordsThemOnce) {
    const VoterSet dynamic{{kSelf}, 1};
    auto raft = make(dynamic);
    const Ready ready = raft.step(Start{}, kNow);
    const Append& batch = ready.append.at(0);
    ASSERT_EQ(batch.control, (std::vector{ControlType::leader_change, ControlType::kraft_version,
                                          ControlType::kraft_voters}));
    Arena arena;
    EXPECT_EQ(decode_message<msg::KRaftVersionRecord>(batch.values[1], ApiVersion(0), arena)
                  ->k_raft_version,
              1);
    const auto voters =
        decode_message<msg::VotersRecord>(batch.values[2], ApiVersion(0), arena).value();
    ASSERT_EQ(voters.voters.size(), 1U);
    EXPECT_EQ(voters.voters[0].voter_directory_id, kSelf.directory);

    Found found;
    found.election = *ready.election;
    found.log_end = Offset(3);
    found.epochs = {{LeaderEpoch(1), Offset(0)}};
    found.voters = {{Offset(0), dynamic}};
    auto again = make(dynamic, found);
    EXPECT_EQ(again.step(Start{}, kNow).append.at(0).control.size(), 1U);
}

TEST(Raft, NothingIsCommittedBeforeTheEpochsOwnRecordIsOnDisk) {
    Found found;
    found.log_end = Offset(10);
    found.epochs = {{LeaderEpoch(4), Offset(0)}};
    found.election.epoch = LeaderEpoch(4);
    auto raft = make(kAlone, found);
    raft.step(Start{}, kNow);
    EXPECT_EQ(raft.state().log_end, Offset(11));
    EXPECT_FALSE(raft.step(Synced{Offset(10)}, kNow).high_watermark);
    EXPECT_EQ(raft.step(Synced{Offset(11)}, kNow).high_watermark, Offset(11));
}

TEST(Raft, ProposalsAreAppendedInOrderAndCommittedWhenSynced) {
    auto raft = make(kAlone);
    raft.step(Start{}, kNow);
    raft.step(Synced{Offset(1)}, kNow);
    const Ready ready = raft.step(Propose{{values({"a", "b"}), values({"c"})}}, kNow);
    ASSERT_EQ(ready.append.size(), 2U);
    EXPECT_EQ(ready.append[0].base_offset, Offset(1));
    EXPECT_EQ(ready.append[1].base_offset, Offset(3));
    EXPECT_EQ(as_text(ready.append[1].values[0]), "c");
    EXPECT_TRUE(ready.append[0].control.empty());
    EXPECT_FALSE(ready.high_watermark);
    EXPECT_EQ(raft.step(Synced{Offset(3)}, kNow).high_watermark, Offset(3));
    EXPECT_EQ(raft.step(Synced{Offset(4)}, kNow).high_watermark, Offset(4));
    EXPECT_FALSE(raft.step(Synced{Offset(4)}, kNow).high_watermark);
}

TEST(Raft, OffsetsThatTheLogRefusedAreGivenOutAgain) {
    auto raft = make(kAlone);
    raft.step(Start{}, kNow);
    raft.step(Synced{Offset(1)}, kNow);
    raft.step(Propose{{values({"a", "b"}), values({"c"})}}, kNow);
    raft.step(Refused{Offset(3)}, kNow);
    EXPECT_EQ(raft.step(Synced{Offset(3)}, kNow).high_watermark, Offset(3));
    EXPECT_EQ(raft.step(Propose{{values({"d"})}}, kNow).append.at(0).base_offset, Offset(3));
}

TEST(Raft, WhoHasResignedCommitsNoMore) {
    auto raft = make(kAlone);
    raft.step(Start{}, kNow);
    raft.step(Resign{}, kNow);
    EXPECT_FALSE(raft.state().is_leader());
    EXPECT_EQ(raft.state().election.leader, BrokerId(1));
    EXPECT_FALSE(raft.step(Synced{Offset(1)}, kNow).high_watermark);
}

TEST(Raft, AQuorumStateBehindTheLogDoesNotBringAnEpochBack) {
    Found found;
    found.log_end = Offset(10);
    found.epochs = {{LeaderEpoch(7), Offset(0)}};
    found.election = {.epoch = LeaderEpoch(2), .leader = BrokerId(1)};
    auto raft = make(kAlone, found);
    EXPECT_EQ(raft.step(Start{}, kNow).election->epoch, LeaderEpoch(8));
}

TEST(ElectionStateFile, IsWhatKafkaWrites) {
    // As found in quorum-state of Apache Kafka 4.2.0.
    const std::string kafka =
        R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
        R"("currentVoters":[{"voterId":1}],"data_version":0})";
    const ElectionState state{.epoch = LeaderEpoch(1), .leader = BrokerId(1)};
    EXPECT_EQ(to_json(state, kAlone), kafka);
    EXPECT_EQ(parse_election_state(kafka).value(), state);
}

TEST(ElectionStateFile, Version1KnowsTheDirectoryVotedFor) {
    const ElectionState state{.epoch = LeaderEpoch(3),
                              .leader = kNoBroker,
                              .voted = BrokerId(1),
                              .voted_directory = kSelf.directory};
    const auto json = to_json(state, VoterSet{{kSelf}, 1});
    EXPECT_EQ(json, R"({"leaderId":-1,"leaderEpoch":3,"votedId":1,)"
                    R"("votedDirectoryId":"AAAAAAAAAAUAAAAAAAAABQ","data_version":1})");
    EXPECT_EQ(parse_election_state(json).value(), state);
}

TEST(ElectionStateFile, WhatMakesNoSenseIsRefused) {
    for (const auto bad : {
             "",
             "{",
             "[]",
             "{}",
             R"({"data_version":0})",
             R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":2})",
             R"({"leaderId":1,"leaderEpoch":-1,"votedId":-1,"data_version":0})",
             R"({"leaderId":"1","leaderEpoch":1,"votedId":-1,"data_version":0})",
             R"({"leaderId":1,"leaderEpoch":99999999999,"votedId":-1,"data_version":0})",
             R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":1})",
         }) {
        const auto state = parse_election_state(bad);
        ASSERT_FALSE(state) << bad;
        EXPECT_EQ(state.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    }
}

}  // namespace
}  // namespace milena::raft
