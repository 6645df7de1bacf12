#include "tools/dev/supervisor.h"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>
#include <time.h>

namespace milena::dev {
namespace {

constexpr Millis kLookEvery(100);
// A node that serves no clients by then is named; one that has not stopped by then is killed.
constexpr Millis kStartTakesLong(10'000);
constexpr Millis kStopAtMost(30'000);
// Of the errors that came since the last look, and of what a node said before it died.
constexpr std::size_t kLinesShown = 5;

sigset_t watched_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, signal);
    return signals;
}

// The next signal, or 0 after kLookEvery without one.
int next_signal(const sigset_t& signals) {
    const timespec wait{0, std::chrono::nanoseconds(kLookEvery).count()};
    return std::max(0, ::sigtimedwait(&signals, nullptr, &wait));
}

}  // namespace

Supervisor::Supervisor(Supervision supervision, const cli::Io& io)
    : program_(std::move(supervision.program)),
      data_(std::move(supervision.data)),
      restart_after_(supervision.restart_after),
      io_(io) {
    for (auto& node : supervision.nodes) {
        LogReader log(node.log_file);
        nodes_.push_back({.plan = std::move(node), .log = std::move(log)});
    }
}

int Supervisor::run() {
    const auto signals = watched_signals();
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    next_notice_ = io_.clock.now() + kStartTakesLong;
    if (!start_all()) stop(SIGTERM);
    while (any_left()) {
        const int signal = next_signal(signals);
        if (signal != 0 && signal != SIGCHLD) stop(stopping_ ? SIGKILL : SIGTERM);
        for (auto& node : nodes_) {
            read_log(node);
            reap(node);
            start_again(node);
        }
        announce();
        watch_time();
    }
    return failed_ || !stopping_ ? 1 : 0;
}

bool Supervisor::start_all() {
    return std::ranges::all_of(nodes_, [this](Node& node) { return start(node); });
}

bool Supervisor::start(Node& node) {
    node.start_at.reset();
    const auto started = start_child(program_, node.plan);
    if (!started) {
        fmt::print(io_.err, "milena dev: node {}: {}\n", node.plan.id, started.error().detail);
        failed_ = true;
        return false;
    }
    node.pid = *started;
    node.running = true;
    return true;
}

bool Supervisor::any_left() const {
    return std::ranges::any_of(
        nodes_, [](const Node& node) { return node.running || node.start_at.has_value(); });
}

void Supervisor::read_log(Node& node) {
    std::size_t errors = 0;
    for (auto& line : node.log.read()) {
        if (says_serving(line, node.plan)) node.serving = true;
        if (is_error(line) && ++errors <= kLinesShown) {
            fmt::print(io_.err, "node {}: {}\n", node.plan.id, line);
        }
        node.last_lines.push_back(std::move(line));
    }
    if (errors > kLinesShown) {
        fmt::print(io_.err, "node {}: {} more errors in {}\n", node.plan.id, errors - kLinesShown,
                   node.plan.log_file);
    }
    if (node.last_lines.size() > kLinesShown) {
        node.last_lines.erase(node.last_lines.begin(), node.last_lines.end() - kLinesShown);
    }
}

void Supervisor::reap(Node& node) {
    if (!node.running) return;
    const auto ending = ended(node.pid);
    if (!ending) return;
    read_log(node);
    node.running = false;
    if (stopping_ && ending->clean()) return;
    if (restart_after_ && !stopping_) node.start_at = io_.clock.now() + *restart_after_;
    if (!node.start_at || ending->signal != SIGKILL) failed_ = true;
    tell_ending(node, *ending);
}

void Supervisor::tell_ending(const Node& node, const Ending& ending) {
    fmt::print(io_.err, "node {} (pid {}) {}; the others go on. Its log is {}\n", node.plan.id,
               node.pid, ending.text(), node.plan.log_file);
    if (ending.signal == 0) {
        for (const auto& line : node.last_lines) {
            if (!is_error(line)) fmt::print(io_.err, "    {}\n", line);
        }
    }
    if (!stopping_ && !node.start_at) {
        fmt::print(io_.err, "start it again with: {} serve --config {}\n", program_,
                   node.plan.config_file);
    }
}

void Supervisor::start_again(Node& node) {
    if (!node.start_at || io_.clock.now() < *node.start_at) return;
    if (start(node)) {
        fmt::print(io_.out, "node {}  started again, pid {}\n", node.plan.id, node.pid);
        std::fflush(io_.out);
    }
}

void Supervisor::announce() {
    const bool all = std::ranges::all_of(nodes_, &Node::serving);
    if (announced_ || stopping_ || !all) return;
    announced_ = true;
    std::vector<NodePlan> plans;
    for (const auto& node : nodes_) plans.push_back(node.plan);
    fmt::print(io_.out, "bootstrap {}\n", bootstrap(plans));
    for (const auto& node : nodes_) {
        fmt::print(io_.out, "node {}  port {}  pid {}  data {}  log {}\n", node.plan.id,
                   node.plan.port, node.pid, node.plan.data_folder, node.plan.log_file);
    }
    fmt::print(io_.out, "Ctrl-C stops all of them; the data stays in {}.\n", data_);
    std::fflush(io_.out);
}

void Supervisor::stop(int signal) {
    stopping_ = true;
    killed_ = killed_ || signal == SIGKILL;
    next_notice_ = io_.clock.now() + kStopAtMost;
    for (auto& node : nodes_) {
        node.start_at.reset();
        if (node.running) ::kill(node.pid, signal);
    }
}

void Supervisor::watch_time() {
    if (io_.clock.now() < next_notice_ || killed_ || (announced_ && !stopping_)) return;
    next_notice_ = io_.clock.now() + kStartTakesLong;
    for (const auto& node : nodes_) {
        if (node.running && (stopping_ || !node.serving)) {
            fmt::print(io_.err, "node {} {}; see {}\n", node.plan.id,
                       stopping_ ? "does not stop and is killed" : "does not serve yet",
                       node.plan.log_file);
        }
    }
    if (stopping_) stop(SIGKILL);
}

}  // namespace milena::dev
