// Bounds on what one connection can make us hold: the window, the backlog, slow readers, throttles.
#include "broker/net/kernel_random.h"
#include "tests/unit/broker/net/testing.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace milena::net {
namespace {

using namespace testing;

Body pipelined(int frames, std::string_view body) {
    Body stream;
    const auto frame = framed(body);
    for (int i = 0; i < frames; ++i) stream.insert(stream.end(), frame.begin(), frame.end());
    return stream;
}

TEST(ConnectionFlow, ThousandPipelinedRequestsNeverHaveMoreThanTheWindowInProgress) {
    std::mutex mutex;
    std::deque<ReplyTicket> tickets;
    std::atomic<std::size_t> most{0};
    TestServer server({}, [&](MutableBytes, ReplyTicket ticket) {
        const std::lock_guard lock(mutex);
        tickets.push_back(std::move(ticket));
        most = std::max(most.load(), tickets.size());
    });
    TestClient client(server.port());
    constexpr int kRequests = 1000;
    ASSERT_TRUE(client.send(pipelined(kRequests, "in a row")));
    // Nothing is answered until the window is full.
    ASSERT_TRUE(eventually([&] { return most == 16; }));
    std::atomic<bool> stop{false};
    std::jthread answering([&] {
        SeededRandom random(1);
        while (!stop) {
            const std::lock_guard lock(mutex);
            if (tickets.empty()) continue;
            const auto at = static_cast<std::ptrdiff_t>(random.below(tickets.size()));
            auto ticket = std::move(tickets[static_cast<std::size_t>(at)]);
            tickets.erase(tickets.begin() + at);
            ticket.send(reply_with("answered"));
        }
    });
    for (int i = 0; i < kRequests; ++i) {
        const auto reply = client.read_frame();
        if (!reply) stop = true;
        ASSERT_EQ(reply, "answered");
    }
    stop = true;
    EXPECT_EQ(most, 16U) << "the window is used, and never exceeded";
    EXPECT_GT(server.totals().reads_muted, 0U);
}

TEST(ConnectionFlow, WindowOfOneServesOneRequestAtATime) {
    NetSettings settings;
    settings.pipelined_requests_max = 1;
    std::atomic<int> in_progress{0};
    std::atomic<int> most{0};
    TestServer server(settings, [&](MutableBytes, ReplyTicket ticket) {
        most = std::max(most.load(), ++in_progress);
        auto& executor = ticket.executor();
        executor.post([&, ticket = std::move(ticket)]() mutable {
            --in_progress;
            ticket.send(reply_with("answered"));
        });
    });
    TestClient client(server.port());
    ASSERT_TRUE(client.send(pipelined(200, "in a row")));
    for (int i = 0; i < 200; ++i) ASSERT_EQ(client.read_frame(), "answered");
    EXPECT_EQ(most, 1);
}

TEST(ConnectionFlow, TinyPipelinedFramesAnsweredAtOnceAllComeBack) {
    TestServer server;
    TestClient client(server.port());
    constexpr int kRequests = 50'000;
    std::jthread sender([&] { client.send(pipelined(kRequests, "tiny one")); });
    for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.read_frame(), "tiny one");
}

TEST(ConnectionFlow, PeerThatDoesNotReadIsMutedThenClosedAndItsMemoryIsBounded) {
    NetSettings settings;
    settings.drain_deadline = Millis{300};
    settings.reply_backlog_max = 256 * 1024;
    TestServer server(settings,
                      [](MutableBytes, ReplyTicket ticket) { ticket.send({Body(64 * 1024), {}}); });
    TestClient client(server.port(), 4096);
    const auto before = resident_bytes();
    // A gigabyte of replies asked for: 16,384 requests of 64 KiB each.
    const auto requests = pipelined(16'384, "more, more");
    std::size_t sent = 0;
    ASSERT_TRUE(eventually([&] {
        if (sent < requests.size()) sent += client.send_some(ByteView(requests).subspan(sent));
        return server.closed_for(CloseReason::kDrainDeadline) == 1;
    }));
    EXPECT_LT(server.sink().frames, 100) << "muted long before it had asked for everything";
    if (!kSanitized) {
        EXPECT_LT(resident_bytes() - before, 16U * 1024 * 1024);
    }
    EXPECT_TRUE(eventually([&] { return server.sink().closed == 1; }));
}

TEST(ConnectionFlow, SlowReaderIsServedAsLongAsItReads) {
    NetSettings settings;
    settings.drain_deadline = Millis{500};
    TestServer server(settings, [](MutableBytes, ReplyTicket ticket) {
        ticket.send(reply_with(std::string(200'000, 'r')));
    });
    TestClient client(server.port(), 4096);
    ASSERT_TRUE(client.send(pipelined(20, "a lot, please")));
    // Reads in small bites for longer than the deadline.
    const auto until = std::chrono::steady_clock::now() + 1500ms;
    std::size_t got = 0;
    while (std::chrono::steady_clock::now() < until) {
        got += client.read_bytes(2000).size();
        pace(5ms);
    }
    got += client.read_bytes(20 * 200'004 - got).size();
    EXPECT_EQ(got, 20U * 200'004U);
    EXPECT_EQ(server.closed_for(CloseReason::kDrainDeadline), 0U);
}

TEST(ConnectionFlow, RequestsOfOthersAreServedWhileOneWaits) {
    std::mutex mutex;
    std::vector<ReplyTicket> stuck;
    TestServer server(
        {},
        [&](MutableBytes frame, ReplyTicket ticket) {
            if (frame[0] == 'w') {
                const std::lock_guard lock(mutex);
                stuck.push_back(std::move(ticket));
                return;
            }
            ticket.send(reply_with(as_text(frame)));
        },
        1);
    TestClient waiting(server.port());
    ASSERT_TRUE(waiting.send(pipelined(40, "wait for me")));
    TestClient other(server.port());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(other.send_frame("me first"));
        ASSERT_EQ(other.read_frame(), "me first");
    }
    const std::lock_guard lock(mutex);
    EXPECT_EQ(stuck.size(), 16U);
    for (auto& ticket : stuck) ticket.send(reply_with("now you"));
}

TEST(ConnectionFlow, ThrottledConnectionGetsItsReplyAtOnceAndIsReadLater) {
    constexpr auto kThrottle = 300ms;
    std::atomic<int> frames{0};
    TestServer server({}, [&](MutableBytes frame, ReplyTicket ticket) {
        if (++frames == 1) ticket.mute_until(ticket.executor().now() + kThrottle);
        ticket.send(reply_with(as_text(frame)));
    });
    TestClient client(server.port());
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(client.send(pipelined(3, "too many")));
    ASSERT_EQ(client.read_frame(), "too many");
    const auto first = std::chrono::steady_clock::now() - start;
    ASSERT_EQ(client.read_frame(), "too many");
    const auto second = std::chrono::steady_clock::now() - start;
    ASSERT_EQ(client.read_frame(), "too many");
    EXPECT_GE(second, kThrottle);
    EXPECT_LT(first, second);
}

TEST(ConnectionFlow, ThrottledConnectionIsNotTakenForIdle) {
    NetSettings settings;
    settings.idle_max = Millis{100};
    TestServer server(settings, [&](MutableBytes frame, ReplyTicket ticket) {
        ticket.mute_until(ticket.executor().now() + 500ms);
        ticket.send(reply_with(as_text(frame)));
    });
    TestClient client(server.port());
    ASSERT_TRUE(client.send(pipelined(2, "too many")));
    ASSERT_EQ(client.read_frame(), "too many");
    EXPECT_EQ(client.read_frame(), "too many");
}

// A file of random bytes, gone when the test is over.
class RandomFile final : public SliceSource {
  public:
    explicit RandomFile(std::size_t size) : content_(size) {
        SeededRandom random(11);
        for (auto& byte : content_) byte = static_cast<std::uint8_t>(random.next());
        std::string path = "/tmp/milena-net-test-XXXXXX";
        file_ = UniqueFd(::mkstemp(path.data()));
        ::unlink(path.c_str());
        std::size_t at = 0;
        while (at < size) {
            const auto written = ::write(file_.get(), content_.data() + at, size - at);
            if (written <= 0) std::abort();
            at += static_cast<std::size_t>(written);
        }
    }
    int native_handle() const override { return file_.get(); }
    std::int64_t read_some(std::uint64_t position, MutableBytes into) const override {
        const auto got =
            ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(position));
        return got >= 0 ? got : -errno;
    }
    const Body& content() const { return content_; }

  private:
    Body content_;
    UniqueFd file_;
};

TEST(ConnectionFlow, FileRangesArriveWholeThroughASmallSocketBuffer) {
    constexpr std::size_t kSize = 3'000'000;
    const auto file = std::make_shared<RandomFile>(kSize);
    NetSettings settings;
    settings.send_buffer_bytes = 8 * 1024;
    SeededRandom random(3);
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    for (int i = 0; i < 200; ++i) {
        const auto length = random.below(i % 10 == 0 ? 500'000 : 40'000);
        ranges.emplace_back(random.below(kSize - length), length);
    }
    TestServer server(settings, [&](MutableBytes, ReplyTicket ticket) {
        OutFrame frame;
        frame.bytes.assign(4, 0);
        for (const auto& [position, length] : ranges) {
            frame.splices.push_back({frame.bytes.size(), {file, position, length}});
            frame.bytes.insert(frame.bytes.end(), 30, '-');
        }
        store_be(frame.bytes.data(), static_cast<std::int32_t>(frame.size() - 4));
        ticket.send(std::move(frame));
    });
    TestClient client(server.port(), 16 * 1024);
    ASSERT_TRUE(client.send(pipelined(2, "all of it")));
    for (int round = 0; round < 2; ++round) {
        const auto reply = client.read_frame();
        ASSERT_TRUE(reply);
        std::size_t at = 0;
        for (const auto& [position, length] : ranges) {
            ASSERT_TRUE(std::equal(
                reply->begin() + static_cast<std::ptrdiff_t>(at),
                reply->begin() + static_cast<std::ptrdiff_t>(at + length),
                file->content().begin() + static_cast<std::ptrdiff_t>(position),
                [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }));
            at += length;
            ASSERT_EQ(reply->substr(at, 30), std::string(30, '-'));
            at += 30;
        }
        ASSERT_EQ(at, reply->size());
    }
    EXPECT_EQ(file.use_count(), 1) << "what was sent is let go";
}

TEST(ConnectionFlow, FileThatIsTooShortClosesTheConnectionInsteadOfBreakingTheStream) {
    const auto file = std::make_shared<RandomFile>(50'000);
    TestServer server({}, [&](MutableBytes, ReplyTicket ticket) {
        ticket.send({Body(4), {{4, {file, 0, 100'000}}}});
    });
    TestClient client(server.port());
    ASSERT_TRUE(client.send_frame("all of it"));
    EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
    EXPECT_TRUE(eventually([&] { return server.closed_for(CloseReason::kReplyBroken) == 1; }));
}

TEST(ConnectionFlow, PeerThatResetsDuringAFileRangeReleasesTheFile) {
    const auto file = std::make_shared<RandomFile>(3'000'000);
    TestServer server({}, [&](MutableBytes, ReplyTicket ticket) {
        ticket.send({Body(4), {{4, {file, 0, 3'000'000}}}});
    });
    {
        TestClient client(server.port(), 4096);
        ASSERT_TRUE(client.send(pipelined(5, "all of it")));
        ASSERT_EQ(client.read_bytes(10'000).size(), 10'000U);
        client.reset();
    }
    EXPECT_TRUE(eventually([&] { return server.closed_for(CloseReason::kPeerReset) == 1; }));
    EXPECT_TRUE(eventually([&] { return file.use_count() == 1; }));
}

}  // namespace
}  // namespace milena::net
