// The one binary: a table of subcommands, or one of Kafka's tools when it is called by that name.
#include "broker/server/serve.h"
#include "tools/client/machine.h"
#include "tools/commands.h"
#include "tools/kafka/tools.h"

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace {

using milena::cli::Io;

int run_kafka_tool(const milena::kafka_tools::Tool& tool, int argc, char** argv, const Io& io) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return tool.run(arguments, io);
}

void print_help(std::FILE* to) {
    fmt::print(to,
               "milena {}: a message broker that speaks Kafka's protocol, and its tools.\n\n"
               "Usage: milena COMMAND [OPTIONS]      milena COMMAND --help tells more\n\n",
               MILENA_VERSION);
    fmt::print(to, "  {:<24} {}\n", "serve", "Run a broker.");
    for (const auto& command : milena::cli::commands()) {
        fmt::print(to, "  {:<24} {}\n", command.name, command.summary);
    }
    fmt::print(to, "\nAs a command, or as the name of a link to this program:\n\n");
    for (const auto& tool : milena::kafka_tools::tools()) {
        fmt::print(to, "  {:<24} {}\n", tool.name, tool.summary);
    }
}

int run(int argc, char** argv, const Io& io) {
    if (const auto* tool = milena::kafka_tools::find_tool(argv[0])) {
        return run_kafka_tool(*tool, argc, argv, io);
    }
    const std::string_view name = argc < 2 ? "" : argv[1];
    if (const auto* command = milena::cli::find_command(name)) {
        const auto full_name = fmt::format("milena {}", name);
        std::vector<char*> arguments(argv + 1, argv + argc);
        std::string first = full_name;
        arguments[0] = first.data();
        return command->run(argc - 1, arguments.data(), io);
    }
    if (const auto* tool = milena::kafka_tools::find_tool(name)) {
        return run_kafka_tool(*tool, argc - 1, argv + 1, io);
    }
    if (name == "serve") return milena::broker::serve_main(argc - 2, argv + 2);
    if (name == "help" || name == "--help" || name == "-h") {
        print_help(io.out);
        return 0;
    }
    if (name == "--version") return milena::cli::find_command("version")->run(1, argv, io);
    if (!name.empty()) fmt::print(io.err, "milena: there is no command '{}'\n\n", name);
    print_help(io.err);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    // A reader that goes away is an error of the write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    const milena::client::MachineClock clock;
    milena::client::MachineRandom random;
    return run(argc, argv, Io{.clock = clock, .random = random});
}
