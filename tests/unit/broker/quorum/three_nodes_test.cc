// Three quorums on disks of their own, joined by a network under the test's control: the driver of
// several voters, end to end but for sockets.
#include "broker/quorum/rounds.h"
#include "tests/unit/broker/quorum/test_node.h"

#include <array>
#include <functional>
#include <set>

namespace milena::quorum {
namespace {

class SteppedClock final : public Clock {
  public:
    MonoTime now() const override { return now_; }
    TimestampMs wall_now() const override {
        return TimestampMs(1'700'000'000'000 + now_.time_since_epoch() / Millis(1));
    }
    void advance(Millis by) { now_ += by; }

  private:
    MonoTime now_{std::chrono::seconds(1)};
};

constexpr std::size_t kNodes = 3;

class ThreeNodes : public ::testing::Test {
  protected:
    class Wire final : public RaftNetwork {
      public:
        Wire(ThreeNodes& nodes, std::size_t self) : nodes_(nodes), self_(self) {}
        void send(raft::Send request, std::optional<net::RemoteAddress>) override {
            nodes_.send(self_, std::move(request));
        }
        void wake_at(MonoTime when) override { nodes_.parts_[self_].alarm = when; }

      private:
        ThreeNodes& nodes_;
        const std::size_t self_;
    };
    struct Part {
        TemporaryDirectory directory;
        FaultyDisk disk;
        std::unique_ptr<SeededRandom> random;
        std::unique_ptr<Wire> wire;
        std::unique_ptr<Quorum> quorum;
        MonoTime alarm = MonoTime::max();
        int life = 0;
        std::vector<std::string> published;  // topics, in the order of their publication
    };

    ThreeNodes() {
        for (std::size_t i = 0; i < kNodes; ++i) {
            parts_[i].random = std::make_unique<SeededRandom>(i + 1);
            parts_[i].wire = std::make_unique<Wire>(*this, i);
        }
    }
    ~ThreeNodes() override {
        tasks_.clear();
        for (Part& part : parts_) part.quorum.reset();
    }

    void start(std::size_t index) {
        Part& part = parts_[index];
        QuorumOptions options;
        options.node = BrokerId(static_cast<std::int32_t>(index + 1));
        options.data_directory = part.directory.path();
        options.directory_id = DirectoryId(Uuid{3, index + 1});
        options.controller.cluster_id = "test-cluster";
        options.snapshot_bytes = snapshot_bytes_;
        for (std::int32_t id = 1; id <= 3; ++id) options.voters.push_back({BrokerId(id), {}});
        options.upkeep.max_idle = Millis(0);
        options.on_failure = [](const Error& error) { ADD_FAILURE() << error.detail; };
        const int life = ++part.life;
        auto opened = Quorum::open(
            options, part.disk, clock_, *part.random, rules_,
            [this, index, life](net::Task task) { post(index, life, std::move(task)); });
        ASSERT_TRUE(opened) << opened.error().detail;
        part.quorum = std::move(*opened);
        part.published.clear();
        part.quorum->subscribe([&part](const auto&, const auto&, const auto& delta) {
            for (const auto& topic : delta.topics) {
                if (topic.after) part.published.push_back(topic.after->name);
            }
        });
        const auto started = part.quorum->start(part.wire.get());
        ASSERT_TRUE(started) << started.error().detail;
    }
    // As kill -9 does it: the others see the connections close.
    void kill(std::size_t index) {
        ++parts_[index].life;
        parts_[index].quorum.reset();
        for (std::size_t other = 0; other < kNodes; ++other) {
            if (parts_[other].quorum)
                parts_[other].quorum->deliver({raft::Disconnected{id(index)}});
        }
    }
    static BrokerId id(std::size_t index) { return BrokerId(static_cast<std::int32_t>(index + 1)); }

    // Dropped with the life of the node it belongs to.
    void post(std::size_t index, int life, net::Task task) {
        tasks_.push_back([this, index, life, task = std::move(task)]() mutable {
            if (parts_[index].life == life && parts_[index].quorum) task();
        });
    }
    void send(std::size_t from, raft::Send request) {
        const auto to = static_cast<std::size_t>(request.to.value() - 1);
        const int life = parts_[from].life;
        tasks_.push_back([this, from, to, life, request = std::move(request)]() mutable {
            if (parts_[from].life != life) return;
            Quorum& asker = *parts_[from].quorum;
            if (!parts_[to].quorum || cut_.contains(to) || cut_.contains(from)) {
                return asker.deliver({raft::Failed{request.id}});
            }
            auto done = [this, from, to, life, id = request.id](Result<raft::Response> response,
                                                                std::vector<std::uint8_t> bytes) {
                if (parts_[from].life != life || !parts_[from].quorum) return;
                RaftEvent event;
                event.bytes = std::move(bytes);
                if (!response || cut_.contains(from) || cut_.contains(to)) {
                    event.input = raft::Failed{id};
                } else {
                    if (auto* fetched = std::get_if<raft::FetchResponse>(&*response)) {
                        fetched->records = event.bytes;
                    } else if (auto* part = std::get_if<raft::FetchSnapshotResponse>(&*response)) {
                        part->bytes = event.bytes;
                    }
                    event.input = raft::Answered{id, std::move(*response)};
                }
                parts_[from].quorum->deliver(std::move(event));
            };
            parts_[to].quorum->receive(std::move(request.request), std::move(done));
        });
    }

    void run_tasks() {
        while (!tasks_.empty()) {
            auto task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
        }
    }
    // Until `met` holds, at most for a minute of the nodes' time.
    bool run_until(const std::function<bool()>& met) {
        for (int passed = 0; passed < 60'000; passed += 5) {
            run_tasks();
            if (met()) return true;
            clock_.advance(Millis(5));
            for (Part& part : parts_) {
                if (!part.quorum || part.alarm > clock_.now()) continue;
                part.alarm = MonoTime::max();
                part.quorum->deliver({raft::Tick{}});
            }
        }
        return false;
    }
    // The one active controller that the majority follows; nothing: there is none.
    std::optional<std::size_t> active() const {
        for (std::size_t i = 0; i < kNodes; ++i) {
            if (!parts_[i].quorum || !parts_[i].quorum->is_active() || cut_.contains(i)) continue;
            std::size_t followers = 0;
            for (const Part& part : parts_) {
                followers += part.quorum && part.quorum->leader() == id(i);
            }
            if (followers >= 2) return i;
        }
        return std::nullopt;
    }
    std::size_t wait_for_active() {
        EXPECT_TRUE(run_until([this] { return active().has_value(); }));
        return active().value_or(0);
    }
    // Some broker for the topics to be on.
    void register_broker(BrokerId broker = BrokerId(7)) {
        metadata::RegisterBroker request;
        request.id = broker;
        request.cluster_id = "test-cluster";
        request.incarnation = Uuid{1, 1};
        request.endpoints = {{"PLAINTEXT", "localhost", 9092}};
        request.features = supported_features();
        request.log_dirs = {DirectoryId(Uuid{9, 9})};
        const auto registered = ask(std::move(request));
        ASSERT_TRUE(registered && registered->error.code == ErrorCode::NONE);
        beat_ = {};
        beat_.id = broker;
        beat_.epoch = registered->epoch;
        beat_.metadata_end = Offset(1'000'000);
        const auto unfenced = ask(beat_);
        ASSERT_TRUE(unfenced && !unfenced->is_fenced);
    }
    template <class Verb>
    Result<typename Verb::Reply> ask(Verb request) {
        std::optional<Result<typename Verb::Reply>> answer;
        parts_[wait_for_active()].quorum->submit<Verb>(
            std::move(request), [&](auto reply) { answer = std::move(reply); });
        EXPECT_TRUE(run_until([&] { return answer.has_value(); }));
        return std::move(*answer);
    }
    ErrorCode create(const std::string& name) {
        const auto reply = ask(TestNode::create_request(name));
        return reply ? reply->topics.at(0).error.code : reply.error().code;
    }
    bool all_have(const std::string& name) const {
        for (const Part& part : parts_) {
            if (part.quorum && part.quorum->image()->topic(name) == nullptr) return false;
        }
        return true;
    }
    bool all_are_same() const {
        const auto first = parts_[0].quorum->image();
        for (const Part& part : parts_) {
            if (!same_state(*first, *part.quorum->image())) return false;
        }
        return true;
    }
    void start_all() {
        for (std::size_t i = 0; i < kNodes; ++i) start(i);
        wait_for_active();
    }

    SteppedClock clock_;
    AnySetting rules_;
    std::uint64_t snapshot_bytes_ = 20U << 20;
    std::array<Part, kNodes> parts_;
    metadata::BrokerHeartbeat beat_;  // of the broker that was registered last
    std::set<std::size_t> cut_;       // from the network
    std::deque<std::move_only_function<void()>> tasks_;
};

TEST_F(ThreeNodes, ADecisionIsFollowedByAll) {
    start_all();
    register_broker();
    EXPECT_EQ(create("a"), ErrorCode::NONE);
    EXPECT_EQ(create("a"), ErrorCode::TOPIC_ALREADY_EXISTS);
    EXPECT_TRUE(run_until([this] { return all_have("a"); }));
    EXPECT_TRUE(all_are_same());
    for (const Part& part : parts_) EXPECT_EQ(part.published, std::vector<std::string>{"a"});
}

TEST_F(ThreeNodes, OneNodeAloneDecidesNothing) {
    start(0);
    EXPECT_FALSE(run_until([this] { return parts_[0].quorum->is_active(); }));
    std::optional<ErrorCode> answer;
    parts_[0].quorum->submit<metadata::CreateTopics>(
        TestNode::create_request("a"), [&](auto reply) { answer = reply.error().code; });
    run_tasks();
    EXPECT_EQ(answer, ErrorCode::NOT_CONTROLLER);
}

TEST_F(ThreeNodes, AnotherNodeTakesOverAfterAKillAndNothingIsLost) {
    start_all();
    register_broker();
    std::vector<std::string> made;
    for (int round = 0; round < 4; ++round) {
        const std::size_t leader = wait_for_active();
        made.push_back("topic-" + std::to_string(round));
        ASSERT_EQ(create(made.back()), ErrorCode::NONE);
        kill(leader);
        const std::size_t next = wait_for_active();
        EXPECT_NE(next, leader);
        for (const auto& name : made) {
            EXPECT_NE(parts_[next].quorum->image()->topic(name), nullptr) << name;
        }
        made.push_back("after-" + std::to_string(round));
        ASSERT_EQ(create(made.back()), ErrorCode::NONE);
        start(leader);
        EXPECT_TRUE(run_until([&] { return all_have(made.back()); }));
        EXPECT_TRUE(all_are_same());
    }
}

TEST_F(ThreeNodes, WhatAMinorityDecidedIsNeverSeenAndFails) {
    start_all();
    register_broker();
    const std::size_t old = wait_for_active();
    cut_ = {old};
    std::optional<ErrorCode> answer;
    parts_[old].quorum->submit<metadata::CreateTopics>(
        TestNode::create_request("lost"),
        [&](auto reply) { answer = reply ? ErrorCode::NONE : reply.error().code; });
    run_tasks();
    EXPECT_FALSE(answer) << "answered without a majority";
    EXPECT_EQ(parts_[old].quorum->image()->topic("lost"), nullptr);
    ASSERT_TRUE(run_until([&] { return active().has_value(); }));
    EXPECT_NE(*active(), old);
    ASSERT_EQ(create("kept"), ErrorCode::NONE);
    cut_.clear();
    EXPECT_TRUE(run_until([&] { return answer.has_value() && all_have("kept"); }));
    EXPECT_EQ(answer, ErrorCode::NOT_CONTROLLER);
    EXPECT_EQ(parts_[old].quorum->image()->topic("lost"), nullptr);
    EXPECT_TRUE(all_are_same());
}

TEST_F(ThreeNodes, AllOfThemStartAgainWithAllThatWasAnswered) {
    start_all();
    register_broker();
    for (int i = 0; i < 10; ++i) ASSERT_EQ(create("topic-" + std::to_string(i)), ErrorCode::NONE);
    for (std::size_t i = 0; i < kNodes; ++i) kill(i);
    start_all();
    ASSERT_EQ(create("more"), ErrorCode::NONE);
    EXPECT_TRUE(run_until([this] { return all_have("more"); }));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(all_have("topic-" + std::to_string(i))) << i;
    EXPECT_TRUE(all_are_same());
}

TEST_F(ThreeNodes, ANodeThatWasAwayForLongTakesASnapshot) {
    snapshot_bytes_ = 2'000;
    start_all();
    register_broker();
    ASSERT_EQ(create("before"), ErrorCode::NONE);
    ASSERT_TRUE(run_until([this] { return all_have("before"); }));
    const std::size_t away = (wait_for_active() + 1) % kNodes;
    kill(away);
    for (int i = 0; i < 60; ++i) ASSERT_EQ(create("topic-" + std::to_string(i)), ErrorCode::NONE);
    start(away);
    EXPECT_TRUE(run_until([this] { return all_have("topic-59"); }));
    EXPECT_TRUE(all_are_same());
    EXPECT_NE(parts_[away].quorum->image()->topic("before"), nullptr);
}

TEST_F(ThreeNodes, ABrokerWhoseProcessEndedIsFencedAtOnce) {
    start_all();
    const std::size_t leader = wait_for_active();
    const std::size_t other = (leader + 1) % kNodes;
    register_broker(id(other));
    EXPECT_FALSE(parts_[leader].quorum->image()->broker(id(other))->is_fenced);
    const MonoTime before = clock_.now();
    kill(other);
    ASSERT_TRUE(
        run_until([&] { return parts_[leader].quorum->image()->broker(id(other))->is_fenced; }));
    EXPECT_LT(clock_.now() - before, Nanos(Millis(1'000)));
}

TEST_F(ThreeNodes, ALeaderThatDiedIsFencedByItsSuccessorAtOnce) {
    start_all();
    const std::size_t leader = wait_for_active();
    register_broker(id(leader));
    const MonoTime before = clock_.now();
    kill(leader);
    const std::size_t next = wait_for_active();
    ASSERT_TRUE(
        run_until([&] { return parts_[next].quorum->image()->broker(id(leader))->is_fenced; }));
    EXPECT_LT(clock_.now() - before, Nanos(Millis(1'000)));
}

TEST_F(ThreeNodes, ANodeThatCameBackIsNotTakenForDead) {
    start_all();
    const std::size_t leader = wait_for_active();
    const std::size_t other = (leader + 1) % kNodes;
    const std::size_t third = (leader + 2) % kNodes;
    kill(other);
    start(other);
    for (const std::size_t node : {leader, third}) {
        parts_[node].quorum->deliver({raft::Tick{}, {}, id(other)});
    }
    run_tasks();
    register_broker(id(other));
    kill(leader);
    const std::size_t next = wait_for_active();
    run_until([this, until = clock_.now() + Millis(1'000)] { return clock_.now() >= until; });
    EXPECT_FALSE(parts_[next].quorum->image()->broker(id(other))->is_fenced);
}

TEST_F(ThreeNodes, WhoMayHaveASuccessorAnswersNoHeartbeat) {
    start_all();
    register_broker();
    const std::size_t old = wait_for_active();
    EXPECT_TRUE(ask(beat_));
    cut_ = {old};
    clock_.advance(raft::Options{}.fetch_timeout + Millis(1));
    ASSERT_TRUE(parts_[old].quorum->is_active());
    std::optional<ErrorCode> answer;
    parts_[old].quorum->submit<metadata::BrokerHeartbeat>(
        beat_, [&](auto reply) { answer = reply ? ErrorCode::NONE : reply.error().code; });
    ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
    EXPECT_EQ(answer, ErrorCode::NOT_CONTROLLER);
}

}  // namespace
}  // namespace milena::quorum
