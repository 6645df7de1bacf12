// Requests to another node, over real sockets.
#include "broker/net/link.h"

#include "tests/unit/broker/net/testing.h"

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace testing;
using ::testing::HasSubstr;

// API key and version (four bytes nobody looks at here), correlation id, text.
Body request(std::int32_t id, std::string_view text) {
    Body body(8);
    store_be(body.data() + 4, id);
    body.insert(body.end(), text.begin(), text.end());
    return framed(body);
}

// Answers a request with its correlation id and its text.
void answer(MutableBytes frame, ReplyTicket ticket) {
    ticket.send(reply_with(as_text(frame.subspan(4))));
}

// Answers "hello" and nothing else. The connection is closed when what waits is let go.
class Parking {
  public:
    TestSink::Handler handler() {
        return [this](MutableBytes frame, ReplyTicket ticket) {
            if (as_text(frame.subspan(8)) == "hello") return answer(frame, std::move(ticket));
            const std::lock_guard lock(mutex_);
            tickets_.push_back(std::move(ticket));
        };
    }
    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return tickets_.size();
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        tickets_.clear();
    }

  private:
    std::mutex mutex_;
    std::vector<ReplyTicket> tickets_;
};

struct Answer {
    ErrorCode error;
    std::string text;  // of the reply, or of the error
};

class LinkTest : public ::testing::Test {
  protected:
    LinkTest() { reactors_.start(); }
    ~LinkTest() override {
        on_reactor([&] {
            if (link_) link_->close();
        });
        // The transport's last event comes in a later turn.
        const std::weak_ptr<Link> link = std::exchange(link_, nullptr);
        EXPECT_TRUE(eventually([&] { return link.expired(); })) << "a link outlives its end";
        on_reactor([&] { connector_.reset(); });
    }

    // Runs it there and waits for it.
    template <class Work>
    void on_reactor(Work work) {
        if (reactors_[0].is_current()) return work();
        std::promise<void> done;
        reactors_[0].post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    void open(std::uint16_t port, LinkSettings settings = {}) {
        on_reactor([&] {
            connector_ = make_tcp_connector(reactors_[0], {64 * 1024, -1});
            link_ = Link::open(reactors_[0], *connector_, {"localhost", port}, settings,
                               [this](const Error& why) { ended_.set_value(why); });
        });
    }

    std::future<Answer> ask(std::int32_t id, std::string_view text, Millis patience = kLong) {
        auto answer = std::make_shared<std::promise<Answer>>();
        auto future = answer->get_future();
        const auto done = [answer](Result<ByteView> reply) {
            if (reply) {
                answer->set_value({ErrorCode::NONE, text_of(reply->subspan(4))});
            } else {
                answer->set_value({reply.error().code, reply.error().detail});
            }
        };
        on_reactor([&] { link_->send(request(id, text), reactors_[0].now() + patience, done); });
        return future;
    }

    static constexpr Millis kLong{60'000};
    SystemClock clock_;
    ReactorPool reactors_{clock_, 1};
    std::unique_ptr<Connector> connector_;
    std::shared_ptr<Link> link_;
    std::promise<Error> ended_;
};

TEST_F(LinkTest, RepliesGoToTheirRequestsAlsoToThoseGivenBeforeTheConnectionStood) {
    TestServer server({}, answer);
    open(server.port());
    std::vector<std::future<Answer>> answers;
    for (int i = 0; i < 200; ++i) {
        answers.push_back(ask(i, std::string(static_cast<std::size_t>(i) * 50, 'a') + "."));
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].get().text.size(), i * 50 + 1);
    }
    on_reactor([&] {
        EXPECT_TRUE(link_->is_connected());
        EXPECT_EQ(link_->waiting(), 0U);
    });
}

TEST_F(LinkTest, LargeRequestsAndRepliesTravelWhole) {
    TestServer server({}, answer);
    open(server.port());
    std::string large(6'000'000, 'x');
    for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>(i / 1000);
    auto first = ask(1, large);
    auto second = ask(2, "small");
    auto third = ask(3, large);
    EXPECT_TRUE(first.get().text == large);
    EXPECT_EQ(second.get().text, "small");
    EXPECT_TRUE(third.get().text == large);
}

TEST_F(LinkTest, APortWhereNobodyListensEndsItWithTheReason) {
    std::uint16_t port = 0;
    {
        const TestServer gone;
        port = gone.port();
    }
    open(port);
    auto waits = ask(1, "a");
    const Error why = ended_.get_future().get();
    EXPECT_EQ(why.code, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_THAT(why.detail, HasSubstr("localhost:" + std::to_string(port)));
    EXPECT_THAT(why.detail, HasSubstr("refused"));
    EXPECT_EQ(waits.get().error, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_EQ(ask(2, "late").get().error, ErrorCode::NETWORK_EXCEPTION);
}

TEST_F(LinkTest, APeerThatDiesIsNoticedAtOnceAndEveryRequestAnswered) {
    std::promise<void> received;
    auto server =
        std::make_unique<TestServer>(NetSettings{}, [&](MutableBytes frame, ReplyTicket ticket) {
            if (as_text(frame.subspan(8)) != "die") return answer(frame, std::move(ticket));
            received.set_value();
            ticket.close("as the test wants");
        });
    open(server->port());
    EXPECT_EQ(ask(1, "a").get().text, "a");
    auto waits = ask(2, "die");
    auto behind = ask(3, "b");
    received.get_future().wait();
    EXPECT_EQ(waits.get().error, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_EQ(behind.get().error, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_THAT(ended_.get_future().get().detail, HasSubstr("closed"));
    on_reactor([&] { EXPECT_TRUE(link_->has_ended()); });
}

TEST_F(LinkTest, ARequestThatIsNotAnsweredInTimeEndsTheLink) {
    Parking parked;
    TestServer server({}, parked.handler());
    open(server.port());
    ASSERT_EQ(ask(0, "hello").get().text, "hello");
    std::future<Answer> patient;
    std::future<Answer> behind;
    on_reactor([&] {
        patient = ask(1, "a", Millis(50));
        behind = ask(2, "b");
    });
    EXPECT_EQ(patient.get().error, ErrorCode::REQUEST_TIMED_OUT);
    EXPECT_EQ(behind.get().error, ErrorCode::REQUEST_TIMED_OUT);
    EXPECT_EQ(ended_.get_future().get().code, ErrorCode::REQUEST_TIMED_OUT);
    ASSERT_TRUE(eventually([&] { return parked.size() == 2; }));
    parked.let_go();
    EXPECT_TRUE(eventually([&] { return server.sink().closed == 1; }));
}

TEST_F(LinkTest, ADeadlineThatWasMetDoesNotEndIt) {
    TestServer server({}, answer);
    open(server.port());
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(ask(i, "a", Millis(2'000)).get().error, ErrorCode::NONE);
    }
    on_reactor([&] { EXPECT_FALSE(link_->has_ended()); });
}

TEST_F(LinkTest, AReplyToAnotherQuestionEndsIt) {
    TestServer server({}, [](MutableBytes frame, ReplyTicket ticket) {
        Body reply(frame.begin() + 4, frame.end());
        reply[3] ^= 1;
        ticket.send(reply_with(as_text(reply)));
    });
    open(server.port());
    EXPECT_EQ(ask(6, "a").get().error, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_THAT(ended_.get_future().get().detail, HasSubstr("answers 7"));
}

TEST_F(LinkTest, AReplyThatIsTooLongEndsIt) {
    TestServer server({}, answer);
    open(server.port(), {.reply_bytes_max = 1000});
    EXPECT_EQ(ask(1, std::string(996, 'a')).get().error, ErrorCode::NONE);
    EXPECT_EQ(ask(2, std::string(997, 'a')).get().error, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_THAT(ended_.get_future().get().detail, HasSubstr("1001 bytes"));
}

TEST_F(LinkTest, ClosingAnswersWhatWaitsAndTellsNobody) {
    Parking parked;
    TestServer server({}, parked.handler());
    open(server.port());
    auto waits = ask(1, "a");
    ASSERT_TRUE(eventually([&] { return parked.size() == 1; }));
    on_reactor([&] { link_->close(); });
    EXPECT_EQ(waits.get().error, ErrorCode::NETWORK_EXCEPTION);
    auto told = ended_.get_future();
    parked.let_go();
    EXPECT_TRUE(eventually([&] { return server.sink().closed == 1; }));
    EXPECT_EQ(told.wait_for(0s), std::future_status::timeout);
}

}  // namespace
}  // namespace milena::net
