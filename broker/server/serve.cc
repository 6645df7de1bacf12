#include "broker/server/serve.h"

#include "broker/config/serve_line.h"
#include "broker/server/server.h"
#include "protocol/base/logger.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

namespace milena::broker {
namespace {

// Blocked in every thread made from here on, so that only wait_for_stop receives them.
sigset_t block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

// One of the blocked signals has come.
bool is_told_to_stop() {
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

std::string host_name() {
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0) return "localhost";
    return name;
}

void print(std::FILE* to, const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), to);
    std::fflush(to);
}

// One line per listener, in a form that scripts can read: "listening PLAINTEXT 127.0.0.1:9092", at
// last "metrics HTTP 127.0.0.1:9100" if there is one.
void announce(const Server& server) {
    const auto tell = [](const char* what, const Server::Bound& bound) {
        const bool v6 = bound.host.find(':') != std::string::npos;
        const auto host = bound.host.empty() ? std::string("*") : bound.host;
        print(stdout, what + (" " + bound.listener) + " " + (v6 ? "[" + host + "]" : host) + ":" +
                          std::to_string(bound.port) + "\n");
    };
    for (const auto& bound : server.listeners()) tell("listening", bound);
    if (server.metrics()) tell("metrics", *server.metrics());
}

}  // namespace

int serve_main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv, argv + argc);
    auto line = config::read_serve_line(arguments, host_name(), config::read_config_file);
    print(stdout, line.output);
    print(stderr, line.errors);
    if (!line.settings) return line.exit_code;

    const auto signals = block_stop_signals();
    auto server = Server::start(std::move(*line.settings), is_told_to_stop);
    if (!server && is_told_to_stop()) {
        log_info("stopped_before_it_served", {{"reason", server.error().detail}});
        return 0;
    }
    if (!server) {
        print(stderr, "milena: cannot start: " + server.error().detail + "\n");
        return 1;
    }
    announce(**server);
    int signal = 0;
    sigwait(&signals, &signal);
    log_info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    if (auto status = (*server)->stop(); !status) {
        print(stderr, "milena: not stopped cleanly: " + status.error().detail + "\n");
        return 1;
    }
    return 0;
}

}  // namespace milena::broker
