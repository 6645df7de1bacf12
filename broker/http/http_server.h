// A small HTTP/1.1 server on one reactor, for what the broker shows of itself: requests without a
// body, answers that fit into memory.
//
// Bounds: so many connections (others are closed at once), 8 KB of request head, and a deadline for
// every request, every answer and every pause between them.
#pragma once

#include "broker/net/listen_socket.h"
#include "broker/net/reactor.h"
#include "protocol/base/error.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace milena::http {

struct Request {
    std::string method;  // "GET"
    std::string path;    // "/metrics", without the query
};

struct Response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

// Answers once, from any thread.
using Respond = std::move_only_function<void(Response)>;
// Called on the reactor: what takes long is done elsewhere.
using Handler = std::function<void(const Request&, Respond)>;

struct Limits {
    std::size_t connections = 32;
    std::chrono::seconds deadline{10};
};

class HttpServer {
  public:
    // NETWORK_EXCEPTION when the address cannot be had. The reactor runs, or will; it must not have
    // been destroyed before the server.
    static Result<std::unique_ptr<HttpServer>> listen(net::Reactor& reactor,
                                                      const net::ListenEndpoint& endpoint,
                                                      Handler handler, Limits limits = {});
    ~HttpServer();

    std::uint16_t port() const { return port_; }
    // Accepts nothing more, closes what is open. Does not wait for it.
    void stop();

  private:
    class Site;
    HttpServer(std::shared_ptr<Site> site, std::uint16_t port);

    std::shared_ptr<Site> site_;
    std::uint16_t port_;
};

}  // namespace milena::http
