// Random members of consumer groups: some slow, some dying, some static, topics growing, the
// coordinator failing over. At every moment no partition is owned by two clients, and the state is
// the fold of the log; in the end, when all behave, everybody reaches the target.
//
// MILENA_SEED is the first world's seed, MILENA_CONSUMER_WORLDS how many there are.
#include "tests/unit/broker/coordinator/group/classic_client.h"
#include "tests/unit/broker/coordinator/group/consumer_members.h"
#include "tests/unit/broker/coordinator/group/log_compaction.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

namespace milena::coordinator::group {
namespace {

class World {
  public:
    explicit World(std::uint64_t seed, bool has_classic = false)
        : random_(seed), shard_(settings()) {
        for (int i = 0; i < 3; ++i) set_topic(shard_.image, "t" + std::to_string(i), i + 2);
        if (!has_classic) return;
        // Always there, so that the group does not change its protocol.
        anchor_ = std::make_unique<ConsumerClient>(shard_, "g", "anchor", topics());
        anchor_->settings().rebalance_timeout = Millis(60'000);
        anchor_->join();
    }

    void step() {
        if (anchor_) {
            anchor_->beat();
            if (random_.below(2) == 0) return classic_step();
        }
        switch (random_.below(12)) {
            case 0:
                if (clients_.size() < 8) add();
                break;
            case 1:
                if (auto* client = any()) {
                    if (client->is_in()) client->leave();
                    remove(client);
                }
                break;
            case 2:
                // Dies: its partitions are lost to it when the coordinator has noticed.
                if (auto* client = any(); client && random_.below(4) == 0) remove(client);
                break;
            case 3:
                if (random_.below(8) == 0)
                    set_topic(shard_.image, "t" + std::to_string(random_.below(4)),
                              static_cast<int>(1 + random_.below(7)));
                break;
            case 4:
                // Clients stop when their session has ended, before the coordinator lets go.
                shard_.pass(Millis(1 + random_.below(3'000)));
                break;
            case 5:
                if (random_.below(10) == 0) shard_.fail_over();
                break;
            case 6:
                if (auto* client = any(); client && client->is_in())
                    client->settings().subscribed_topics = topics();
                break;
            default:
                if (auto* client = any()) client->is_in() ? client->beat() : client->join();
        }
        check();
    }

    void settle() {
        // Often enough for the shortest rebalance timeout, long enough for a dead member's session.
        for (int i = 0; i < 60; ++i) {
            for (auto& client : clients_) client->is_in() ? client->beat() : client->join();
            if (anchor_) anchor_->beat();
            for (auto& client : classics_) live(*client);
            shard_.pass(Millis(500));
            check();
        }
        const auto* group = shard_.state().consumer("g");
        if (!group || clients_.empty()) return;
        EXPECT_EQ(group->state(), consumer::GroupState::stable);
        for (auto& client : clients_) EXPECT_EQ(client->owned(), group->target(client->id()));
        for (auto& client : classics_) EXPECT_EQ(client->owned(), group->target(client->id()));
    }

    void expect_fold() const {
        const Machine replayed = shard_.replay();
        const auto* a = shard_.state().consumer("g");
        const auto* b = replayed.state().consumer("g");
        ASSERT_EQ(a == nullptr, b == nullptr);
        if (a) {
            EXPECT_TRUE(consumer::same_state(*a, *b));
        }
    }

    // However far a cleaner has come.
    void expect_compacted_fold() {
        const auto size = shard_.log.size();
        for (const auto end : {size, random_.below(size + 1), random_.below(size + 1)}) {
            const Machine replayed = shard_.replay(compacted_up_to(shard_.log, end));
            const auto* a = shard_.state().consumer("g");
            const auto* b = replayed.state().consumer("g");
            ASSERT_EQ(a == nullptr, b == nullptr) << "cleaned up to " << end;
            if (a) {
                EXPECT_TRUE(consumer::same_state(*a, *b)) << "cleaned up to " << end;
            }
        }
    }

  private:
    static Settings settings() {
        Settings settings;
        settings.consumer_session_timeout = settings.consumer_min_session_timeout = Millis(6'000);
        return settings;
    }
    std::vector<std::string> topics() {
        std::vector<std::string> some;
        for (int i = 0; i < 4; ++i)
            if (random_.below(3) != 0) some.push_back("t" + std::to_string(i));
        return some;
    }
    void classic_step() {
        if (classics_.size() < 4 && random_.below(8) == 0) {
            auto& client =
                classics_.emplace_back(std::make_unique<ClassicClient>(shard_, "g", topics()));
            client->request().rebalance_timeout = Millis(1'000 + random_.below(9'000));
        } else if (!classics_.empty()) {
            const std::size_t i = random_.below(classics_.size());
            // One in a while dies without a word.
            if (random_.below(20) == 0)
                classics_.erase(classics_.begin() + static_cast<std::ptrdiff_t>(i));
            else
                live(*classics_[i]);
        }
        check();
    }
    // One request: of one that is in, what its last answer asks for.
    void live(ClassicClient& client) {
        // As with Kafka, a JoinGroup under an id that was removed meanwhile is taken for a new
        // member's: the client has to notice itself that its session is over.
        const auto* group = shard_.state().consumer("g");
        if (client.is_in() && !(group && group->member(client.id()))) client.set("", -1, {});
        if (!client.is_in()) {
            must_.erase(&client);
            if (client.join() == ErrorCode::NONE) must_[&client] = 's';
            return;
        }
        char& must = must_[&client];
        if (must == 's') {
            must = client.sync() == ErrorCode::REBALANCE_IN_PROGRESS ? 'j' : 'b';
        } else if (must == 'j') {
            must = client.join() == ErrorCode::NONE ? 's' : 'j';
        } else {
            must = client.beat() == ErrorCode::REBALANCE_IN_PROGRESS ? 'j' : 'b';
        }
    }
    ConsumerClient* any() {
        return clients_.empty() ? nullptr : clients_[random_.below(clients_.size())].get();
    }
    void add() {
        auto& client = clients_.emplace_back(std::make_unique<ConsumerClient>(
            shard_, "g", "m" + std::to_string(++names_), topics()));
        client->settings().rebalance_timeout = Millis(1'000 + random_.below(9'000));
        if (random_.below(3) == 0) client->settings().server_assignor = "range";
    }
    void remove(ConsumerClient* client) {
        std::erase_if(clients_, [&](const auto& each) { return each.get() == client; });
    }

    void check() {
        std::set<TopicIdPartition> owned;
        for (const auto& client : clients_) check_owned(*client, owned);
        for (const auto& client : classics_) check_owned(*client, owned);
        if (anchor_) check_owned(*anchor_, owned);
    }
    template <class Client>
    void check_owned(const Client& client, std::set<TopicIdPartition>& owned) {
        const auto* group = shard_.state().consumer("g");
        // The coordinator has given up on it: it finds out with its next heartbeat, and Kafka's
        // clients stop by themselves when they cannot reach it for so long.
        if (!group || !group->member(client.id())) return;
        for (const auto& item : client.owned())
            EXPECT_TRUE(owned.insert(item).second) << "owned by two";
    }

    SeededRandom random_;
    TestShard shard_;
    std::vector<std::unique_ptr<ConsumerClient>> clients_;
    std::unique_ptr<ConsumerClient> anchor_;
    std::vector<std::unique_ptr<ClassicClient>> classics_;
    std::map<const ClassicClient*, char> must_;  // join, sync, beat
    int names_ = 0;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void run(std::uint64_t worlds, bool has_classic) {
    const std::uint64_t first = from_environment("MILENA_SEED", 1);
    worlds = from_environment("MILENA_CONSUMER_WORLDS", worlds);
    for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
        SCOPED_TRACE("MILENA_SEED=" + std::to_string(seed) + " MILENA_CONSUMER_WORLDS=1");
        World world(seed, has_classic);
        for (int step = 0; step < 400; ++step) {
            world.step();
            if (step % 100 == 99) {
                world.expect_fold();
                world.expect_compacted_fold();
            }
            if (testing::Test::HasFailure()) return;
        }
        world.settle();
        if (testing::Test::HasFailure()) return;
    }
}

TEST(ConsumerGroupModel, OwnershipIsExclusiveAndEverybodyArrives) {
    run(30, false);
}

TEST(ConsumerGroupModel, SoItIsWithMembersOfTheClassicProtocol) {
    run(20, true);
}

}  // namespace
}  // namespace milena::coordinator::group
