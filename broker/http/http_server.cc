#include "broker/http/http_server.h"

#include "broker/net/net_settings.h"

#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace milena::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using AsioError = boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::uint32_t kLongestHead = 8 * 1024;
// How long to wait for descriptors or memory.
constexpr std::chrono::milliseconds kPause{100};

std::string path_of(beast::string_view target) {
    return std::string(target.substr(0, target.find('?')));
}

}  // namespace

class HttpServer::Site : public std::enable_shared_from_this<Site> {
  public:
    class Session;

    Site(net::Reactor& reactor, Handler handler, Limits limits)
        : reactor_(reactor),
          acceptor_(reactor.io_context()),
          pause_(reactor.io_context()),
          handler_(std::move(handler)),
          limits_(limits) {}

    Status open(net::ListenSocket socket) {
        AsioError error;
        acceptor_.assign(tcp::v4(), socket.handle.release(), error);
        if (error) return fail(ErrorCode::NETWORK_EXCEPTION, error.message());
        return {};
    }
    void accept();
    void stop();

    net::Reactor& reactor() { return reactor_; }
    const Limits& limits() const { return limits_; }
    void handle(const Request& request, Respond respond) { handler_(request, std::move(respond)); }
    void forget(Session* session) {
        const std::lock_guard lock(mutex_);
        sessions_.erase(session);
    }
    bool stopped() const { return stopped_; }

  private:
    void on_accept(const AsioError& error, tcp::socket socket);
    bool admit();
    void start_session(tcp::socket socket);

    net::Reactor& reactor_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    const Handler handler_;
    const Limits limits_;
    bool stopped_ = false;
    // At the end of the process the last answer may die on the thread that made it.
    std::mutex mutex_;
    std::set<Session*> sessions_;
};

// One connection: reads a request, has it answered, and so on. Lives as long as something that it
// waits for.
class HttpServer::Site::Session : public std::enable_shared_from_this<Session> {
  public:
    Session(std::shared_ptr<Site> site, tcp::socket socket)
        : site_(std::move(site)), stream_(std::move(socket)) {}
    ~Session() { site_->forget(this); }

    void read() {
        parser_.emplace();
        parser_->header_limit(kLongestHead);
        parser_->body_limit(0);
        stream_.expires_after(site_->limits().deadline);
        beast::http::async_read(stream_, buffer_, *parser_,
                                [self = this->shared_from_this()](const AsioError& error, auto) {
                                    self->on_read(error);
                                });
    }
    void close() {
        AsioError ignored;
        stream_.socket().close(ignored);
    }

  private:
    using Message = beast::http::response<beast::http::string_body>;

    void on_read(const AsioError& error) {
        if (error == beast::http::error::end_of_stream) return shut_down();
        if (error.category() == make_error_code(beast::http::error::bad_method).category()) {
            closes_ = true;
            return write({400, "text/plain; charset=utf-8", "not a request that is served here\n"});
        }
        if (error) return;
        const auto& message = parser_->get();
        closes_ = !message.keep_alive();
        is_head_ = message.method() == beast::http::verb::head;
        // The answer may come from another thread.
        site_->handle(
            {std::string(message.method_string()), path_of(message.target())},
            [self = this->shared_from_this()](Response response) mutable {
                auto& reactor = self->site_->reactor();
                reactor.post([self = std::move(self), response = std::move(response)]() mutable {
                    self->write(std::move(response));
                });
            });
    }

    void write(Response response) {
        if (site_->stopped()) return;
        response_.emplace(static_cast<beast::http::status>(response.status), 11);
        response_->set(beast::http::field::content_type, response.content_type);
        response_->set(beast::http::field::cache_control, "no-store");
        response_->keep_alive(!closes_);
        response_->content_length(response.body.size());
        if (!is_head_) response_->body() = std::move(response.body);
        stream_.expires_after(site_->limits().deadline);
        serializer_.emplace(*response_);
        const auto done = [self = this->shared_from_this()](const AsioError& error, auto) {
            self->on_write(error);
        };
        if (is_head_) {
            beast::http::async_write_header(stream_, *serializer_, done);
        } else {
            beast::http::async_write(stream_, *serializer_, done);
        }
    }

    void on_write(const AsioError& error) {
        if (error) return;
        if (closes_) return shut_down();
        read();
    }

    void shut_down() {
        AsioError ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    const std::shared_ptr<Site> site_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_{kLongestHead};
    std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
    std::optional<Message> response_;
    std::optional<beast::http::response_serializer<beast::http::string_body>> serializer_;
    bool closes_ = false;
    bool is_head_ = false;
};

void HttpServer::Site::accept() {
    acceptor_.async_accept([self = shared_from_this()](const AsioError& error, tcp::socket socket) {
        self->on_accept(error, std::move(socket));
    });
}

void HttpServer::Site::on_accept(const AsioError& error, tcp::socket socket) {
    if (stopped_) return;
    if (error) {
        pause_.expires_after(kPause);
        pause_.async_wait([self = shared_from_this()](const AsioError& cancelled) {
            if (!cancelled && !self->stopped_) self->accept();
        });
        return;
    }
    if (admit()) start_session(std::move(socket));
    accept();
}

bool HttpServer::Site::admit() {
    const std::lock_guard lock(mutex_);
    return sessions_.size() < limits_.connections;
}

void HttpServer::Site::start_session(tcp::socket socket) {
    const auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));
    {
        const std::lock_guard lock(mutex_);
        sessions_.insert(session.get());
    }
    session->read();
}

void HttpServer::Site::stop() {
    if (std::exchange(stopped_, true)) return;
    AsioError ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    const std::lock_guard lock(mutex_);
    for (auto* session : sessions_) session->close();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(net::Reactor& reactor,
                                                       const net::ListenEndpoint& endpoint,
                                                       Handler handler, Limits limits) {
    MILENA_ASSIGN(auto socket, net::open_listen_socket(endpoint, net::NetSettings()));
    const auto port = socket.port;
    auto site = std::make_shared<Site>(reactor, std::move(handler), limits);
    MILENA_TRY(site->open(std::move(socket)));
    reactor.post([site] { site->accept(); });
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(site), port));
}

HttpServer::HttpServer(std::shared_ptr<Site> site, std::uint16_t port)
    : site_(std::move(site)), port_(port) {}

HttpServer::~HttpServer() {
    stop();
}

void HttpServer::stop() {
    if (auto site = std::exchange(site_, nullptr)) {
        auto& reactor = site->reactor();
        reactor.post([site = std::move(site)] { site->stop(); });
    }
}

}  // namespace milena::http
