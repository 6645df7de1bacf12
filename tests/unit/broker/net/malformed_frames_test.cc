// Bad input below the level of requests: what each does to its connection, and that neither memory
// nor other connections suffer. The rows are those of the project's catalogue of malformed input,
// "framing".
#include "tests/unit/broker/net/testing.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace testing;
using namespace std::string_view_literals;

enum class Afterwards : std::uint8_t { kSilence, kEndOfInput, kReset };

struct Row {
    const char* name;
    std::string_view bytes;
    Afterwards afterwards;
    CloseReason closed;
};

const Row kRows[] = {
    {"length -1", "\xff\xff\xff\xff"sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length INT32_MIN", "\x80\x00\x00\x00"sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length 0", "\x00\x00\x00\x00"sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length 1", "\x00\x00\x00\x01x"sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length 7", "\x00\x00\x00\x07seven.."sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length 100 MiB + 1", "\x06\x40\x00\x01"sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length INT32_MAX", "\x7f\xff\xff\xff"sv, Afterwards::kSilence, CloseReason::kFrameLength},
    {"length 100 MiB, then silence", "\x06\x40\x00\x00"sv, Afterwards::kSilence,
     CloseReason::kProgressDeadline},
    {"length 100 MiB and some bytes, then silence", "\x06\x40\x00\x00some bytes"sv,
     Afterwards::kSilence, CloseReason::kProgressDeadline},
    {"HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"sv, Afterwards::kSilence,
     CloseReason::kFrameLength},
    {"TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, Afterwards::kSilence,
     CloseReason::kFrameLength},
    {"end of stream before a byte", ""sv, Afterwards::kEndOfInput, CloseReason::kPeerClosed},
    {"end of stream in the length", "\x00\x00"sv, Afterwards::kEndOfInput,
     CloseReason::kPeerClosedInFrame},
    {"end of stream in the frame", "\x00\x00\x00\x20half"sv, Afterwards::kEndOfInput,
     CloseReason::kPeerClosedInFrame},
    {"reset in the frame", "\x00\x00\x00\x20half"sv, Afterwards::kReset, CloseReason::kPeerReset},
};

NetSettings quick() {
    NetSettings settings;
    settings.progress_window = Millis{50};
    settings.progress_deadline = Millis{150};
    return settings;
}

TEST(MalformedFrames, EachIsClosedForItsReasonAndLeavesNothingBehind) {
    TestServer server(quick());
    TestClient well(server.port());
    for (int round = 0; round < 2; ++round) {
        for (const auto& row : kRows) {
            SCOPED_TRACE(row.name);
            const auto before = server.totals();
            const auto resident = resident_bytes();
            TestClient bad(server.port());
            ASSERT_TRUE(eventually([&] { return server.totals().connections == 2; }));
            ASSERT_TRUE(bad.send(as_bytes(row.bytes)));
            ASSERT_TRUE(eventually([&] {
                return server.totals().bytes_in >=
                           before.bytes_in + std::min<std::size_t>(row.bytes.size(), 4) ||
                       server.closed_for(row.closed) > before.closed_for(row.closed);
            }));
            if (row.afterwards == Afterwards::kEndOfInput) bad.end_input();
            if (row.afterwards == Afterwards::kReset) {
                bad.reset();
            } else {
                EXPECT_NE(bad.wait_for_end(), Ending::kStillOpen);
            }
            EXPECT_TRUE(eventually([&] {
                return server.closed_for(row.closed) == before.closed_for(row.closed) + 1;
            }));
            EXPECT_TRUE(eventually([&] { return server.totals().connections == 1; }));
            EXPECT_EQ(server.totals().requests, before.requests) << "nothing went up";
            if (round > 0 && !kSanitized) {
                EXPECT_LT(resident_bytes(), resident + 64 * 1024);
            }
            ASSERT_TRUE(well.send_frame("and we go on"));
            ASSERT_EQ(well.read_frame(), "and we go on");
        }
    }
}

TEST(MalformedFrames, GoodFramesBeforeABadOneAreAnswered) {
    TestServer server;
    TestClient client(server.port());
    auto bytes = framed("first frame");
    const auto second = framed("second frame");
    bytes.insert(bytes.end(), second.begin(), second.end());
    bytes.insert(bytes.end(), {0xff, 0xff, 0xff, 0xff, 1, 2, 3});
    ASSERT_TRUE(client.send(bytes));
    EXPECT_EQ(client.read_frame(), "first frame");
    EXPECT_EQ(client.read_frame(), "second frame");
    EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
    EXPECT_EQ(server.sink().frames, 2);
}

TEST(MalformedFrames, LimitIsASetting) {
    NetSettings settings;
    settings.request_bytes_max = 100;
    TestServer server(settings);
    TestClient exact(server.port());
    ASSERT_TRUE(exact.send_frame(std::string(100, 'x')));
    EXPECT_EQ(exact.read_frame(), std::string(100, 'x'));
    TestClient above(server.port());
    ASSERT_TRUE(above.send_frame(std::string(101, 'x')));
    EXPECT_NE(above.wait_for_end(), Ending::kStillOpen);
    EXPECT_EQ(server.closed_for(CloseReason::kFrameLength), 1U);
}

TEST(MalformedFrames, HttpAndTlsAreHintedAtInTheLogOncePerSecondAndAddress) {
    TestServer server;
    ::testing::internal::CaptureStderr();
    for (int i = 0; i < 20; ++i) {
        TestClient client(server.port());
        ASSERT_TRUE(client.send(as_bytes("GET / HTTP/1.1\r\n\r\n")));
        EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
    }
    const auto log = ::testing::internal::GetCapturedStderr();
    const auto lines = static_cast<std::size_t>(std::ranges::count(log, '\n'));
    EXPECT_NE(log.find("frame_refused"), log.npos);
    EXPECT_NE(log.find("this looks like HTTP"), log.npos) << log;
    EXPECT_NE(log.find("127.0.0.1"), log.npos);
    // A line per reactor and second, and the test may cross one of those.
    EXPECT_LE(lines, 4U) << log;
}

TEST(MalformedFrames, PlaintextFloodOfTinyFramesIsServed) {
    TestServer server;
    TestClient client(server.port());
    const auto frame = framed("tiny one");
    Body burst;
    for (int i = 0; i < 10'000; ++i) burst.insert(burst.end(), frame.begin(), frame.end());
    std::jthread sender([&] { client.send(burst); });
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(client.read_frame(), "tiny one");
}

}  // namespace
}  // namespace milena::net
