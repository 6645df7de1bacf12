// The command line of kafka-console-producer (ConsoleProducer of Kafka 4.2) and what follows from
// it.
#pragma once

#include "tools/kafka/options.h"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace milena::kafka_tools {

std::span<const OptionSpec> console_producer_option_specs();

struct ConsoleProducerSettings {
    std::string topic;
    bool sync = false;
    std::string line_reader;
    Properties reader;                  // for LineReader
    Properties producer;                // Kafka's producer settings, defaults of the tool filled in
    std::vector<std::string> warnings;  // go to standard output
};

std::expected<ConsoleProducerSettings, Refusal> console_producer_settings(const Options& options);

}  // namespace milena::kafka_tools
