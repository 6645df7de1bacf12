// Runs the nodes of `milena dev` until somebody asks for the end: says when all of them serve,
// shows their errors, tells when one dies (the others go on, and it is started again if that was
// asked for), and stops all of them.
//
// The first SIGINT, SIGTERM or SIGHUP stops them cleanly, the second one kills them.
#pragma once

#include "tools/dev/child.h"
#include "tools/dev/log_lines.h"
#include "tools/io.h"

#include <optional>
#include <string>
#include <vector>

namespace milena::dev {

struct Supervision {
    std::vector<NodePlan> nodes;
    std::string program;  // the milena binary
    std::string data;     // as the user named it
    // How long after its end a node is started again; nothing: not at all.
    std::optional<Millis> restart_after;
};

class Supervisor {
  public:
    Supervisor(Supervision supervision, const cli::Io& io);

    // Blocks the signals above for this process. The exit code: 0 when every node ended cleanly
    // because it was asked to; a node that was killed and is started again does not count.
    int run();

  private:
    struct Node {
        NodePlan plan;
        LogReader log;
        pid_t pid = 0;
        bool running = false;
        std::optional<MonoTime> start_at{};
        bool serving = false;
        std::vector<std::string> last_lines{};
    };

    bool start_all();
    bool start(Node& node);
    bool any_left() const;
    void read_log(Node& node);
    void reap(Node& node);
    void start_again(Node& node);
    void tell_ending(const Node& node, const Ending& ending);
    void announce();
    void stop(int signal);
    void watch_time();

    std::vector<Node> nodes_;
    const std::string program_;
    const std::string data_;
    const std::optional<Millis> restart_after_;
    const cli::Io& io_;
    MonoTime next_notice_{};
    bool announced_ = false;
    bool stopping_ = false;
    bool killed_ = false;
    bool failed_ = false;
};

}  // namespace milena::dev
