// Frames in, replies out: what a well-behaved client sees.
#include "protocol/base/random.h"
#include "tests/unit/broker/net/testing.h"

#include <algorithm>
#include <latch>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace testing;

// Tickets that handlers put aside, by the body of their frame.
class Parked {
  public:
    void park(MutableBytes frame, ReplyTicket ticket) {
        const std::lock_guard lock(mutex_);
        tickets_.emplace(text_of(frame), std::move(ticket));
    }
    ReplyTicket take(const std::string& body) {
        const std::lock_guard lock(mutex_);
        auto node = tickets_.extract(body);
        return node.empty() ? ReplyTicket{} : std::move(node.mapped());
    }
    // One of them, whichever `chance` picks; its body first.
    std::pair<std::string, ReplyTicket> take_any(std::uint64_t chance) {
        const std::lock_guard lock(mutex_);
        if (tickets_.empty()) return {};
        auto at = tickets_.begin();
        std::advance(at, chance % tickets_.size());
        auto node = tickets_.extract(at);
        return {node.key(), std::move(node.mapped())};
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return tickets_.size();
    }
    TestSink::Handler handler() {
        return [this](MutableBytes frame, ReplyTicket ticket) { park(frame, std::move(ticket)); };
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, ReplyTicket> tickets_;
};

// Four digits and something to make eight bytes, the shortest frame.
std::string numbered(int number) {
    auto text = std::to_string(number);
    return "req-" + std::string(5 - std::min<std::size_t>(text.size(), 5), '0') + text;
}

TEST(Connection, AnswersAFrameAndTellsWhoAsks) {
    TestServer server;
    TestClient client(server.port());
    ASSERT_TRUE(client.send_frame("hello, broker"));
    EXPECT_EQ(client.read_frame(), "hello, broker");
    const auto peer = server.sink().last_peer();
    EXPECT_EQ(peer.address, "127.0.0.1");
    EXPECT_EQ(peer.listener, "PLAINTEXT");
    EXPECT_GT(peer.port, 0);
    EXPECT_GT(peer.id, 0U);
}

TEST(Connection, AcceptsAFrameSplitAtEveryByte) {
    TestServer server;
    TestClient client(server.port());
    const auto frame = framed("a frame in two pieces");
    for (std::size_t split = 1; split < frame.size(); ++split) {
        SCOPED_TRACE("split at " + std::to_string(split));
        const auto before = server.totals().bytes_in;
        ASSERT_TRUE(client.send(ByteView(frame).first(split)));
        ASSERT_TRUE(eventually([&] { return server.totals().bytes_in == before + split; }));
        ASSERT_TRUE(client.send(ByteView(frame).subspan(split)));
        ASSERT_EQ(client.read_frame(), "a frame in two pieces");
    }
}

TEST(Connection, AcceptsAFrameByteByByte) {
    TestServer server;
    TestClient client(server.port());
    const auto frame = framed("drop by drop");
    for (const auto byte : frame) {
        const auto before = server.totals().bytes_in;
        ASSERT_TRUE(client.send({&byte, 1}));
        ASSERT_TRUE(eventually([&] { return server.totals().bytes_in == before + 1; }));
    }
    EXPECT_EQ(client.read_frame(), "drop by drop");
}

TEST(Connection, AcceptsFramesOfAllSizesInPiecesOfAllSizes) {
    constexpr std::uint64_t kSeed = 20;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    SeededRandom random(kSeed);
    TestServer server;
    TestClient client(server.port());
    Body stream;
    std::vector<Body> bodies;
    for (int i = 0; i < 60; ++i) {
        // Around the shared buffer, its half and a little of everything.
        constexpr std::size_t kSpace = ConnectionHost::kReceiveSpace;
        const std::size_t centre[] = {8, 300, 11'000, kSpace / 2, kSpace, 3 * kSpace, 1'500'000};
        auto& body = bodies.emplace_back(centre[random.below(7)] + random.below(9));
        for (auto& byte : body) byte = static_cast<std::uint8_t>(random.next());
        const auto frame = framed(body);
        stream.insert(stream.end(), frame.begin(), frame.end());
    }
    std::jthread sender([&] {
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t wish[] = {1, 5, 700, 70'000, 400'000, 4'000'000};
            const auto count = std::min(stream.size() - at, wish[random.below(6)]);
            if (!client.send(ByteView(stream).subspan(at, count))) return;
            at += count;
        }
    });
    for (const auto& body : bodies) {
        const auto reply = client.read_frame();
        ASSERT_TRUE(reply.has_value());
        ASSERT_TRUE(std::ranges::equal(as_bytes(*reply), body));
    }
}

TEST(Connection, HandlerMayChangeTheFrameInPlace) {
    TestServer server({}, [](MutableBytes frame, ReplyTicket ticket) {
        std::ranges::reverse(frame);
        ticket.send(reply_with(as_text(frame)));
    });
    TestClient client(server.port());
    const auto two = framed("stressed");
    Body both = two;
    both.insert(both.end(), two.begin(), two.end());
    ASSERT_TRUE(client.send(both));
    EXPECT_EQ(client.read_frame(), "desserts");
    EXPECT_EQ(client.read_frame(), "desserts");
}

TEST(Connection, RepliesLeaveInOrderOfRequestsHoweverTheyAreGiven) {
    constexpr std::uint64_t kSeed = 4;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    SeededRandom random(kSeed);
    Parked parked;
    TestServer server({}, parked.handler());
    TestClient client(server.port());
    constexpr int kRequests = 16;
    for (int round = 0; round < 20; ++round) {
        std::vector<int> order(kRequests);
        for (int i = 0; i < kRequests; ++i) {
            ASSERT_TRUE(client.send_frame(numbered(i)));
            order[i] = i;
        }
        ASSERT_TRUE(eventually([&] { return parked.size() == kRequests; }));
        for (int i = kRequests - 1; i > 0; --i) {
            std::swap(order[i], order[random.below(static_cast<std::uint64_t>(i) + 1)]);
        }
        for (const int i : order) parked.take(numbered(i)).send(reply_with(numbered(i)));
        for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.read_frame(), numbered(i));
    }
}

TEST(Connection, RepliesOfManyThreadsStayInOrder) {
    Parked parked;
    TestServer server({}, parked.handler());
    TestClient client(server.port());
    constexpr int kRequests = 2000;
    std::jthread sender([&] {
        for (int i = 0; i < kRequests; ++i) client.send_frame(numbered(i));
    });
    std::atomic<bool> stop{false};
    std::vector<std::jthread> answering;
    for (int t = 0; t < 3; ++t) {
        answering.emplace_back([&, t] {
            SeededRandom random(static_cast<std::uint64_t>(t) + 1);
            while (!stop) {
                auto [body, ticket] = parked.take_any(random.next());
                if (ticket.pending()) ticket.send(reply_with(body));
            }
        });
    }
    for (int i = 0; i < kRequests; ++i) {
        const auto reply = client.read_frame();
        if (reply != numbered(i)) stop = true;
        ASSERT_EQ(reply, numbered(i));
    }
    stop = true;
}

TEST(Connection, RequestWithoutReplyLeavesNoGap) {
    TestServer server({}, [](MutableBytes frame, ReplyTicket ticket) {
        if (frame[0] == 's') {
            ticket.send_nothing();
        } else {
            ticket.send(reply_with(as_text(frame)));
        }
    });
    TestClient client(server.port());
    for (const auto* body : {"silent 1", "answer 1", "silent 2", "silent 3", "answer 2"}) {
        ASSERT_TRUE(client.send_frame(body));
    }
    EXPECT_EQ(client.read_frame(), "answer 1");
    EXPECT_EQ(client.read_frame(), "answer 2");
}

TEST(Connection, CloseWaitsForTheRepliesToEarlierRequestsAndIgnoresLaterOnes) {
    Parked parked;
    TestServer server({}, parked.handler());
    TestClient client(server.port());
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(client.send_frame(numbered(i)));
    ASSERT_TRUE(eventually([&] { return parked.size() == 4; }));
    parked.take(numbered(2)).close("the body does not parse");
    parked.take(numbered(3)).send(reply_with("never sent"));
    parked.take(numbered(1)).send(reply_with("one"));
    parked.take(numbered(0)).send(reply_with("zero"));
    EXPECT_EQ(client.read_frame(), "zero");
    EXPECT_EQ(client.read_frame(), "one");
    EXPECT_EQ(client.wait_for_end(), Ending::kEndOfStream);
    EXPECT_TRUE(eventually([&] { return server.closed_for(CloseReason::kHandler) == 1; }));
}

TEST(Connection, FramesBehindARefusedOneAreNotHandedUp) {
    TestServer server({}, [](MutableBytes, ReplyTicket ticket) { ticket.close("no"); });
    TestClient client(server.port());
    Body burst;
    for (int i = 0; i < 5; ++i) {
        const auto frame = framed(numbered(i));
        burst.insert(burst.end(), frame.begin(), frame.end());
    }
    ASSERT_TRUE(client.send(burst));
    EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
    EXPECT_EQ(server.sink().frames, 1);
    EXPECT_TRUE(eventually([&] { return server.sink().closed == 1; }));
}

TEST(Connection, TicketThatDiesUnansweredClosesItsConnection) {
    TestServer server(
        {}, [](MutableBytes, ReplyTicket ticket) { ReplyTicket dies(std::move(ticket)); });
    TestClient client(server.port());
    ASSERT_TRUE(client.send_frame("forget me"));
    EXPECT_EQ(client.wait_for_end(), Ending::kEndOfStream);
}

TEST(Connection, EndOfInputStillGetsTheRepliesInProgress) {
    Parked parked;
    TestServer server({}, parked.handler());
    TestClient client(server.port());
    ASSERT_TRUE(client.send_frame(numbered(0)));
    ASSERT_TRUE(client.send_frame(numbered(1)));
    client.end_input();
    ASSERT_TRUE(eventually([&] { return parked.size() == 2; }));
    parked.take(numbered(1)).send(reply_with("one"));
    parked.take(numbered(0)).send(reply_with("zero"));
    EXPECT_EQ(client.read_frame(), "zero");
    EXPECT_EQ(client.read_frame(), "one");
    EXPECT_EQ(client.wait_for_end(), Ending::kEndOfStream);
    EXPECT_TRUE(eventually([&] { return server.closed_for(CloseReason::kPeerClosed) == 1; }));
}

TEST(Connection, LateReplyToAClosedConnectionIsDropped) {
    Parked parked;
    TestServer server({}, parked.handler());
    {
        TestClient client(server.port());
        ASSERT_TRUE(client.send_frame(numbered(0)));
        ASSERT_TRUE(client.send_frame(numbered(1)));
        ASSERT_TRUE(eventually([&] { return parked.size() == 2; }));
        client.reset();
    }
    ASSERT_TRUE(eventually([&] { return server.sink().closed == 1; }));
    parked.take(numbered(1)).send(reply_with("nobody reads this"));
    parked.take(numbered(0)).mute_until(MonoTime::max());
    EXPECT_EQ(server.totals().connections, 0U);
}

TEST(Connection, TicketsMayOutliveTheServerAndItsReactors) {
    const SystemClock clock;
    Parked parked;
    {
        ReactorPool reactors(clock, 1);
        reactors.start();
        {
            TestSink sink;
            sink.handler = parked.handler();
            SocketServer server(reactors, sink, {});
            const auto port = server.listen({"PLAINTEXT", "127.0.0.1", 0});
            ASSERT_TRUE(port);
            TestClient client(*port);
            for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.send_frame(numbered(i)));
            ASSERT_TRUE(eventually([&] { return parked.size() == 5; }));
        }
        parked.take(numbered(0)).send(reply_with("too late"));
        ASSERT_TRUE(reactors.stop(10s));
        parked.take(numbered(1)).send(reply_with("much too late"));
    }
    parked.take(numbered(2)).send(reply_with("nobody is there"));
    auto last = parked.take(numbered(3));
    last.executor().post([] { FAIL(); });
    last.close("nobody is there");
}

TEST(Connection, CountsBytesAndRequests) {
    TestServer server;
    TestClient client(server.port());
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(client.send_frame("12345678"));
        ASSERT_EQ(client.read_frame(), "12345678");
    }
    const auto totals = server.totals();
    EXPECT_EQ(totals.accepted, 1U);
    EXPECT_EQ(totals.connections, 1U);
    EXPECT_EQ(totals.requests, 10U);
    EXPECT_EQ(totals.bytes_in, 120U);
    EXPECT_TRUE(eventually([&] { return server.totals().bytes_out == 120U; }));
}

}  // namespace
}  // namespace milena::net
