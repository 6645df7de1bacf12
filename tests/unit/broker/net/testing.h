// What the tests of broker/net share: a server whose handler is a function, and a client that knows
// only sockets and frames.
#pragma once

#include "broker/net/reactor_pool.h"
#include "broker/net/socket_server.h"
#include "broker/net/system_clock.h"
#include "broker/net/unique_fd.h"
#include "protocol/base/bytes.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace milena::net::testing {

using namespace std::chrono_literals;

inline constexpr auto kPatience = 20s;

// Polls until `condition` holds; false when it has not after kPatience.
template <class Condition>
bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

// For peers whose slowness is what is tested; never a way to wait for something.
inline void pace(std::chrono::milliseconds between_bites) {
    std::this_thread::sleep_for(between_bites);
}

using Body = std::vector<std::uint8_t>;

Body body_of(std::string_view text);
std::string text_of(ByteView bytes);
// Length prefix and body.
Body framed(ByteView body);
Body framed(std::string_view body);
OutFrame reply_with(std::string_view body);

// Handlers are called on reactors; `on_frame` may be replaced only while no connection is open.
class TestSink final : public FrameSink {
  public:
    using Handler = std::function<void(MutableBytes, ReplyTicket)>;

    // Answers every frame with its own body.
    TestSink();

    std::unique_ptr<ConnectionState> on_open(const Peer& peer, Executor& executor) override;
    void on_frame(ConnectionState& state, MutableBytes frame, ReplyTicket ticket) override;
    void on_close(ConnectionState& state) override;

    Handler handler;
    std::atomic<int> opened{0};
    std::atomic<int> closed{0};
    std::atomic<int> frames{0};
    Peer last_peer() const;

  private:
    mutable std::mutex mutex_;
    Peer last_peer_;
};

// A running server on a port of its own.
class TestServer {
  public:
    explicit TestServer(NetSettings settings = {}, TestSink::Handler handler = {},
                        std::size_t reactors = 2);
    ~TestServer();

    std::uint16_t port() const { return port_; }
    TestSink& sink() { return sink_; }
    SocketServer& server() { return *server_; }
    ReactorPool& reactors() { return reactors_; }
    NetTotals totals() const { return server_->totals(); }
    std::uint64_t closed_for(CloseReason reason) const { return totals().closed_for(reason); }

  private:
    SystemClock clock_;
    ReactorPool reactors_;
    TestSink sink_;
    std::unique_ptr<SocketServer> server_;
    std::uint16_t port_ = 0;
};

enum class Ending : std::uint8_t { kEndOfStream, kReset, kStillOpen };

class TestClient {
  public:
    explicit TestClient(std::uint16_t port, int receive_buffer = 0);

    int handle() const { return socket_.get(); }
    // All of it, blocking; false when the peer has closed.
    bool send(ByteView bytes);
    bool send_frame(std::string_view body) { return send(framed(body)); }
    // As much as the kernel takes at once.
    std::size_t send_some(ByteView bytes);
    // The body of the next frame; none when the stream ends or kPatience passes.
    std::optional<std::string> read_frame();
    // Up to `most` bytes of the stream; fewer when it ends.
    Body read_bytes(std::size_t most);
    // Reads on until the stream ends.
    Ending wait_for_end();
    void end_input();  // FIN; replies can still come
    void reset();      // RST

  private:
    UniqueFd socket_;
};

// Bytes of memory that this process occupies.
std::uint64_t resident_bytes();
// Raises the limit of open files as far as allowed; what it is then.
std::uint64_t raise_file_limit();

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace milena::net::testing
