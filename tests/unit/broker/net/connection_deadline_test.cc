// Deadlines: idle, first byte, progress. Each is tiny here; the others are out of the way.
#include "tests/unit/broker/net/testing.h"

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace testing;

TEST(ConnectionDeadline, ConnectionThatNeverSendsAByteIsClosed) {
    NetSettings settings;
    settings.first_byte_deadline = Millis{100};
    TestServer server(settings);
    TestClient silent(server.port());
    EXPECT_EQ(silent.wait_for_end(), Ending::kEndOfStream);
    EXPECT_EQ(server.closed_for(CloseReason::kFirstByteDeadline), 1U);
}

TEST(ConnectionDeadline, IdleConnectionIsClosedAndABusyOneIsNot) {
    NetSettings settings;
    settings.idle_max = Millis{300};
    TestServer server(settings);
    TestClient idle(server.port());
    TestClient busy(server.port());
    ASSERT_TRUE(idle.send_frame("only once"));
    ASSERT_EQ(idle.read_frame(), "only once");
    std::atomic<bool> stop{false};
    std::jthread keeping_busy([&] {
        while (!stop) {
            if (!busy.send_frame("still here") || busy.read_frame() != "still here") return;
            pace(10ms);
        }
    });
    EXPECT_EQ(idle.wait_for_end(), Ending::kEndOfStream);
    stop = true;
    keeping_busy.join();
    EXPECT_EQ(server.closed_for(CloseReason::kIdle), 1U);
    ASSERT_TRUE(busy.send_frame("still here"));
    EXPECT_EQ(busy.read_frame(), "still here");
}

TEST(ConnectionDeadline, ParkedRequestIsNotIdle) {
    NetSettings settings;
    settings.idle_max = Millis{100};
    TestServer server(settings, [](MutableBytes, ReplyTicket ticket) {
        auto& executor = ticket.executor();
        executor.call_at(executor.now() + 600ms, [ticket = std::move(ticket)]() mutable {
            ticket.send(reply_with("a long poll ends"));
        });
    });
    TestClient client(server.port());
    ASSERT_TRUE(client.send_frame("a long poll"));
    EXPECT_EQ(client.read_frame(), "a long poll ends");
}

TEST(ConnectionDeadline, FrameThatMakesNoProgressIsClosed) {
    struct Row {
        const char* name;
        Body start;
        bool trickle;
    };
    const Row rows[] = {
        {"a claim of 100 MiB, then silence", {0x06, 0x40, 0x00, 0x00}, false},
        {"half a length", {0x00, 0x00}, false},
        {"a byte now and then", {0x00, 0x00, 0x10, 0x00}, true},
        {"a large frame, a byte now and then", {0x00, 0x40, 0x00, 0x00}, true},
    };
    NetSettings settings;
    settings.progress_window = Millis{100};
    settings.progress_deadline = Millis{300};
    settings.progress_bytes_per_second = 1000;
    TestServer server(settings);
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        const auto before = server.closed_for(CloseReason::kProgressDeadline);
        TestClient client(server.port());
        ASSERT_TRUE(client.send(row.start));
        std::jthread trickling([&](std::stop_token stop) {
            const std::uint8_t byte = 0;
            while (row.trickle && !stop.stop_requested() && client.send({&byte, 1})) {
                pace(20ms);
            }
        });
        EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
        EXPECT_EQ(server.closed_for(CloseReason::kProgressDeadline), before + 1);
    }
}

TEST(ConnectionDeadline, SlowFrameWithProgressIsServed) {
    NetSettings settings;
    settings.progress_window = Millis{100};
    settings.progress_deadline = Millis{300};
    settings.progress_bytes_per_second = 1000;
    TestServer server(settings);
    TestClient client(server.port());
    const auto frame = framed(std::string(30'000, 's'));
    // Ten times the least rate, for longer than the deadline.
    for (std::size_t at = 0; at < frame.size(); at += 500) {
        ASSERT_TRUE(client.send(
            ByteView(frame).subspan(at, std::min<std::size_t>(500, frame.size() - at))));
        pace(15ms);
    }
    EXPECT_EQ(client.read_frame(), std::string(30'000, 's'));
}

TEST(ConnectionDeadline, PeerIsNotBlamedForTheTimeThatWeDoNotRead) {
    NetSettings settings;
    settings.progress_window = Millis{50};
    settings.progress_deadline = Millis{150};
    settings.progress_bytes_per_second = 1000;
    settings.pipelined_requests_max = 1;
    TestServer server(settings, [](MutableBytes frame, ReplyTicket ticket) {
        auto& executor = ticket.executor();
        executor.call_at(executor.now() + 600ms,
                         [ticket = std::move(ticket), text = text_of(frame)]() mutable {
                             ticket.send(reply_with(text));
                         });
    });
    TestClient client(server.port());
    // The second frame is half there while the first occupies the window.
    const auto second = framed("second frame");
    auto both = framed("first frame");
    both.insert(both.end(), second.begin(), second.begin() + 6);
    ASSERT_TRUE(client.send(both));
    ASSERT_EQ(client.read_frame(), "first frame");
    ASSERT_TRUE(client.send(ByteView(second).subspan(6)));
    EXPECT_EQ(client.read_frame(), "second frame");
}

}  // namespace
}  // namespace milena::net
