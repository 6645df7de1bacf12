// The subcommands of the binary that belong to the CLI, and how a command line finds its way.
#pragma once

#include "tools/io.h"

#include <span>
#include <string_view>

namespace milena::cli {

struct Command {
    std::string_view name;
    std::string_view summary;
    // `argv[0]` is the name of the command ("milena topic"); the exit code.
    int (*run)(int argc, char** argv, const Io& io);
};

std::span<const Command> commands();
// nullptr when there is no such command.
const Command* find_command(std::string_view name);

}  // namespace milena::cli
