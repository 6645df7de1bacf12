// What a connection of broker/net costs next to the least that a broker can do: the same load of
// frames against SocketServer and against a bare epoll loop, in one process.
//
//   net_bench [seconds per load [beginning of a load's name [folder]]]
//
// With a folder, the bare loop also does what no broker can leave out: it checks each frame's CRC
// and writes it to a preallocated file there. That is the floor under the figures of `milena bench
// produce`; measure it as tests/bench/compare does, behind a full page cache.
//
// A client thread keeps 5 frames in flight on each of 8 connections; both servers answer each frame
// with a short one. Printed: requests per second, CPU of server and client threads per request.

#include "broker/net/reactor_pool.h"
#include "broker/net/socket_server.h"
#include "broker/net/system_clock.h"
#include "broker/net/unique_fd.h"
#include "protocol/base/crc32c.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace milena::net {
namespace {

constexpr std::size_t kPrefix = 4;
constexpr std::size_t kConnections = 8;
constexpr std::size_t kReplyBytes = 60;
// The bare loop knows no partial frames beyond its buffer: it must hold the largest.
constexpr std::size_t kBareBuffer = 1280 * 1024;
constexpr int kBareSocketBuffer = 102'400;

void require(bool condition, const char* what) {
    if (condition) return;
    std::perror(what);
    std::exit(1);
}

UniqueFd tcp_socket() {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

void name_thread(const char* name) {
    ::pthread_setname_np(::pthread_self(), name);
}

// CPU seconds of a live thread.
double cpu_of(pthread_t thread) {
    clockid_t clock{};
    timespec used{};
    ::pthread_getcpuclockid(thread, &clock);
    ::clock_gettime(clock, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

double process_cpu() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::vector<std::uint8_t> short_reply() {
    std::vector<std::uint8_t> reply(kReplyBytes);
    store_be<std::int32_t>(reply.data(), kReplyBytes - kPrefix);
    return reply;
}

// --- The two servers.

class Answering final : public FrameSink {
  public:
    explicit Answering(bool later) : later_(later) {}
    std::unique_ptr<ConnectionState> on_open(const Peer&, Executor&) override {
        return std::make_unique<ConnectionState>();
    }
    void on_frame(ConnectionState&, MutableBytes, ReplyTicket ticket) override {
        if (!later_) {
            ticket.send({short_reply(), {}});
            return;
        }
        // As a handler that waits: woken by a post to the reactor.
        auto& executor = ticket.executor();
        executor.post([ticket = std::move(ticket)]() mutable { ticket.send({short_reply(), {}}); });
    }
    void on_close(ConnectionState&) override {}

  private:
    const bool later_;
};

// The file that the bare loop writes: preallocated in steps, written back as it grows.
class SinkFile {
  public:
    explicit SinkFile(const std::string& folder) : path_(folder + "/net_bench.sink") {
        file_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        require(file_.get() >= 0, "open");
    }
    ~SinkFile() { ::unlink(path_.c_str()); }

    void append(ByteView frame) {
        checksum_ ^= crc32c(frame);
        const auto size = static_cast<off_t>(frame.size());
        if (end_ + size > allocated_) {
            ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, allocated_, kStep);
            allocated_ += kStep;
        }
        require(::pwrite(file_.get(), frame.data(), frame.size(), end_) == size, "pwrite");
        end_ += size;
        if (end_ - written_back_ < kWriteBack) return;
        ::sync_file_range(file_.get(), written_back_, end_ - written_back_, SYNC_FILE_RANGE_WRITE);
        written_back_ = end_;
    }

  private:
    static constexpr off_t kStep = 64 << 20;
    static constexpr off_t kWriteBack = 4 << 20;

    std::string path_;
    UniqueFd file_;
    off_t end_ = 0;
    off_t allocated_ = 0;
    off_t written_back_ = 0;
    std::uint32_t checksum_ = 0;
};

// One thread, level-triggered epoll, one buffer for each connection: receive, count the frames,
// give them to the sink if there is one, send as many replies in one call.
class BareLoop {
  public:
    explicit BareLoop(SinkFile* sink) : sink_(sink) {
        listener_ = tcp_socket();
        auto address = loopback(0);
        const int buffer = kBareSocketBuffer;
        ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        ::setsockopt(listener_.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        require(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                "bind");
        require(::listen(listener_.get(), 64) == 0, "listen");
        socklen_t length = sizeof address;
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~BareLoop() {
        stop_ = true;
        thread_.join();
    }
    std::uint16_t port() const { return port_; }

  private:
    struct Peer {
        UniqueFd socket;
        std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(kBareBuffer);
        std::size_t used = 0;
    };

    void run() {
        name_thread("bare");
        const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
        std::vector<std::unique_ptr<Peer>> peers;
        epoll_event event{EPOLLIN, {nullptr}};
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, listener_.get(), &event);
        std::array<epoll_event, 64> events;
        while (!stop_) {
            const int count = ::epoll_wait(epoll.get(), events.data(), events.size(), 50);
            for (int i = 0; i < count; ++i) {
                auto* peer = static_cast<Peer*>(events[i].data.ptr);
                if (peer != nullptr) {
                    if (!serve(*peer))
                        ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, peer->socket.get(), nullptr);
                    continue;
                }
                peers.push_back(std::make_unique<Peer>());
                peers.back()->socket =
                    UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK));
                const int on = 1;
                ::setsockopt(peers.back()->socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event = {EPOLLIN, {peers.back().get()}};
                ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, peers.back()->socket.get(), &event);
            }
        }
    }

    bool serve(Peer& peer) {
        static const auto reply = short_reply();
        static std::array<std::uint8_t, 64 * kReplyBytes> replies;
        const auto got = ::recv(peer.socket.get(), peer.buffer.data() + peer.used,
                                peer.buffer.size() - peer.used, 0);
        if (got <= 0) return got < 0 && errno == EAGAIN;
        peer.used += static_cast<std::size_t>(got);
        std::size_t at = 0;
        std::size_t out = 0;
        while (peer.used - at >= kPrefix) {
            const auto size = kPrefix + load_be<std::uint32_t>(peer.buffer.data() + at);
            if (peer.used - at < size) break;
            if (sink_ != nullptr) sink_->append(ByteView(peer.buffer).subspan(at, size));
            at += size;
            std::memcpy(replies.data() + out, reply.data(), kReplyBytes);
            out += kReplyBytes;
            if (out == replies.size()) {
                ::send(peer.socket.get(), replies.data(), out, MSG_NOSIGNAL);
                out = 0;
            }
        }
        if (out > 0) ::send(peer.socket.get(), replies.data(), out, MSG_NOSIGNAL);
        std::memmove(peer.buffer.data(), peer.buffer.data() + at, peer.used - at);
        peer.used -= at;
        return true;
    }

    SinkFile* const sink_;
    UniqueFd listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// --- The load.

struct Load {
    const char* name;
    std::size_t frame_bytes;  // length prefix included
    std::size_t in_flight;
};

struct Figures {
    double seconds = 0;
    double requests = 0;
    double client_cpu = 0;
    double server_cpu = 0;
};

class Client {
  public:
    Client(std::uint16_t port, const Load& load)
        : load_(load), frames_(load.in_flight * load.frame_bytes) {
        for (std::size_t i = 0; i < load.in_flight; ++i) {
            store_be(frames_.data() + i * load.frame_bytes,
                     static_cast<std::int32_t>(load.frame_bytes - kPrefix));
        }
        const auto address = loopback(port);
        for (auto& socket : sockets_) {
            socket = tcp_socket();
            require(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                              sizeof address) == 0,
                    "connect");
            epoll_event event{EPOLLIN, {}};
            event.data.u64 = static_cast<std::uint64_t>(&socket - sockets_.data());
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event);
        }
    }

    Figures run(double seconds) {
        for (auto& socket : sockets_) send_frames(socket.get(), load_.in_flight);
        step_until(seconds * 0.2);  // warm-up
        const auto all_before = process_cpu();
        const auto mine_before = cpu_of(::pthread_self());
        Figures figures;
        const auto before = now();
        figures.requests = static_cast<double>(step_until(seconds));
        figures.seconds = now() - before;
        figures.client_cpu = cpu_of(::pthread_self()) - mine_before;
        figures.server_cpu = process_cpu() - all_before - figures.client_cpu;
        return figures;
    }

  private:
    static double now() {
        return std::chrono::duration<double>(SystemClock().now().time_since_epoch()).count();
    }

    std::size_t step_until(double seconds) {
        const auto until = now() + seconds;
        std::size_t answered = 0;
        std::array<epoll_event, kConnections> events;
        std::array<std::uint8_t, 64 * 1024> into;
        while (now() < until) {
            const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 100);
            for (int i = 0; i < count; ++i) {
                const auto which = events[i].data.u64;
                const auto got = ::recv(sockets_[which].get(), into.data(), into.size(), 0);
                require(got > 0, "recv");
                partial_[which] += static_cast<std::size_t>(got);
                const auto replies = partial_[which] / kReplyBytes;
                partial_[which] %= kReplyBytes;
                answered += replies;
                send_frames(sockets_[which].get(), replies);
            }
        }
        return answered;
    }

    void send_frames(int socket, std::size_t count) {
        auto left = count * load_.frame_bytes;
        while (left > 0) {
            const auto sent =
                ::send(socket, frames_.data() + (frames_.size() - left) % load_.frame_bytes, left,
                       MSG_NOSIGNAL);
            require(sent > 0, "send");
            left -= static_cast<std::size_t>(sent);
        }
    }

    const Load load_;
    std::vector<std::uint8_t> frames_;
    UniqueFd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
    std::array<UniqueFd, kConnections> sockets_;
    std::array<std::size_t, kConnections> partial_{};
};

void print(const Load& load, const char* server, const Figures& figures) {
    fmt::print(
        "{:<12} {:<22} {:>9.0f} req/s {:>8.2f} MB/s  cpu/request: server {:>6.2f} us, "
        "client {:>6.2f} us  ({:.2f} and {:.2f} cores)\n",
        load.name, server, figures.requests / figures.seconds,
        figures.requests / figures.seconds * static_cast<double>(load.frame_bytes) / 1e6,
        figures.server_cpu / figures.requests * 1e6, figures.client_cpu / figures.requests * 1e6,
        figures.server_cpu / figures.seconds, figures.client_cpu / figures.seconds);
    std::fflush(stdout);
}

void measure_sink(const Load& load, double seconds, const std::string& folder) {
    SinkFile sink(folder);
    BareLoop bare(&sink);
    const auto figures = Client(bare.port(), load).run(seconds);
    print(load, "bare, checks, writes", figures);
    fmt::print("{:<12} {:<22} {:>9.2f} CPU-s/GB\n", "", "",
               figures.server_cpu / figures.requests / static_cast<double>(load.frame_bytes) * 1e9);
}

void measure(const Load& load, double seconds) {
    {
        BareLoop bare(nullptr);
        print(load, "bare epoll", Client(bare.port(), load).run(seconds));
    }
    struct Variant {
        const char* name;
        std::size_t reactors;
        bool later;
        std::int32_t buffers;
    };
    for (const auto& variant : {Variant{"milena, 1 reactor", 1, false, 102'400},
                                Variant{"milena, 2 reactors", 2, false, 102'400},
                                Variant{"milena, 1, auto bufs", 1, false, kSystemBufferSize},
                                Variant{"milena, 1, by a post", 1, true, 102'400}}) {
        const SystemClock clock;
        ReactorPool reactors(clock, variant.reactors);
        reactors.start();
        Answering sink(variant.later);
        NetSettings settings;
        settings.send_buffer_bytes = settings.receive_buffer_bytes = variant.buffers;
        SocketServer server(reactors, sink, settings);
        const auto port = server.listen({"PLAINTEXT", "127.0.0.1", 0});
        require(port.has_value(), "listen");
        print(load, variant.name, Client(*port, load).run(seconds));
        server.stop(Millis{1000});
    }
}

}  // namespace
}  // namespace milena::net

int main(int argc, char** argv) {
    using milena::net::Load;
    const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
    const std::string_view only = argc > 2 ? argv[2] : "";
    for (const auto& load : {Load{"11 KB x 5", 11 * 1024, 5}, Load{"200 B x 5", 200, 5},
                             Load{"1 MB x 2", 1024 * 1024, 2}}) {
        if (!std::string_view(load.name).starts_with(only)) continue;
        if (argc > 3) {
            milena::net::measure_sink(load, seconds, argv[3]);
        } else {
            milena::net::measure(load, seconds);
        }
    }
}
