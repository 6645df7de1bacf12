// The floor under a fetch: a blocking sendfile(2) loop from a cached file into one TCP connection,
// whose other end throws the bytes away without copying them, as `milena bench consume` does.
//
//   sendfile_bench FOLDER [seconds [send buffer bytes]]
//
// The file is written in pieces of the size of a batch of the compared load and read in answers of
// fetch.max.bytes. Printed: MB per second, CPU seconds per GB of the sending thread.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kFileBytes = 1'000'000'000;
constexpr std::size_t kPiece = 54'985;
constexpr std::size_t kAnswer = 52'428'800;
constexpr std::size_t kReceive = 1 << 20;

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

int make_file(const std::string& folder) {
    const std::string path = folder + "/sendfile_bench.data";
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) give_up(path.c_str());
    ::unlink(path.c_str());
    const std::vector<std::uint8_t> piece(kPiece, 'x');
    for (std::size_t written = 0; written < kFileBytes; written += kPiece) {
        if (::write(file, piece.data(), kPiece) != static_cast<ssize_t>(kPiece)) give_up("write");
    }
    return file;
}

struct Pair {
    int sending;
    int receiving;
};

Pair connect_pair(int send_buffer) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener, any, length) != 0 || ::listen(listener, 1) != 0) give_up("listen");
    ::getsockname(listener, any, &length);
    const int receiving = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(receiving, any, length) != 0) give_up("connect");
    const int sending = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    return {sending, receiving};
}

double thread_cpu() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "sendfile_bench FOLDER [seconds [send buffer bytes]]\n");
        return 2;
    }
    const auto seconds = std::chrono::duration<double>(argc > 2 ? std::atof(argv[2]) : 5);
    const int send_buffer = argc > 3 ? std::atoi(argv[3]) : 102'400;  // socket.send.buffer.bytes
    const int file = make_file(argv[1]);
    const Pair pair = connect_pair(send_buffer);
    std::thread receiver([&] {
        // With MSG_TRUNC the kernel drops the bytes.
        while (::recv(pair.receiving, nullptr, kReceive, MSG_TRUNC) > 0) {
        }
    });
    using Clock = std::chrono::steady_clock;
    const auto began = Clock::now();
    const double cpu = thread_cpu();
    std::uint64_t sent = 0;
    while (Clock::now() - began < seconds) {
        auto at = static_cast<off_t>(sent % kFileBytes);
        const auto left = kFileBytes - static_cast<std::size_t>(at);
        const auto moved = ::sendfile(pair.sending, file, &at, std::min(left, kAnswer));
        if (moved <= 0) give_up("sendfile");
        sent += static_cast<std::uint64_t>(moved);
    }
    const std::chrono::duration<double> took = Clock::now() - began;
    const double gigabytes = static_cast<double>(sent) * 1e-9;
    fmt::print("{:.0f} MB/s, {:.3f} CPU-s per GB\n", gigabytes * 1000 / took.count(),
               (thread_cpu() - cpu) / gigabytes);
    ::shutdown(pair.sending, SHUT_WR);
    receiver.join();
    return 0;
}
