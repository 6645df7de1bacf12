#include "tests/unit/broker/net/testing.h"

#include <deque>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace testing;

TEST(Connection, AnswersAFrame) {
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

}  // namespace
}  // namespace milena::net
