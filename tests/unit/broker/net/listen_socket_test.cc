#include "broker/net/listen_socket.h"

#include "tests/unit/broker/net/testing.h"

#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace milena::net {
namespace {

int option_of(int socket, int level, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    ::getsockopt(socket, level, name, &value, &length);
    return value;
}

TEST(ListenSocket, ReportsThePortThatTheKernelChose) {
    const auto socket = open_listen_socket({"PLAINTEXT", "127.0.0.1", 0}, {});
    ASSERT_TRUE(socket) << socket.error().detail;
    EXPECT_GT(socket->port, 0);
    EXPECT_EQ(option_of(socket->handle.get(), IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option_of(socket->handle.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
}

TEST(ListenSocket, ResolvesNames) {
    const auto socket = open_listen_socket({"PLAINTEXT", "localhost", 0}, {});
    ASSERT_TRUE(socket) << socket.error().detail;
    EXPECT_GT(socket->port, 0);
}

TEST(ListenSocket, ErrorSaysWhichListenerWhatWhyAndWhatToDo) {
    const auto first = open_listen_socket({"PLAINTEXT", "127.0.0.1", 0}, {});
    ASSERT_TRUE(first);
    struct Row {
        ListenEndpoint endpoint;
        std::string_view why;
        std::string_view advice;
    };
    for (const auto& row :
         {Row{{"CLIENT", "127.0.0.1", first->port}, "Address already in use", "another port"},
          Row{{"CLIENT", "192.0.2.1", 0},
              "Cannot assign requested address",
              "advertised.listeners"},
          Row{{"CLIENT", "no such host", 0}, "", "must resolve"}}) {
        const auto failed = open_listen_socket(row.endpoint, {});
        ASSERT_FALSE(failed);
        const auto& detail = failed.error().detail;
        EXPECT_NE(detail.find("CLIENT"), detail.npos) << detail;
        EXPECT_NE(detail.find(row.endpoint.host), detail.npos) << detail;
        EXPECT_NE(detail.find(row.why), detail.npos) << detail;
        EXPECT_NE(detail.find(row.advice), detail.npos) << detail;
    }
}

TEST(ListenSocket, EmptyHostTakesIpv4PeersUnderTheirPlainAddress) {
    testing::TestServer server;
    const auto port = server.server().listen({"ANY", "", 0});
    ASSERT_TRUE(port) << port.error().detail;
    testing::TestClient client(*port);
    ASSERT_TRUE(client.send_frame("who am I"));
    EXPECT_EQ(client.read_frame(), "who am I");
    EXPECT_EQ(server.sink().last_peer().address, "127.0.0.1");
    EXPECT_EQ(server.sink().last_peer().listener, "ANY");
}

}  // namespace
}  // namespace milena::net
