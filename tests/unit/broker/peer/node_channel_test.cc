// Typed requests to another node, over real sockets.
#include "broker/peer/node_channel.h"

#include "protocol/msg/end_txn.h"
#include "protocol/msg/heartbeat.h"
#include "tests/unit/broker/net/testing.h"

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::peer {
namespace {

using namespace net::testing;
using net::ReplyTicket;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A node that speaks ApiVersions and Heartbeat v0-3, and gives back the generation as throttle
// time.
class FakeNode {
  public:
    explicit FakeNode(ErrorCode handshake = ErrorCode::NONE) : handshake_(handshake) {}

    TestSink::Handler handler() {
        return [this](MutableBytes frame, ReplyTicket ticket) {
            const auto head = decode_request_header(frame);
            ASSERT_TRUE(head);
            ++requests;
            if (head->api->key == ApiKey::ApiVersions) return shake_hands(*head, std::move(ticket));
            if (dies) return ticket.close("as the test wants");
            Arena arena;
            const auto request = decode_message<msg::HeartbeatRequest>(frame.subspan(head->size),
                                                                       head->version, arena);
            ASSERT_TRUE(request);
            last_version = head->version.value();
            msg::HeartbeatResponse response;
            response.throttle_time_ms = Millis(request->generation_id);
            auto reply = encode_response(head->correlation_id, head->version, response);
            if (garbles) reply->bytes.resize(8), store_be(reply->bytes.data(), 4);
            ticket.send(std::move(*reply));
        };
    }

    std::atomic<int> requests{0};
    std::atomic<int> last_version{-1};
    std::atomic<bool> dies{false};
    std::atomic<bool> garbles{false};

  private:
    void shake_hands(const RequestHead& head, ReplyTicket ticket) const {
        msg::ApiVersionsResponse response;
        response.error_code = handshake_;
        std::vector<msg::ApiVersionsResponse::ApiVersion> apis(2);
        apis[0].api_key = static_cast<std::int16_t>(ApiKey::ApiVersions);
        apis[0].max_version = 4;
        apis[1].api_key = static_cast<std::int16_t>(ApiKey::Heartbeat);
        apis[1].max_version = 3;
        response.api_keys = decltype(response.api_keys)(apis);
        ticket.send(std::move(*encode_response(head.correlation_id, head.version, response)));
    }

    const ErrorCode handshake_;
};

class Watcher final : public ChannelWatcher {
  public:
    void on_up(BrokerId node) override { note("up " + std::to_string(node.value())); }
    void on_down(BrokerId node, const Error& why) override {
        note("down " + std::to_string(node.value()));
        const std::lock_guard lock(mutex_);
        why_ = why.detail;
    }
    std::vector<std::string> heard() {
        const std::lock_guard lock(mutex_);
        return heard_;
    }
    std::string why() {
        const std::lock_guard lock(mutex_);
        return why_;
    }

  private:
    void note(std::string what) {
        const std::lock_guard lock(mutex_);
        heard_.push_back(std::move(what));
    }
    std::mutex mutex_;
    std::vector<std::string> heard_;
    std::string why_;
};

struct Answer {
    std::optional<Error> error;
    std::int64_t generation = -1;
};

class NodeChannelTest : public ::testing::Test {
  protected:
    NodeChannelTest() { reactors_.start(); }
    ~NodeChannelTest() override {
        on_reactor([&] {
            channel_.reset();
            connector_.reset();
        });
    }

    template <class Work>
    void on_reactor(Work work) {
        std::promise<void> done;
        reactors_[0].post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    void open(std::uint16_t port, Millis pause = Millis(1)) {
        on_reactor([&] {
            connector_ = net::make_tcp_connector(reactors_[0], {-1, -1});
            ChannelSettings settings;
            settings.client_id = "test";
            settings.pause_min = pause;
            settings.pause_max = pause;
            channel_ = std::make_unique<NodeChannel>(reactors_[0], *connector_,
                                                     RemoteNode{BrokerId(7), {"127.0.0.1", port}},
                                                     settings, watcher_);
        });
    }

    template <class Request = msg::HeartbeatRequest, class Response = msg::HeartbeatResponse>
    std::future<Answer> ask(std::int32_t generation) {
        auto answer = std::make_shared<std::promise<Answer>>();
        auto future = answer->get_future();
        on_reactor([&] {
            channel_->ask<Request, Response>(
                [generation](Arena&, ApiVersion) {
                    Request request;
                    if constexpr (requires { request.generation_id; }) {
                        request.group_id = "g";
                        request.generation_id = generation;
                    }
                    return request;
                },
                reactors_[0].now() + Millis(60'000),
                [answer](Result<const Response*> reply) {
                    if (reply) {
                        answer->set_value({std::nullopt, (*reply)->throttle_time_ms.count()});
                    } else {
                        answer->set_value({reply.error(), -1});
                    }
                });
        });
        return future;
    }

    net::SystemClock clock_;
    net::ReactorPool reactors_{clock_, 1};
    Watcher watcher_;
    std::unique_ptr<net::Connector> connector_;
    std::unique_ptr<NodeChannel> channel_;
};

TEST_F(NodeChannelTest, QuestionsAreAskedInTheNewestVersionThatBothSpeak) {
    FakeNode node;
    TestServer server({}, node.handler());
    open(server.port());
    EXPECT_EQ(node.requests, 0) << "nobody has asked anything";
    auto first = ask(11);
    auto second = ask(12);
    EXPECT_EQ(first.get().generation, 11);
    EXPECT_EQ(second.get().generation, 12);
    EXPECT_EQ(node.last_version, 3);
    EXPECT_EQ(node.requests, 3) << "one handshake";
    EXPECT_THAT(watcher_.heard(), ElementsAre("up 7"));
}

TEST_F(NodeChannelTest, WhatTheNodeDoesNotOfferIsRefusedHere) {
    FakeNode node;
    TestServer server({}, node.handler());
    open(server.port());
    const Answer answer = ask<msg::EndTxnRequest, msg::EndTxnResponse>(0).get();
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->code, ErrorCode::UNSUPPORTED_VERSION);
    EXPECT_THAT(answer.error->detail, HasSubstr("EndTxn to node 7"));
    EXPECT_EQ(ask(1).get().generation, 1) << "the connection is as good as before";
}

TEST_F(NodeChannelTest, ADeadNodeIsToldAtOnceAndAskedAgainAfterThePause) {
    FakeNode node;
    TestServer server({}, node.handler());
    open(server.port());
    EXPECT_EQ(ask(1).get().generation, 1);
    node.dies = true;
    const Answer lost = ask(2).get();
    ASSERT_TRUE(lost.error);
    EXPECT_EQ(lost.error->code, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_THAT(lost.error->detail, HasSubstr("Heartbeat to node 7"));
    EXPECT_TRUE(eventually([&] { return watcher_.heard().size() == 2; }));
    node.dies = false;
    EXPECT_TRUE(eventually([&] { return ask(3).get().generation == 3; }));
    EXPECT_THAT(watcher_.heard(), ElementsAre("up 7", "down 7", "up 7"));
}

TEST_F(NodeChannelTest, DuringThePauseQuestionsFailAtOnceWithTheReason) {
    std::uint16_t port = 0;
    {
        const TestServer gone;
        port = gone.port();
    }
    open(port, Millis(3'600'000));
    EXPECT_THAT(ask(1).get().error->detail, HasSubstr("refused"));
    EXPECT_TRUE(eventually([&] { return watcher_.heard().size() == 1; }));
    EXPECT_THAT(ask(2).get().error->detail, HasSubstr("refused"));
    EXPECT_THAT(watcher_.heard(), ElementsAre("down 7")) << "there was one try";
}

TEST_F(NodeChannelTest, AHandshakeThatIsRefusedIsAFailure) {
    FakeNode node(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    TestServer server({}, node.handler());
    open(server.port(), Millis(3'600'000));
    const Answer answer = ask(1).get();
    EXPECT_EQ(answer.error->code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    EXPECT_THAT(answer.error->detail, HasSubstr("node 7"));
    EXPECT_TRUE(eventually([&] { return server.sink().closed == 1; }));
    EXPECT_THAT(watcher_.heard(), ElementsAre("down 7"));
}

TEST_F(NodeChannelTest, AReplyThatCannotBeReadFailsItsQuestionOnly) {
    FakeNode node;
    TestServer server({}, node.handler());
    open(server.port());
    EXPECT_EQ(ask(1).get().generation, 1);
    node.garbles = true;
    const Answer answer = ask(2).get();
    ASSERT_TRUE(answer.error);
    EXPECT_THAT(answer.error->detail, HasSubstr("Heartbeat"));
    node.garbles = false;
    EXPECT_EQ(ask(3).get().generation, 3);
}

TEST_F(NodeChannelTest, QuestionsOfAChannelThatGoesAreAnswered) {
    std::mutex mutex;
    std::vector<ReplyTicket> parked;
    TestServer server({}, [&](MutableBytes, ReplyTicket ticket) {
        const std::lock_guard lock(mutex);
        parked.push_back(std::move(ticket));
    });
    open(server.port());
    auto waits = ask(1);
    on_reactor([&] { channel_.reset(); });
    EXPECT_EQ(waits.get().error->code, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_THAT(watcher_.heard(), ElementsAre());
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        parked.clear();
        return server.sink().opened == server.sink().closed;
    }));
}

}  // namespace
}  // namespace milena::peer
