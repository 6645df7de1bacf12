// A broker for a client test: a fresh `milena serve`, or the one that $MILENA_BOOTSTRAP names.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace milena::clients {

/// One `milena serve` on a port of the kernel's choice with its data in a folder of its own.
/// Failing to start or to stop cleanly fails the test, with the broker's log.
class Broker {
  public:
    /// Starts the binary $MILENA_BINARY names; each setting is "name=value".
    explicit Broker(std::vector<std::string> settings = {});
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// The broker that all tests of this process share.
    static Broker& shared();
    /// Whether $MILENA_BOOTSTRAP names a broker that must not be started, killed or configured.
    static bool external();

    const std::string& bootstrap() const { return bootstrap_; }
    pid_t pid() const { return pid_; }
    std::string data_dir() const { return folder_ + "/data"; }

    /// Starts again after kill() or stop(), on the same port and data.
    void start();
    /// kill -9, and waits for the end.
    void kill();
    /// SIGTERM; the exit status, or -1 when it took more than 10 s (then it was killed).
    int stop();
    std::string log() const;

  private:
    void read_output(int fd);
    void await_listening();
    int await_exit(int seconds);

    std::vector<std::string> settings_;
    std::string folder_;
    std::string bootstrap_;
    int port_ = 0;
    pid_t pid_ = -1;
    std::thread reader_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string log_;
    std::size_t seen_ = 0;  // of log_: what earlier starts wrote
    bool closed_ = true;    // the process closed its output
};

}  // namespace milena::clients
