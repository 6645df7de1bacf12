#include "broker/quorum/raft_codec.h"

#include "protocol/wire/frame.h"

#include <gtest/gtest.h>

namespace milena::quorum {
namespace {

using raft::Leadership;

constexpr BrokerId kTwo{2};
constexpr BrokerId kThree{3};
const raft::ReplicaKey kSelf{kTwo, DirectoryId(Uuid{5, 6})};

// Through the bytes of the newest version.
template <class Request>
Request round_trip(const Request& request) {
    Arena arena;
    using Message = decltype(to_message(request, "cluster", ApiVersion(0), arena));
    const ApiVersion version(Message::kMaxVersion);
    const auto message = to_message(request, "cluster", version, arena);
    const auto frame = encode_request(CorrelationId(1), version, "test", message);
    EXPECT_TRUE(frame) << frame.error().detail;
    const auto bytes = ByteView(frame->bytes).subspan(4);
    const auto head = decode_request_header(bytes);
    const auto read = decode_message<Message>(bytes.subspan(head->size), version, arena);
    EXPECT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->cluster_id.value_or_empty(), "cluster");
    auto back = from_message(*read);
    EXPECT_TRUE(back) << back.error().detail;
    return *back;
}
template <class Response, class Check>
void round_trip_response(const Response& response, Check check) {
    Arena arena;
    const auto message = to_message(response, arena);
    using Message = std::remove_cvref_t<decltype(message)>;
    const ApiVersion version(Message::kMaxVersion);
    const auto frame = encode_response(CorrelationId(1), version, message);
    EXPECT_TRUE(frame) << frame.error().detail;
    const auto bytes = ByteView(frame->bytes).subspan(4);
    const auto head = decode_response_header(bytes, Message::kApiKey, version);
    const auto read = decode_message<Message>(bytes.subspan(head->size), version, arena);
    ASSERT_TRUE(read) << read.error().detail;
    const Response back = from_message(*read);
    EXPECT_EQ(back.error, response.error);
    EXPECT_EQ(back.leadership.leader, response.leadership.leader);
    EXPECT_EQ(back.leadership.epoch, response.leadership.epoch);
    check(back);
}

TEST(RaftCodec, VoteGoesThere) {
    const auto back = round_trip(raft::VoteRequest{{kThree, DirectoryId(Uuid{1, 2})},
                                                   kSelf,
                                                   LeaderEpoch(7),
                                                   {LeaderEpoch(6), Offset(99)},
                                                   raft::Ballot::pre_vote});
    EXPECT_EQ(back.voter, (raft::ReplicaKey{kThree, DirectoryId(Uuid{1, 2})}));
    EXPECT_EQ(back.candidate, kSelf);
    EXPECT_EQ(back.epoch, LeaderEpoch(7));
    EXPECT_EQ(back.log_end, (raft::EpochEnd{LeaderEpoch(6), Offset(99)}));
    EXPECT_EQ(back.ballot, raft::Ballot::pre_vote);
}

TEST(RaftCodec, EpochsBeginAndEnd) {
    const Leadership leads{kTwo, LeaderEpoch(4), {{"CONTROLLER", "host", 9093}}};
    const auto begun = round_trip(raft::BeginQuorumEpochRequest{{kThree, {}}, leads});
    EXPECT_EQ(begun.leadership, leads);
    EXPECT_EQ(begun.voter.id, kThree);
    const auto ended = round_trip(raft::EndQuorumEpochRequest{leads, {kSelf, {kThree, {}}}});
    EXPECT_EQ(ended.leadership, leads);
    EXPECT_EQ(ended.preferred_candidates, (std::vector<raft::ReplicaKey>{kSelf, {kThree, {}}}));
}

TEST(RaftCodec, FetchesSayWhereAReplicaStands) {
    raft::FetchRequest request{kSelf,      LeaderEpoch(3), Offset(40), LeaderEpoch(2),
                               Offset(38), Millis(500),    1000};
    const auto back = round_trip(request);
    EXPECT_EQ(back.replica, kSelf);
    EXPECT_EQ(back.epoch, request.epoch);
    EXPECT_EQ(back.offset, request.offset);
    EXPECT_EQ(back.last_epoch, request.last_epoch);
    EXPECT_EQ(back.high_watermark, request.high_watermark);
    EXPECT_EQ(back.max_wait, request.max_wait);
    EXPECT_EQ(back.max_bytes, request.max_bytes);
    const auto part = round_trip(
        raft::FetchSnapshotRequest{kSelf, LeaderEpoch(3), {Offset(9), LeaderEpoch(1)}, 77, 4096});
    EXPECT_EQ(part.replica, kSelf);
    EXPECT_EQ(part.id, (raft::SnapshotId{Offset(9), LeaderEpoch(1)}));
    EXPECT_EQ(part.position, 77U);
    EXPECT_EQ(part.max_bytes, 4096);
}

TEST(RaftCodec, AnswersComeBack) {
    const Leadership leads{kTwo, LeaderEpoch(4), {{"", "host", 9093}}};
    round_trip_response(raft::VoteResponse{ErrorCode::NONE, leads, true}, [&](const auto& back) {
        EXPECT_TRUE(back.granted);
        EXPECT_EQ(back.leadership, leads);
    });
    round_trip_response(raft::BeginQuorumEpochResponse{ErrorCode::FENCED_LEADER_EPOCH, leads},
                        [](const auto&) {});
    round_trip_response(raft::EndQuorumEpochResponse{ErrorCode::NONE, {kNoBroker, LeaderEpoch(1)}},
                        [](const auto&) {});
    const std::vector<std::uint8_t> bytes{1, 2, 3};
    raft::FetchResponse fetched{.leadership = leads, .high_watermark = Offset(12)};
    fetched.records = bytes;
    round_trip_response(fetched, [&](const auto& back) {
        EXPECT_EQ(back.high_watermark, Offset(12));
        EXPECT_TRUE(std::ranges::equal(back.records, bytes));
        EXPECT_FALSE(back.diverging);
        EXPECT_FALSE(back.snapshot);
        EXPECT_EQ(back.leadership, leads);
    });
    fetched = {.leadership = leads};
    fetched.diverging = raft::EpochEnd{LeaderEpoch(2), Offset(5)};
    round_trip_response(fetched,
                        [&](const auto& back) { EXPECT_EQ(back.diverging, fetched.diverging); });
    fetched = {.leadership = leads};
    fetched.snapshot = raft::SnapshotId{Offset(50), LeaderEpoch(2)};
    round_trip_response(fetched,
                        [&](const auto& back) { EXPECT_EQ(back.snapshot, fetched.snapshot); });
    raft::FetchSnapshotResponse part{.leadership = leads,
                                     .id = {Offset(50), LeaderEpoch(2)},
                                     .size = 10,
                                     .position = 7,
                                     .bytes = bytes};
    round_trip_response(part, [&](const auto& back) {
        EXPECT_EQ(back.id, part.id);
        EXPECT_EQ(back.size, 10U);
        EXPECT_EQ(back.position, 7U);
        EXPECT_TRUE(std::ranges::equal(back.bytes, bytes));
    });
}

TEST(RaftCodec, OtherPartitionsAreRefused) {
    Arena arena;
    auto message = to_message(raft::FetchRequest{}, "cluster", ApiVersion(18), arena);
    message.topics[0].topic = "orders";
    message.topics[0].topic_id = {};
    EXPECT_EQ(from_message(message).error().code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    EXPECT_EQ(from_message(msg::VoteRequest{}).error().code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

TEST(RaftCodec, AnAnswerThatSaysNothingIsAnError) {
    EXPECT_EQ(from_message(msg::VoteResponse{}).error, ErrorCode::UNKNOWN_SERVER_ERROR);
    msg::FetchResponse foreign;
    foreign.error_code = ErrorCode::INCONSISTENT_CLUSTER_ID;
    EXPECT_EQ(from_message(foreign).error, ErrorCode::INCONSISTENT_CLUSTER_ID);
}

}  // namespace
}  // namespace milena::quorum
