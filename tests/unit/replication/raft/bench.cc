#include "tests/unit/replication/raft/bench.h"

#include "protocol/record/batch_builder.h"
#include "replication/raft/voters_record.h"

namespace milena::raft {
namespace {

VoterSet with_node_1(std::initializer_list<int> others, bool dynamic) {
    VoterSet voters{.voters = {}, .kraft_version = static_cast<std::int16_t>(dynamic ? 1 : 0)};
    const auto add = [&](int id) {
        Voter voter = Bench::voter(id);
        if (!dynamic) voter = {.id = voter.id, .directory = {}};
        voters.voters.push_back(voter);
    };
    add(1);
    for (const int id : others) add(id);
    return voters;
}

Options options_of_node_1() {
    Options options;
    options.self = Bench::voter(1);
    return options;
}

}  // namespace

std::vector<std::uint8_t> batches(Offset base, std::initializer_list<Run> runs) {
    std::vector<std::uint8_t> all;
    for (const Run& run : runs) {
        BatchTraits traits;
        traits.base_offset = base;
        traits.leader_epoch = LeaderEpoch(run.epoch);
        BatchBuilder builder(traits);
        for (int i = 0; i < run.records; ++i) {
            builder.add(TimestampMs(0), {}, as_bytes("value"));
        }
        const auto bytes = builder.finish();
        all.insert(all.end(), bytes.begin(), bytes.end());
        base = base + run.records;
    }
    return all;
}

std::vector<std::uint8_t> voters_batch(Offset base, LeaderEpoch epoch, const VoterSet& voters) {
    BatchTraits traits;
    traits.base_offset = base;
    traits.leader_epoch = epoch;
    const auto body = encode_voters(voters);
    const ControlRecord record{ControlType::kraft_voters, body};
    return build_control_batch(traits, TimestampMs(0), {&record, 1});
}

Found found_log(std::initializer_list<Run> runs) {
    Found found;
    for (const Run& run : runs) {
        if (found.epochs.empty() || found.epochs.back().epoch < LeaderEpoch(run.epoch)) {
            found.epochs.push_back({LeaderEpoch(run.epoch), found.log_end});
        }
        found.log_end = found.log_end + run.records;
        found.election.epoch = LeaderEpoch(run.epoch);
    }
    return found;
}

Voter Bench::voter(int id) {
    return {.id = BrokerId(id),
            .directory = DirectoryId(Uuid{9, static_cast<std::uint64_t>(id)}),
            .endpoints = {{"CONTROLLER", "host", static_cast<std::uint16_t>(9000 + id)}}};
}

Bench::Bench(std::initializer_list<int> others, const Found& found, bool dynamic)
    : Bench(with_node_1(others, dynamic), found) {}

Bench::Bench(VoterSet voters, const Found& found)
    : options(options_of_node_1()),
      raft(Raft::create(options, std::move(voters), found, 1).value()) {}

const Ready& Bench::step(const Input& input) {
    last = raft.step(input, now);
    for (const Send& send : last.requests) under_way.insert_or_assign(send.to, send);
    replies.insert(replies.end(), last.replies.begin(), last.replies.end());
    return last;
}

const Ready& Bench::receive(Request request) {
    return step(Received{RequestToken(++next_token), std::move(request)});
}

const Ready& Bench::answer(int from, Response response) {
    const auto found = under_way.find(BrokerId(from));
    if (found == under_way.end()) {
        ADD_FAILURE() << "node " << from << " was asked nothing";
        return last;
    }
    const RequestId id = found->second.id;
    under_way.erase(found);
    return step(Answered{id, std::move(response)});
}

void Bench::pass(Millis time) {
    const MonoTime end = now + time;
    while (last.deadline <= end) {
        now = last.deadline;
        step(Tick{});
    }
    now = end;
    step(Tick{});
}

std::optional<ReadLog> Bench::reads() const {
    if (replies.empty()) return std::nullopt;
    const auto* read = std::get_if<ReadLog>(&replies.back().read);
    return read ? std::optional(*read) : std::nullopt;
}

void Bench::lead() {
    step(Start{});
    const auto& voters = raft.state().voters().voters;
    for (int round = 0; round < 2; ++round) {
        while (!is<Prospective>() && !is<Candidate>() && !is<Leader>()) pass(Millis(10));
        for (const Voter& voter : std::vector<Voter>(voters)) {
            if (voter.id == raft.state().self.id || !under_way.contains(voter.id)) continue;
            if (!std::holds_alternative<VoteRequest>(under_way.at(voter.id).request)) continue;
            answer(voter.id.value(), VoteResponse{.leadership = leadership(), .granted = true});
            if (round == 0 ? is<Candidate>() : is<Leader>()) break;
        }
    }
    EXPECT_TRUE(is<Leader>());
}

void Bench::follow(int leader, int epoch) {
    step(Start{});
    hear_of(leader, epoch);
    EXPECT_TRUE(is<Follower>());
}

void Bench::hear_of(int leader, int epoch) {
    receive(BeginQuorumEpochRequest{
        .voter = {},
        .leadership = {.leader = BrokerId(leader), .epoch = LeaderEpoch(epoch), .endpoints = {}}});
}

const Ready& Bench::fetch(int replica, Offset offset, int last_epoch, Millis max_wait) {
    return receive(FetchRequest{.replica = key(replica),
                                .epoch = raft.state().election.epoch,
                                .offset = offset,
                                .last_epoch = LeaderEpoch(last_epoch),
                                .max_wait = max_wait,
                                .max_bytes = 1 << 20});
}

const Ready& Bench::feed(ByteView records, Offset high_watermark) {
    return answer(
        raft.state().election.leader.value(),
        FetchResponse{
            .leadership = leadership(), .high_watermark = high_watermark, .records = records});
}

}  // namespace milena::raft
