#include "broker/http/http_server.h"

#include "broker/http/metrics_site.h"
#include "tests/unit/broker/net/testing.h"

#include <vector>

#include <gtest/gtest.h>

namespace milena::http {
namespace {

using net::testing::Ending;
using net::testing::TestClient;

struct HttpServerTest : testing::Test {
    void serve(Handler handler, Limits limits = {}) {
        auto made = HttpServer::listen(reactors[0], {"metrics", "127.0.0.1", 0}, std::move(handler),
                                       limits);
        ASSERT_TRUE(made) << made.error().detail;
        server = std::move(*made);
        reactors.start();
    }
    void serve_metrics() {
        registry.add(telemetry::Kind::gauge, "answer", "Of everything", [] { return 42; });
        serve(metrics_site({registry, [this] { return serving; }, [](net::Task task) { task(); }}));
    }
    // Everything that comes until the server closes.
    std::string talk(std::string_view request) {
        TestClient client(server->port());
        client.send(as_bytes(request));
        return net::testing::text_of(client.read_bytes(1 << 20));
    }
    std::string get(std::string_view path) {
        return talk("GET " + std::string(path) +
                    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    static std::string first_line(const std::string& text) {
        return text.substr(0, text.find("\r\n"));
    }
    static std::string body(const std::string& text) {
        const auto at = text.find("\r\n\r\n");
        return at == std::string::npos ? "" : text.substr(at + 4);
    }

    net::SystemClock clock;
    telemetry::Registry registry;
    bool serving = true;
    net::ReactorPool reactors{clock, 1};
    std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, ShowsMetricsAndHealth) {
    serve_metrics();
    const auto metrics = get("/metrics?name=answer");
    EXPECT_EQ(first_line(metrics), "HTTP/1.1 200 OK");
    EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
              std::string::npos)
        << metrics;
    EXPECT_EQ(body(metrics), "# HELP answer Of everything\n# TYPE answer gauge\nanswer 42\n");
    EXPECT_EQ(body(get("/healthz")), "ok\n");
    serving = false;
    EXPECT_EQ(first_line(get("/healthz")), "HTTP/1.1 503 Service Unavailable");
}

TEST_F(HttpServerTest, RefusesWhatItDoesNotServe) {
    serve_metrics();
    EXPECT_EQ(first_line(get("/")), "HTTP/1.1 404 Not Found");
    EXPECT_EQ(first_line(talk("DELETE /metrics HTTP/1.1\r\nConnection: close\r\n\r\n")),
              "HTTP/1.1 405 Method Not Allowed");
    EXPECT_EQ(first_line(talk("POST /metrics HTTP/1.1\r\nContent-Length: 9999\r\n\r\n")),
              "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(first_line(talk("\x16\x03\x01 this is no HTTP\r\n\r\n")), "HTTP/1.1 400 Bad Request");
    const std::string long_head(20'000, 'a');
    EXPECT_EQ(first_line(talk("GET / HTTP/1.1\r\nX: " + long_head + "\r\n\r\n")).find("200"),
              std::string::npos);
}

TEST_F(HttpServerTest, AnswersHeadWithoutABodyAndKeepsTheConnection) {
    serve_metrics();
    const auto text = talk(
        "HEAD /healthz HTTP/1.1\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    const auto second = text.find("HTTP/1.1 200 OK", 1);
    ASSERT_NE(second, std::string::npos) << text;
    EXPECT_TRUE(text.substr(0, second).ends_with("\r\n\r\n")) << text;
    EXPECT_NE(text.substr(0, second).find("Content-Length: 3"), std::string::npos);
    EXPECT_EQ(body(text.substr(second)), "ok\n");
}

TEST_F(HttpServerTest, ClosesConnectionsAboveTheLimitAtOnce) {
    serve([](const Request&, Respond respond) { respond({200, "text/plain", "here"}); },
          {2, std::chrono::seconds(10)});
    TestClient first(server->port());
    TestClient second(server->port());
    const std::string ask = "GET / HTTP/1.1\r\n\r\n";
    for (auto* client : {&first, &second}) {
        client->send(as_bytes(ask));
        EXPECT_EQ(net::testing::text_of(client->read_bytes(15)), "HTTP/1.1 200 OK");
    }
    TestClient third(server->port());
    EXPECT_NE(third.wait_for_end(), Ending::kStillOpen);
}

TEST_F(HttpServerTest, ASlowRequestIsCutOff) {
    serve([](const Request&, Respond respond) { respond({}); }, {4, std::chrono::seconds(1)});
    TestClient slow(server->port());
    slow.send(as_bytes("GET / HT"));
    EXPECT_NE(slow.wait_for_end(), Ending::kStillOpen);
}

TEST_F(HttpServerTest, AnAnswerMayComeFromAnotherThread) {
    std::vector<std::thread> threads;
    serve([&](const Request& request, Respond respond) {
        threads.emplace_back([path = request.path, respond = std::move(respond)]() mutable {
            respond({200, "text/plain", path});
        });
    });
    EXPECT_EQ(body(get("/somewhere")), "/somewhere");
    for (auto& thread : threads) thread.join();
}

TEST_F(HttpServerTest, StopClosesWhatIsOpen) {
    serve([](const Request&, Respond respond) { respond({200, "text/plain", "here"}); });
    TestClient client(server->port());
    client.send(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(net::testing::text_of(client.read_bytes(15)), "HTTP/1.1 200 OK");
    server->stop();
    EXPECT_NE(client.wait_for_end(), Ending::kStillOpen);
}

TEST(HttpServer, SaysWhyItCannotListen) {
    net::SystemClock clock;
    net::ReactorPool reactors(clock, 1);
    const auto made =
        HttpServer::listen(reactors[0], {"metrics", "192.0.2.1", 1}, [](const auto&, auto) {});
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().detail.find("192.0.2.1:1"), std::string::npos) << made.error().detail;
}

}  // namespace
}  // namespace milena::http
