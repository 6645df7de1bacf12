#include "tools/kafka/tools.h"

#include <algorithm>

namespace milena::kafka_tools {
namespace {

constexpr Tool kTools[] = {
    {"kafka-topics", "create, list, describe, alter and delete topics", &run_topics},
    {"kafka-console-producer", "write lines of the standard input to a topic",
     &run_console_producer},
    {"kafka-console-consumer", "print the records of topics", &run_console_consumer},
    {"kafka-consumer-groups", "list, describe and delete consumer groups, reset their offsets",
     &run_consumer_groups},
    {"kafka-transactions", "list, describe and abort transactions, find those that hang",
     &run_transactions},
    {"kafka-dump-log", "print segments, indexes and producer snapshots", &run_dump_log},
};

}  // namespace

std::span<const Tool> tools() {
    return kTools;
}

const Tool* find_tool(std::string_view program) {
    if (const auto slash = program.rfind('/'); slash != std::string_view::npos) {
        program.remove_prefix(slash + 1);
    }
    if (program.ends_with(".sh")) program.remove_suffix(3);
    const auto* at = std::ranges::find(kTools, program, &Tool::name);
    return at == std::end(kTools) ? nullptr : at;
}

}  // namespace milena::kafka_tools
