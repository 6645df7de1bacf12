#include "tests/clients/support/broker.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace milena::clients {

namespace {

constexpr auto kStartLimit = std::chrono::seconds(30);
constexpr int kStopSeconds = 10;
constexpr std::string_view kListening = "listening PLAINTEXT 127.0.0.1:";

std::string env(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// Starts a process with both outputs in `out`; -1 when that fails.
pid_t spawn(const std::vector<std::string>& command, int out) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, out, 2);
    pid_t pid = -1;
    const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? pid : -1;
}

}  // namespace

bool Broker::external() {
    return !env("MILENA_BOOTSTRAP").empty();
}

Broker& Broker::shared() {
    static Broker broker;
    return broker;
}

Broker::Broker(std::vector<std::string> settings) : settings_(std::move(settings)) {
    if (external()) {
        bootstrap_ = env("MILENA_BOOTSTRAP");
        return;
    }
    std::string name = std::filesystem::temp_directory_path() / "milena-test-XXXXXX";
    folder_ = mkdtemp(name.data()) == nullptr ? "" : name;
    start();
}

Broker::~Broker() {
    if (external()) return;
    if (pid_ > 0) {
        const int status = stop();
        EXPECT_EQ(status, 0) << "after SIGTERM; the broker's log:\n" << log();
    }
    if (reader_.joinable()) reader_.join();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void Broker::start() {
    if (reader_.joinable()) reader_.join();
    const std::string binary = env("MILENA_BINARY");
    std::vector<std::string> command = {
        binary,  "serve",
        "--set", "listeners=PLAINTEXT://127.0.0.1:" + std::to_string(port_),
        "--set", "log.dirs=" + data_dir()};
    for (const std::string& setting : settings_) {
        command.push_back("--set");
        command.push_back(setting);
    }
    int pipe_ends[2];
    ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    pid_ = spawn(command, pipe_ends[1]);
    close(pipe_ends[1]);
    closed_ = false;
    reader_ = std::thread([this, fd = pipe_ends[0]] { read_output(fd); });
    ASSERT_GT(pid_, 0) << "cannot start '" << binary << "' (MILENA_BINARY)";
    await_listening();
}

void Broker::read_output(int fd) {
    char buffer[4096];
    ssize_t n = 0;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        const std::scoped_lock lock(mutex_);
        log_.append(buffer, static_cast<std::size_t>(n));
        changed_.notify_all();
    }
    close(fd);
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

void Broker::await_listening() {
    std::unique_lock lock(mutex_);
    std::size_t at = std::string::npos;
    std::size_t end = std::string::npos;
    changed_.wait_for(lock, kStartLimit, [&] {
        at = log_.find(kListening, seen_);
        end = at == std::string::npos ? at : log_.find('\n', at);
        return end != std::string::npos || closed_;
    });
    ASSERT_NE(end, std::string::npos) << "no line '" << kListening << "' in:\n" << log_;
    port_ = std::stoi(log_.substr(at + kListening.size()));
    bootstrap_ = "127.0.0.1:" + std::to_string(port_);
    seen_ = log_.size();
}

void Broker::kill() {
    ASSERT_FALSE(external());
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    reader_.join();
}

int Broker::stop() {
    ::kill(pid_, SIGTERM);
    const int status = await_exit(kStopSeconds);
    pid_ = -1;
    return status;
}

/// The process closes its output when it ends, so that is what is waited for.
int Broker::await_exit(int seconds) {
    bool ended = false;
    {
        std::unique_lock lock(mutex_);
        ended = changed_.wait_for(lock, std::chrono::seconds(seconds), [&] { return closed_; });
    }
    if (!ended) ::kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    if (!ended) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Broker::log() const {
    const std::scoped_lock lock(mutex_);
    return log_;
}

}  // namespace milena::clients
