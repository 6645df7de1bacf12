// One `milena serve` as a child of this process.
#pragma once

#include "tools/dev/plan.h"

#include <optional>
#include <string>

#include <sys/types.h>

namespace milena::dev {

// How a process ended: its exit status, or the signal that ended it.
struct Ending {
    int status = 0;
    int signal = 0;

    bool clean() const { return status == 0 && signal == 0; }
    std::string text() const;  // "ended with status 1", "was ended by signal 9 (Killed)"
};

// Starts `program` serve --config node.config_file; its output is appended to node.log_file. It has
// a process group of its own, so that Ctrl-C reaches only this process, gets SIGTERM when this
// process dies, and begins with no signal blocked.
Result<pid_t> start_child(const std::string& program, const NodePlan& node);

// How it ended; nothing while it runs. Does not wait.
std::optional<Ending> ended(pid_t child);

}  // namespace milena::dev
