// Limits on connections, and the orderly end of all of them.
#include "broker/net/socket_server.h"

#include "tests/unit/broker/net/testing.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace milena::net {
namespace {

using namespace testing;

bool answers(TestClient& client) {
    return client.send_frame("are you there?") && client.read_frame() == "are you there?";
}

TEST(SocketServer, SpreadsConnectionsEvenlyOverReactors) {
    std::mutex mutex;
    std::map<Executor*, int> per_reactor;
    TestServer server(
        {},
        [&](MutableBytes frame, ReplyTicket ticket) {
            {
                const std::lock_guard lock(mutex);
                ++per_reactor[&ticket.executor()];
            }
            ticket.send(reply_with(as_text(frame)));
        },
        4);
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 12; ++i) {
        clients.push_back(std::make_unique<TestClient>(server.port()));
        ASSERT_TRUE(answers(*clients.back()));
    }
    EXPECT_EQ(per_reactor.size(), 4U);
    for (const auto& [reactor, count] : per_reactor) EXPECT_EQ(count, 3);
}

TEST(SocketServer, ConnectionsAboveTheLimitWaitUntilOneCloses) {
    NetSettings settings;
    settings.connections_max = 3;
    TestServer server(settings);
    std::deque<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<TestClient>(server.port()));
        ASSERT_TRUE(answers(*clients.back()));
    }
    // The kernel takes the connection; the broker does not, until one of the others goes.
    TestClient waiting(server.port());
    ASSERT_TRUE(waiting.send_frame("are you there?"));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(answers(*clients[0]));
    EXPECT_EQ(server.totals().accepted, 3U);
    clients.pop_back();
    EXPECT_EQ(waiting.read_frame(), "are you there?");
    EXPECT_EQ(server.totals().accepted, 4U);
    // And with a larger limit at once.
    TestClient next(server.port());
    ASSERT_TRUE(next.send_frame("are you there?"));
    server.server().limits().update({10, 10, {}});
    EXPECT_EQ(next.read_frame(), "are you there?");
}

TEST(SocketServer, AddressAboveItsLimitIsClosedAtOnceAndOthersAreNot) {
    NetSettings settings;
    settings.connections_per_ip_max = 1000;
    settings.connections_per_ip_overrides = {{"127.0.0.1", 2}};
    TestServer server(settings);
    auto first = std::make_unique<TestClient>(server.port());
    TestClient second(server.port());
    ASSERT_TRUE(answers(*first));
    ASSERT_TRUE(answers(second));
    TestClient third(server.port());
    EXPECT_NE(third.wait_for_end(), Ending::kStillOpen);
    EXPECT_EQ(server.closed_for(CloseReason::kAddressLimit), 1U);
    ASSERT_TRUE(answers(second));
    first.reset();
    ASSERT_TRUE(eventually([&] { return server.totals().connections == 1; }));
    TestClient fourth(server.port());
    EXPECT_TRUE(answers(fourth));
}

TEST(SocketServer, OutOfDescriptorsItPausesAndGoesOnWhenThereAreSome) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "UBSan opens a pipe to check a virtual call, and finds no descriptor either";
#endif
    TestServer server({}, {}, 1);
    TestClient early(server.port());
    ASSERT_TRUE(answers(early));
    TestClient late(server.port());  // in the kernel's backlog before we take the descriptors away
    ASSERT_TRUE(answers(late));
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto allowed = limit.rlim_cur;
    // One descriptor for the client's end, none for the server's.
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    limit.rlim_cur = static_cast<rlim_t>(next) + 1;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    auto waiting = std::make_unique<TestClient>(server.port());
    EXPECT_TRUE(waiting->send_frame("are you there?"));
    EXPECT_TRUE(eventually([&] { return server.totals().accept_errors >= 2; }));
    EXPECT_TRUE(answers(early)) << "nobody else notices";
    const auto tried = server.totals().accept_errors;
    EXPECT_LT(tried, 20U) << "it does not spin";
    limit.rlim_cur = allowed;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(waiting->read_frame(), "are you there?");
}

TEST(SocketServer, ListensOnSeveralEndpoints) {
    TestServer server;
    const auto second = server.server().listen({"SECOND", "127.0.0.1", 0});
    ASSERT_TRUE(second);
    EXPECT_NE(*second, server.port());
    TestClient client(*second);
    ASSERT_TRUE(answers(client));
    EXPECT_EQ(server.sink().last_peer().listener, "SECOND");
}

TEST(SocketServer, StopLetsRequestsInProgressBeAnsweredAndTakesNoMore) {
    std::mutex mutex;
    std::vector<ReplyTicket> tickets;
    TestServer server({}, [&](MutableBytes, ReplyTicket ticket) {
        const std::lock_guard lock(mutex);
        tickets.push_back(std::move(ticket));
    });
    TestClient busy(server.port());
    TestClient idle(server.port());
    ASSERT_TRUE(busy.send_frame("the last one"));
    ASSERT_TRUE(
        eventually([&] { return server.sink().frames == 1 && server.totals().connections == 2; }));
    std::jthread stopping([&] { server.server().stop(Millis{20'000}); });
    EXPECT_EQ(idle.wait_for_end(), Ending::kEndOfStream);
    busy.send_frame("after the last one");
    {
        const std::lock_guard lock(mutex);
        ASSERT_EQ(tickets.size(), 1U);
        tickets[0].send(reply_with("answered in time"));
    }
    EXPECT_EQ(busy.read_frame(), "answered in time");
    EXPECT_NE(busy.wait_for_end(), Ending::kStillOpen);
    stopping.join();
    EXPECT_EQ(server.sink().frames, 1);
    EXPECT_EQ(server.sink().closed, 2);
    EXPECT_EQ(server.closed_for(CloseReason::kStopping), 2U);
}

TEST(SocketServer, StopDoesNotWaitForRequestsBeyondItsDeadline) {
    std::mutex mutex;
    std::vector<ReplyTicket> tickets;
    TestServer server({}, [&](MutableBytes, ReplyTicket ticket) {
        const std::lock_guard lock(mutex);
        tickets.push_back(std::move(ticket));
    });
    TestClient client(server.port());
    ASSERT_TRUE(client.send_frame("never answered"));
    ASSERT_TRUE(eventually([&] { return server.sink().frames == 1; }));
    server.server().stop(Millis{50});
    EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
    EXPECT_EQ(server.sink().closed, 1);
}

TEST(SocketServer, StopsUnderLoadWithinFiveSeconds) {
    TestServer server({}, [](MutableBytes frame, ReplyTicket ticket) {
        // Half of them at once, half a little later.
        if (frame[0] == 'n') {
            ticket.send(reply_with(as_text(frame)));
            return;
        }
        auto& executor = ticket.executor();
        executor.call_at(executor.now() + 2ms, [ticket = std::move(ticket)]() mutable {
            ticket.send(reply_with("later, then"));
        });
    });
    std::atomic<bool> stop{false};
    std::atomic<int> answered{0};
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&, i] {
            TestClient client(server.port());
            const auto frame = framed(i % 2 == 0 ? "now, please" : "later, then");
            Body burst;
            for (int n = 0; n < 5; ++n) burst.insert(burst.end(), frame.begin(), frame.end());
            while (!stop && client.send(burst)) {
                for (int n = 0; n < 5; ++n) {
                    if (!client.read_frame()) return;
                    ++answered;
                }
            }
        });
    }
    ASSERT_TRUE(eventually([&] { return answered > 2000; }));
    const auto start = std::chrono::steady_clock::now();
    server.server().stop(Millis{2000});
    EXPECT_TRUE(server.reactors().stop(Millis{2000}));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    stop = true;
    clients.clear();
    EXPECT_EQ(server.totals().connections, 0U);
    EXPECT_EQ(server.sink().opened, server.sink().closed);
}

TEST(SocketServer, StartsAndStopsWithoutEverHearingFromAnybody) {
    const SystemClock clock;
    ReactorPool reactors(clock, 2);
    TestSink sink;
    {
        SocketServer never_started(reactors, sink, {});
        ASSERT_TRUE(never_started.listen({"PLAINTEXT", "127.0.0.1", 0}));
    }
    reactors.start();
    {
        SocketServer server(reactors, sink, {});
        ASSERT_TRUE(server.listen({"PLAINTEXT", "127.0.0.1", 0}));
        server.stop(Millis{1000});
        server.stop(Millis{1000});
    }
    EXPECT_TRUE(reactors.stop(10s));
}

}  // namespace
}  // namespace milena::net
