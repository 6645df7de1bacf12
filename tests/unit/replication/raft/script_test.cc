// Stories in tests/script/raft, of node 1 among others: commands and all that it did upon them.
// REWRITE=1 writes down what happens. tests/script/raft/README.md has the commands.
#include "tests/unit/replication/raft/bench.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace milena::raft {
namespace {

std::string text_of(BrokerId id) {
    return id == kNoBroker ? "nobody" : std::to_string(id.value());
}
std::string text_of(const EpochEnd& end) {
    return std::to_string(end.epoch.value()) + "/" + std::to_string(end.end.value());
}
std::string text_of(const SnapshotId& id) {
    return text_of(EpochEnd{id.epoch, id.end});
}
std::string text_of(LeaderEpoch epoch) {
    return std::to_string(epoch.value());
}
std::string text_of(Offset offset) {
    return std::to_string(offset.value());
}

EpochEnd parse_end(const std::string& text) {
    const auto slash = text.find('/');
    return {LeaderEpoch(std::stoi(text.substr(0, slash))),
            Offset(std::stoll(text.substr(slash + 1)))};
}

struct Describe {
    std::string operator()(const VoteRequest& r) const {
        return std::string(r.ballot == Ballot::pre_vote ? "pre-vote" : "vote") + " in " +
               text_of(r.epoch) + " for a log to " + text_of(r.log_end);
    }
    std::string operator()(const BeginQuorumEpochRequest& r) const {
        return "begin " + text_of(r.leadership.epoch);
    }
    std::string operator()(const EndQuorumEpochRequest& r) const {
        std::string text = "end " + text_of(r.leadership.epoch) + ", then";
        for (const auto& key : r.preferred_candidates) text += " " + text_of(key.id);
        return text;
    }
    std::string operator()(const FetchRequest& r) const {
        return "fetch in " + text_of(r.epoch) + " from " +
               text_of(EpochEnd{r.last_epoch, r.offset}) + " knowing " +
               (r.high_watermark == kUntoldHighWatermark ? "nothing" : text_of(r.high_watermark));
    }
    std::string operator()(const FetchSnapshotRequest& r) const {
        return "snapshot " + text_of(r.id) + " from byte " + std::to_string(r.position);
    }
    std::string operator()(const AddVoterRequest& r) const { return "add " + text_of(r.voter.id); }
    std::string operator()(const RemoveVoterRequest& r) const {
        return "remove " + text_of(r.voter.id);
    }
    std::string operator()(const UpdateVoterRequest& r) const {
        return "update " + text_of(r.voter.id);
    }

    std::string operator()(const VoteResponse& r) const {
        return head(r) + (r.granted ? ", granted" : ", refused");
    }
    std::string operator()(const FetchResponse& r) const {
        std::string text = head(r) + ", committed " + text_of(r.high_watermark);
        if (r.diverging) text += ", diverges at " + text_of(*r.diverging);
        if (r.snapshot) text += ", take snapshot " + text_of(*r.snapshot);
        return text;
    }
    std::string operator()(const ChangeVotersResponse& r) const {
        return head(r) + (r.message.empty() ? "" : ": " + r.message);
    }
    template <class R>
    std::string operator()(const R& r) const {
        return head(r);
    }

  private:
    template <class R>
    static std::string head(const R& r) {
        return error_name(r.error) + ", " + text_of(r.leadership.leader) + " leads " +
               text_of(r.leadership.epoch);
    }
};

class Script {
  public:
    std::string run(const std::string& command) {
        words_ = std::istringstream(command);
        out_.str("");
        const std::string verb = word();
        if (verb == "nodes") {
            nodes();
            return "";
        }
        const std::size_t role = bench_->raft.state().role.index();
        if (!drive(verb) && !hear(verb) && !respond(verb)) {
            ADD_FAILURE() << "no such command: " << command;
        }
        static constexpr const char* kRoles[] = {"unattached", "prospective", "candidate",
                                                 "follower",   "leader",      "resigned"};
        if (const auto now = bench_->raft.state().role.index(); now != role) {
            out_ << "  is " << kRoles[now] << "\n";
        }
        return out_.str();
    }

  private:
    std::string word() {
        std::string one;
        words_ >> one;
        return one;
    }
    int number() { return std::stoi(word()); }

    // nodes 1 2 3 [dynamic] [log EPOCH:RECORDS...]
    void nodes() {
        VoterSet voters;
        Found found;
        for (std::string one = word(); !one.empty(); one = word()) {
            if (one == "dynamic") {
                voters.kraft_version = 1;
            } else if (one == "log") {
                std::vector<Run> runs;
                for (one = word(); !one.empty(); one = word()) runs.push_back(run_of(one));
                for (const Run& run : runs) add_run(found, run);
            } else {
                voters.voters.push_back(Bench::voter(std::stoi(one)));
            }
        }
        if (voters.kraft_version == 0) {
            for (Voter& voter : voters.voters) voter = {.id = voter.id, .directory = {}};
        }
        bench_ = std::make_unique<Bench>(voters, found);
    }

    static Run run_of(const std::string& text) {
        const auto colon = text.find(':');
        return {std::stoi(text.substr(0, colon)), std::stoll(text.substr(colon + 1))};
    }
    static void add_run(Found& found, const Run& run) {
        found.epochs.push_back({LeaderEpoch(run.epoch), found.log_end});
        found.log_end = found.log_end + run.records;
        found.election.epoch = LeaderEpoch(run.epoch);
    }

    void tell(const Ready& ready) {
        if (ready.election) {
            out_ << "  persist " << text_of(ready.election->epoch) << ": leader "
                 << text_of(ready.election->leader) << ", voted " << text_of(ready.election->voted)
                 << "\n";
        }
        if (ready.truncate_to) out_ << "  truncate to " << text_of(*ready.truncate_to) << "\n";
        for (const Append& batch : ready.append) {
            out_ << "  append " << text_of(batch.base_offset) << "-" << text_of(batch.end())
                 << " in " << text_of(batch.epoch) << (batch.control.empty() ? "" : ": control")
                 << "\n";
        }
        if (const auto& fetched = ready.append_fetched) {
            out_ << "  append what was fetched " << text_of(fetched->base_offset) << "-"
                 << text_of(fetched->end) << "\n";
        }
        if (const auto& chunk = ready.snapshot_chunk) {
            out_ << "  write snapshot " << text_of(chunk->id) << " at byte " << chunk->position
                 << (chunk->is_last ? ", the last" : "") << "\n";
        }
        for (const Send& send : ready.requests) {
            out_ << "  ask " << text_of(send.to) << ": " << std::visit(Describe{}, send.request)
                 << "\n";
        }
        for (const Reply& reply : ready.replies) tell(reply);
        if (ready.high_watermark) out_ << "  committed " << text_of(*ready.high_watermark) << "\n";
        if (const auto& leadership = ready.leadership) {
            out_ << "  " << text_of(leadership->leader) << " leads " << text_of(leadership->epoch)
                 << "\n";
        }
        if (ready.trim_to) out_ << "  trim to " << text_of(*ready.trim_to) << "\n";
        if (ready.fatal) out_ << "  fatal: " << ready.fatal->detail << "\n";
    }
    void tell(const Reply& reply) {
        out_ << "  answer " << reply.token.value() << ": "
             << std::visit(Describe{}, reply.response);
        if (const auto* read = std::get_if<ReadLog>(&reply.read)) {
            out_ << ", with " << text_of(read->from) << "-" << text_of(read->limit);
        } else if (const auto* part = std::get_if<ReadSnapshot>(&reply.read)) {
            out_ << ", with bytes " << part->position << "+" << part->length;
        }
        out_ << "\n";
    }
    bool step(const Input& input) {
        tell(bench_->step(input));
        return true;
    }

    // What this node's own shell does.
    bool drive(const std::string& verb) {
        const State& state = bench_->raft.state();
        if (verb == "start") return step(Start{});
        if (verb == "sync") return step(Synced{state.log_end});
        if (verb == "resign") return step(Resign{});
        if (verb == "gone") return step(Disconnected{BrokerId(number())});
        if (verb == "snapshot") {
            const auto at = parse_end(word());
            return step(SnapshotWritten{{at.end, at.epoch}, 1000});
        }
        if (verb == "loaded") {
            const auto at = parse_end(word());
            return step(SnapshotLoaded{{at.end, at.epoch}, 1000, {}});
        }
        if (verb == "propose") {
            RecordList values;
            for (int left = number(); left > 0; --left) values.add(as_bytes("value"));
            return step(Propose{{values}});
        }
        if (verb == "refused-from") return step(Refused{Offset(number())});
        if (verb == "pass" || verb == "wake") {
            const MonoTime end =
                verb == "wake" ? bench_->last.deadline : bench_->now + Millis(number());
            while (bench_->last.deadline <= end) {
                bench_->now = bench_->last.deadline;
                step(Tick{});
            }
            bench_->now = end;
            return true;
        }
        return false;
    }

    bool receive(Request request) {
        tell(bench_->receive(std::move(request)));
        return true;
    }

    // What others ask.
    bool hear(const std::string& verb) {
        if (verb == "vote" || verb == "pre-vote") {
            VoteRequest request{.voter = {},
                                .candidate = Bench::key(number()),
                                .epoch = LeaderEpoch(number()),
                                .log_end = parse_end(word()),
                                .ballot = verb == "vote" ? Ballot::vote : Ballot::pre_vote};
            return receive(request);
        }
        if (verb == "begin" || verb == "end") {
            Leadership leadership{.leader = BrokerId(number()), .epoch = LeaderEpoch(number())};
            if (verb == "begin") {
                return receive(BeginQuorumEpochRequest{.voter = {}, .leadership = leadership});
            }
            EndQuorumEpochRequest request{.leadership = leadership, .preferred_candidates = {}};
            for (std::string one = word(); !one.empty(); one = word()) {
                request.preferred_candidates.push_back(Bench::key(std::stoi(one)));
            }
            return receive(request);
        }
        if (verb == "fetch") {
            const int replica = number();
            const auto at = parse_end(word());
            const std::string known = word();
            return receive(FetchRequest{.replica = Bench::key(replica),
                                        .epoch = bench_->raft.state().election.epoch,
                                        .offset = at.end,
                                        .last_epoch = at.epoch,
                                        .high_watermark = known.empty()
                                                              ? bench_->raft.state().high_watermark
                                                              : Offset(std::stoll(known)),
                                        .max_wait = Millis(500),
                                        .max_bytes = 1 << 20});
        }
        if (verb == "fetch-snapshot") {
            const int replica = number();
            const auto at = parse_end(word());
            return receive(FetchSnapshotRequest{.replica = Bench::key(replica),
                                                .epoch = bench_->raft.state().election.epoch,
                                                .id = {at.end, at.epoch},
                                                .position = std::stoull(word()),
                                                .max_bytes = 600});
        }
        if (verb == "add") return receive(AddVoterRequest{Bench::voter(number()), Millis(5000)});
        if (verb == "remove") return receive(RemoveVoterRequest{Bench::key(number())});
        return false;
    }

    // What others answer.
    bool respond(const std::string& verb) {
        const int from = number();
        const Leadership leadership = bench_->leadership();
        if (verb == "grants" || verb == "refuses") {
            return answer(from, VoteResponse{.leadership = said(), .granted = verb == "grants"});
        }
        if (verb == "begins")
            return answer(from, BeginQuorumEpochResponse{.leadership = leadership});
        if (verb == "ends") return answer(from, EndQuorumEpochResponse{.leadership = leadership});
        if (verb == "unreachable") {
            const auto id = bench_->under_way.at(BrokerId(from)).id;
            bench_->under_way.erase(BrokerId(from));
            return step(Failed{id});
        }
        if (verb == "feeds") {
            const Offset committed(number());
            std::vector<std::uint8_t> records;
            Offset end = bench_->raft.state().log_end;
            for (std::string one = word(); !one.empty(); one = word()) {
                const Run run = run_of(one);
                const auto batch = batches(end, {run});
                records.insert(records.end(), batch.begin(), batch.end());
                end = end + run.records;
            }
            return answer(from, FetchResponse{.leadership = leadership,
                                              .high_watermark = committed,
                                              .records = records});
        }
        if (verb == "diverges") {
            return answer(from,
                          FetchResponse{.leadership = leadership, .diverging = parse_end(word())});
        }
        if (verb == "offers") {
            const auto at = parse_end(word());
            return answer(from, FetchResponse{.leadership = leadership,
                                              .snapshot = SnapshotId{at.end, at.epoch}});
        }
        if (verb == "sends") {
            const auto at = parse_end(word());
            const std::uint64_t position = std::stoull(word());
            const std::vector<std::uint8_t> bytes(static_cast<std::size_t>(number()));
            return answer(from, FetchSnapshotResponse{.leadership = leadership,
                                                      .id = {at.end, at.epoch},
                                                      .size = 1000,
                                                      .position = position,
                                                      .bytes = bytes});
        }
        return false;
    }
    bool answer(int from, Response response) {
        tell(bench_->answer(from, std::move(response)));
        return true;
    }
    // Who leads as the answer says: as this node believes, or "LEADER EPOCH".
    Leadership said() {
        const std::string leader = word();
        if (leader.empty()) return bench_->leadership();
        return {.leader = BrokerId(std::stoi(leader)), .epoch = LeaderEpoch(number())};
    }

    std::unique_ptr<Bench> bench_;
    std::istringstream words_;
    std::ostringstream out_;
};

std::string replay(const std::string& text) {
    Script script;
    std::string trace;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("  ")) continue;
        trace += line + "\n";
        if (line.starts_with("> ")) trace += script.run(line.substr(2));
    }
    return trace;
}

TEST(RaftScripts, HappenAsWritten) {
    int count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(MILENA_SOURCE_DIR "/tests/script/raft")) {
        if (entry.path().extension() != ".script") continue;
        SCOPED_TRACE(entry.path().string());
        ++count;
        std::stringstream before;
        before << std::ifstream(entry.path()).rdbuf();
        const std::string after = replay(before.str());
        if (std::getenv("REWRITE") != nullptr) {
            std::ofstream(entry.path()) << after;
        } else {
            EXPECT_EQ(after, before.str()) << "REWRITE=1 accepts what happened";
        }
    }
    EXPECT_GE(count, 6);
}

}  // namespace
}  // namespace milena::raft
