#include "tools/dev/child.h"

#include "tools/client/socket.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace milena::dev {
namespace {

constexpr int kCannotRun = 127;

// In the child: only calls that are safe between fork and exec.
[[noreturn]] void become_node(pid_t parent, int input, int output, char* const* arguments) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kCannotRun);  // it died before the line above
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(kCannotRun);
}

std::unexpected<Error> cannot(std::string_view what, const std::string& path) {
    return fail(ErrorCode::UNKNOWN_SERVER_ERROR,
                fmt::format("cannot {} {}: {}", what, path, client::system_message(errno)));
}

}  // namespace

std::string Ending::text() const {
    if (signal != 0) return fmt::format("was ended by signal {} ({})", signal, strsignal(signal));
    return fmt::format("ended with status {}", status);
}

Result<pid_t> start_child(const std::string& program, const NodePlan& node) {
    const int output =
        ::open(node.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (output < 0) return cannot("write", node.log_file);
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    std::string words[] = {program, "serve", "--config", node.config_file};
    char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                               nullptr};
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) become_node(parent, input, output, arguments);
    const int error = errno;
    ::close(input);
    ::close(output);
    errno = error;
    if (child < 0) return cannot("start", program);
    return child;
}

std::optional<Ending> ended(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != child) return std::nullopt;
    Ending ending;
    if (WIFSIGNALED(status)) {
        ending.signal = WTERMSIG(status);
    } else {
        ending.status = WEXITSTATUS(status);
    }
    return ending;
}

}  // namespace milena::dev
