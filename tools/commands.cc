#include "tools/commands.h"

#include "tools/command/command_list.h"

#include <algorithm>

namespace milena::cli {
namespace {

constexpr Command kCommands[] = {
    {"topic", "Create, list, describe, alter and delete topics", &run_topic},
    {"group", "List, describe and delete groups, set their offsets", &run_group},
    {"txn", "List and describe transactions, abort those that hang", &run_txn},
    {"produce", "Write lines of the standard input to a topic", &run_produce},
    {"consume", "Print the records of a topic", &run_consume},
    {"log", "Check or print the files of a data directory, without a broker", &run_log},
    {"bench", "Measure any Kafka broker: produce, consume, e2e, connections", &run_bench},
    {"dev", "Run a cluster of nodes on this machine, for development", &run_dev},
    {"version", "Print the version", &run_version},
};

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

const Command* find_command(std::string_view name) {
    const auto* at = std::ranges::find(kCommands, name, &Command::name);
    return at == std::end(kCommands) ? nullptr : at;
}

}  // namespace milena::cli
