// The Kafka tools that this binary can be called as.
#pragma once

#include "tools/io.h"

#include <span>
#include <string_view>

namespace milena::kafka_tools {

// The version of Kafka whose tools these behave as; what --version prints.
inline constexpr std::string_view kKafkaVersion = "4.2.0";

struct Tool {
    std::string_view name;
    std::string_view summary;
    // Arguments without the program's name; the exit code.
    int (*run)(std::span<const std::string_view> arguments, const cli::Io& io);
};

std::span<const Tool> tools();
// By what the program was called: "/usr/bin/kafka-topics.sh" is kafka-topics. nullptr when it is
// none of the tools.
const Tool* find_tool(std::string_view program);

int run_consumer_groups(std::span<const std::string_view> arguments, const cli::Io& io);
int run_transactions(std::span<const std::string_view> arguments, const cli::Io& io);
int run_topics(std::span<const std::string_view> arguments, const cli::Io& io);
int run_console_producer(std::span<const std::string_view> arguments, const cli::Io& io);
int run_console_consumer(std::span<const std::string_view> arguments, const cli::Io& io);
int run_dump_log(std::span<const std::string_view> arguments, const cli::Io& io);

}  // namespace milena::kafka_tools
