// Random clients against a shard, held against a reference that is as plain as can be: of positions
// it keeps what every reader must see, of groups what every client was told. The seed is printed;
// MILENA_SEED repeats a run, MILENA_STEPS makes it longer.
//
//   - every request is answered once, and within the longest timeout
//   - within a generation all are told the same leader and protocol, the leader is told exactly who
//     is in it, and every member gets what the leader assigned to it
//   - heartbeats and commits are refused exactly where the reference says so
//   - the state is the fold of the log, compacted or not
#include "tests/unit/broker/coordinator/group/classic_members.h"
#include "tests/unit/broker/coordinator/group/log_compaction.h"

#include <cstdlib>
#include <set>

namespace milena::coordinator::group {
namespace {

using E = ErrorCode;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

const std::vector<std::string> kGroups{"a", "b", "c"};
const std::vector<std::string> kTopics{"t", "u"};

// A position by the book: everything that was ever written to it, read from the end.
struct NaivePosition {
    struct Write {
        std::int64_t value;  // -1: deleted
        std::optional<ProducerId> producer;
        bool decided = true;
        bool committed = true;
    };
    std::vector<Write> writes;

    bool is_pending() const {
        for (const auto& write : writes) {
            if (!write.decided) return true;
        }
        return false;
    }
    std::int64_t seen() const {
        for (auto write = writes.rbegin(); write != writes.rend(); ++write) {
            if (write->decided && write->committed) return write->value;
        }
        return -1;
    }
    // A deletion also takes back what transactions have written.
    void erase() { writes.clear(); }
    void end(ProducerId producer, bool commit) {
        for (auto& write : writes) {
            if (write.decided || write.producer != producer) continue;
            write.decided = true;
            write.committed = commit;
        }
    }
    void forget_history() {
        if (!is_pending() && writes.size() > 1) {
            writes = {{seen(), std::nullopt}};
        }
    }
};

using PositionKey = std::tuple<std::string, std::string, int>;

// What one generation of a group is, as its members were told.
struct NaiveGeneration {
    std::string leader;
    std::string protocol;
    std::set<std::string> members;  // as the leader was told
    std::set<std::string> told;
    std::map<std::string, Blob> assignments;
};

struct RandomClient {
    std::string group;
    std::optional<std::string> instance;
    std::string id;  // empty: not a member
    std::int32_t generation = -1;
    bool leads = false;
    std::optional<std::string> protocol;
    std::set<std::string> members;
    std::uint8_t metadata = 0;
    std::optional<ReplyId> waits;
};

class RandomRun {
  public:
    explicit RandomRun(std::uint64_t seed) : random_(seed), shard_(settings(), seed ^ 1) {
        for (int i = 0; i < 12; ++i) {
            RandomClient client;
            client.group = kGroups[static_cast<std::size_t>(i) % kGroups.size()];
            if (i >= 8) client.instance = "i" + std::to_string(i % 10);  // i8 i9 i0 i1
            clients_.push_back(std::move(client));
        }
    }

    void step() {
        switch (random_.below(16)) {
            case 0:
            case 1:
            case 2:
                join(pick_client());
                break;
            case 3:
            case 4:
                sync(pick_client());
                break;
            case 5:
            case 6:
                beat(pick_client());
                break;
            case 7:
                if (random_.below(4) == 0) leave(pick_client());
                break;
            case 8:
            case 9:
                commit(pick_client());
                break;
            case 10:
                commit_in_transaction();
                break;
            case 11:
                end_transaction();
                break;
            case 12:
                remove_something();
                break;
            case 13:
                fetch_all();
                break;
            default:
                pass();
        }
        take_replies();
    }

    void check_everything() {
        const auto replayed = shard_.replay();
        expect_fold(shard_.state(), replayed.state());
        const auto cut = random_.below(shard_.log.size() + 1);
        const auto partly = compacted_up_to(shard_.log, cut);
        expect_same(replayed.state(), shard_.replay(partly).state());
        auto shorter = compacted(shard_.log);
        expect_same(replayed.state(), shard_.replay(shorter).state());
        shard_.log = std::move(shorter);  // and the run goes on from it
        for (auto& [key, position] : positions_) position.forget_history();
        if (random_.below(4) == 0) fail_over();
    }

  private:
    static Settings settings() {
        Settings settings;
        settings.max_size = 3;
        settings.offsets_retention = Millis(1'000'000'000'000);
        settings.offsets_retention_check = Millis(1'000'000'000'000);
        return settings;
    }

    RandomClient& pick_client() { return clients_[random_.below(clients_.size())]; }
    const std::string& pick(const std::vector<std::string>& from) {
        return from[random_.below(from.size())];
    }

    const ClassicGroup* group_of(const RandomClient& client) const {
        return shard_.state().classic(client.group);
    }

    void join(RandomClient& client) {
        if (client.waits) return;
        auto join = join_request(client.group);
        join.instance_id = client.instance;
        join.requires_known_member_id = random_.below(2) == 0;
        join.supports_skip_assignment = random_.below(2) == 0;
        if (random_.below(3) == 0) client.metadata = static_cast<std::uint8_t>(random_.below(3));
        join.protocols = {{"p", {client.metadata}}, {"q", {}}};
        if (random_.below(4) == 0) std::swap(join.protocols[0], join.protocols[1]);
        join.session_timeout = Millis(6'000 + static_cast<std::int64_t>(random_.below(20'000)));
        join.rebalance_timeout = Millis(5'000 + static_cast<std::int64_t>(random_.below(30'000)));
        if (random_.below(8) != 0) join.member_id = client.id;
        client.waits = shard_.ask(join);
        joins_[client.waits->value()] = {&client, shard_.mono()};
    }

    void sync(RandomClient& client) {
        if (client.waits || client.id.empty()) return;
        auto sync = sync_request(client.group, client.id, client.generation);
        sync.member.instance_id = client.instance;
        auto& told = generations_[{client.group, client.generation}];
        if (client.leads) {
            for (const auto& member : client.members) {
                if (random_.below(8) == 0) continue;
                sync.assignments.push_back({member, {static_cast<std::uint8_t>(random_.next())}});
            }
        }
        const auto* group = group_of(client);
        const bool decides = group != nullptr && client.leads && group->leader == client.id &&
                             group->generation == client.generation &&
                             group->state == ClassicState::completing_rebalance;
        if (decides) {
            told.assignments.clear();
            for (const auto& given : sync.assignments) {
                told.assignments[given.member_id] = given.assignment;
            }
        }
        client.waits = shard_.ask(sync);
        syncs_[client.waits->value()] = {&client, shard_.mono()};
    }

    // What a member that says this of itself must hear.
    E expected(const RandomClient& client) const {
        const auto* group = group_of(client);
        if (group == nullptr) return E::UNKNOWN_MEMBER_ID;
        if (client.instance) {
            const auto known = group->static_members.find(*client.instance);
            if (known == group->static_members.end()) return E::UNKNOWN_MEMBER_ID;
            if (known->second != client.id) return E::FENCED_INSTANCE_ID;
        }
        if (!group->members.contains(client.id)) return E::UNKNOWN_MEMBER_ID;
        return group->generation == client.generation ? E::NONE : E::ILLEGAL_GENERATION;
    }

    void beat(RandomClient& client) {
        auto expect = expected(client);
        const auto* group = group_of(client);
        if (expect == E::NONE && group->state == ClassicState::preparing_rebalance) {
            expect = E::REBALANCE_IN_PROGRESS;
        }
        const auto got =
            shard_.now(Heartbeat{client.group, {client.id, client.instance, client.generation}});
        EXPECT_EQ(got.error.code, expect);
        if (expect == E::UNKNOWN_MEMBER_ID || expect == E::FENCED_INSTANCE_ID) lose(client);
    }

    // The client has learned that it is no member.
    static void lose(RandomClient& client) {
        client.id.clear();
        client.generation = -1;
        client.leads = false;
    }

    void leave(RandomClient& client) {
        if (client.id.empty()) return;
        shard_.now(LeaveGroup{client.group, {{client.id, client.instance, {}}}});
        const auto* group = group_of(client);
        EXPECT_TRUE(group == nullptr || !group->members.contains(client.id) || client.instance);
        lose(client);
    }

    OffsetTopic random_position(std::int64_t value) {
        const auto partition = static_cast<int>(random_.below(2));
        return {pick(kTopics), {}, {{PartitionIndex(partition), Offset(value), {}, ""}}};
    }
    NaivePosition& position(const std::string& group, const OffsetTopic& topic) {
        return positions_[{group, topic.name, topic.partitions[0].index.value()}];
    }

    void commit(RandomClient& client) {
        OffsetCommit request;
        request.group_id = client.group;
        request.topics = {random_position(next_value_++)};
        const bool as_member = random_.below(3) != 0 && !client.id.empty();
        const auto* group = group_of(client);
        auto expect = E::NONE;
        if (as_member) {
            request.member = {client.id, client.instance, client.generation};
            expect = expected(client);
            const bool vacant = group != nullptr && group->state == ClassicState::empty;
            if (client.generation < 0 && (vacant || group == nullptr)) {
                expect = E::NONE;
            } else if (group == nullptr) {
                expect = E::ILLEGAL_GENERATION;
            } else if (expect == E::NONE && group->state == ClassicState::completing_rebalance) {
                expect = E::REBALANCE_IN_PROGRESS;
            }
        } else if (group != nullptr && group->state != ClassicState::empty) {
            expect = E::UNKNOWN_MEMBER_ID;
        }
        EXPECT_EQ(shard_.now(request).error.code, expect);
        if (expect == E::NONE) {
            position(client.group, request.topics[0])
                .writes.push_back({request.topics[0].partitions[0].offset.value(), std::nullopt});
        }
    }

    void commit_in_transaction() {
        TxnOffsetCommit request;
        request.group_id = pick(kGroups);
        request.producer_id = ProducerId(static_cast<std::int64_t>(random_.below(3)));
        request.producer_epoch = ProducerEpoch(0);
        request.topics = {random_position(next_value_++)};
        EXPECT_EQ(shard_.now(request).error.code, E::NONE);
        const auto value = request.topics[0].partitions[0].offset.value();
        auto& writes = position(request.group_id, request.topics[0]).writes;
        // Only the last of a transaction counts.
        std::erase_if(writes, [&](const auto& write) {
            return !write.decided && write.producer == request.producer_id;
        });
        writes.push_back({value, request.producer_id, false, false});
    }

    void end_transaction() {
        const ProducerId producer(static_cast<std::int64_t>(random_.below(3)));
        const bool commit = random_.below(2) == 0;
        shard_.end_transaction(producer, commit ? ControlType::commit : ControlType::abort);
        for (auto& [key, naive] : positions_) naive.end(producer, commit);
    }

    void remove_something() {
        const auto& group = pick(kGroups);
        if (random_.below(4) == 0) {
            const auto* classic = shard_.state().classic(group);
            const bool exists = classic != nullptr;
            const bool is_vacant = exists && classic->state == ClassicState::empty;
            const auto got = shard_.now(DeleteGroup{group}).error.code;
            EXPECT_EQ(got, !exists     ? E::GROUP_ID_NOT_FOUND
                           : is_vacant ? E::NONE
                                       : E::NON_EMPTY_GROUP);
            if (got != E::NONE) return;
            // A group that is made anew counts its generations from the start.
            std::erase_if(generations_,
                          [&](const auto& entry) { return entry.first.first == group; });
            EXPECT_EQ(shard_.state().group(group), nullptr);
            for (auto& [key, naive] : positions_) {
                if (std::get<0>(key) == group) naive.erase();
            }
            return;
        }
        const auto& topic = pick(kTopics);
        const auto reply = shard_.now(OffsetDelete{group, {{topic, {PartitionIndex(0)}}}});
        if (reply.error.code != E::NONE) return;
        if (reply.topics[0].partitions[0].error == E::NONE) {
            positions_[{group, topic, 0}].erase();
        }
    }

    void fetch_all() {
        for (const auto& [key, naive] : positions_) {
            OffsetFetch request;
            request.group_id = std::get<0>(key);
            request.require_stable = random_.below(2) == 0;
            request.topics.emplace();
            request.topics->push_back({std::get<1>(key), {}, {PartitionIndex(std::get<2>(key))}});
            const auto reply = shard_.now(request);
            const auto& got = reply.topics[0].partitions[0];
            if (request.require_stable && naive.is_pending()) {
                EXPECT_EQ(got.error, E::UNSTABLE_OFFSET_COMMIT);
            } else {
                EXPECT_EQ(got.error, E::NONE);
                EXPECT_EQ(got.offset.value(), naive.seen());
            }
        }
    }

    void pass() {
        shard_.pass(Millis(static_cast<std::int64_t>(random_.below(4'000))));
        // The longest that anybody may wait: a first join.
        for (const auto& [id, asked] : joins_) {
            EXPECT_LE(shard_.mono() - asked.second, kNewMemberJoinTimeout + Millis(60'000)) << id;
        }
        for (const auto& [id, asked] : syncs_) {
            EXPECT_LE(shard_.mono() - asked.second, Millis(120'000)) << id;
        }
    }

    void fail_over() {
        shard_.fail_over();
        // Whoever waits has lost its connection.
        for (auto& client : clients_) client.waits.reset();
        joins_.clear();
        syncs_.clear();
        generations_.clear();
    }

    void take_replies() {
        for (const auto id : shard_.answered) {
            if (const auto join = joins_.find(id.value()); join != joins_.end()) {
                take(*join->second.first, *shard_.answer<JoinGroup>(id));
                joins_.erase(join);
            } else if (const auto sync = syncs_.find(id.value()); sync != syncs_.end()) {
                take(*sync->second.first, *shard_.answer<SyncGroup>(id));
                syncs_.erase(sync);
            }
        }
        shard_.answered.clear();
        shard_.replies.clear();
    }

    void take(RandomClient& client, const JoinGroup::Reply& reply) {
        client.waits.reset();
        switch (reply.error.code) {
            case E::NONE:
                break;
            case E::MEMBER_ID_REQUIRED:
                client.id = reply.member_id;
                return;
            case E::UNKNOWN_MEMBER_ID:
            case E::FENCED_INSTANCE_ID:
            case E::GROUP_MAX_SIZE_REACHED:
                lose(client);
                return;
            case E::REBALANCE_IN_PROGRESS:
                return;
            default:
                ADD_FAILURE() << "JoinGroup answered " << error_name(reply.error.code);
                return;
        }
        client.id = reply.member_id;
        client.generation = reply.generation;
        client.leads =
            reply.leader == reply.member_id && !reply.members.empty() && !reply.skip_assignment;
        auto& told = generations_[{client.group, reply.generation}];
        if (told.told.empty()) {
            told.leader = reply.leader;
            told.protocol = reply.protocol.value_or("");
        }
        EXPECT_EQ(told.protocol, reply.protocol.value_or(""));
        // Only a static leader may come back under another id.
        if (told.leader != reply.leader) {
            EXPECT_TRUE(told.leader.starts_with("i") && reply.leader.starts_with("i"));
            EXPECT_EQ(told.leader.substr(0, 3), reply.leader.substr(0, 3));
        }
        told.told.insert(reply.member_id);
        if (!client.leads) return;
        client.members.clear();
        for (const auto& member : reply.members) client.members.insert(member.id);
        EXPECT_TRUE(client.members.contains(reply.member_id));
        // Room is counted by who has come; static members that have not stay all the same.
        const auto dynamic = std::count_if(reply.members.begin(), reply.members.end(),
                                           [](const auto& member) { return !member.instance_id; });
        EXPECT_LE(dynamic, 3) << "more than the group may have";
        told.members = client.members;
    }

    void take(RandomClient& client, const SyncGroup::Reply& reply) {
        client.waits.reset();
        switch (reply.error.code) {
            case E::NONE:
                break;
            case E::UNKNOWN_MEMBER_ID:
            case E::FENCED_INSTANCE_ID:
            case E::ILLEGAL_GENERATION:
                lose(client);
                return;
            case E::REBALANCE_IN_PROGRESS:
                return;
            default:
                ADD_FAILURE() << "SyncGroup answered " << error_name(reply.error.code);
                return;
        }
        const auto told = generations_.find({client.group, client.generation});
        if (told == generations_.end() || told->second.assignments.empty()) return;
        if (client.instance) return;  // its assignment was given to an id that it had before
        const auto given = told->second.assignments.find(client.id);
        EXPECT_EQ(reply.assignment,
                  given == told->second.assignments.end() ? Blob{} : given->second);
    }

    SeededRandom random_;
    TestShard shard_;
    std::vector<RandomClient> clients_;
    std::map<PositionKey, NaivePosition> positions_;
    std::map<std::pair<std::string, std::int32_t>, NaiveGeneration> generations_;
    std::map<std::uint64_t, std::pair<RandomClient*, MonoTime>> joins_;
    std::map<std::uint64_t, std::pair<RandomClient*, MonoTime>> syncs_;
    std::int64_t next_value_ = 0;
};

TEST(GroupRandom, AgreesWithAPlainReference) {
    const auto first = from_environment("MILENA_SEED", 1);
    const auto steps = from_environment("MILENA_STEPS", 40'000);
    const std::uint64_t runs = std::getenv("MILENA_SEED") == nullptr ? 4 : 1;
    for (auto seed = first; seed < first + runs; ++seed) {
        SCOPED_TRACE("MILENA_SEED=" + std::to_string(seed));
        RandomRun run(seed);
        for (std::uint64_t i = 1; i <= steps / runs; ++i) {
            SCOPED_TRACE("step " + std::to_string(i));
            run.step();
            if (i % 1'000 == 0) run.check_everything();
            if (HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace milena::coordinator::group
