// The command line of kafka-console-consumer (ConsoleConsumer of Kafka 4.2) and what follows from
// it.
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "tools/kafka/options.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace milena::kafka_tools {

std::span<const OptionSpec> console_consumer_option_specs();

enum class StartAt : std::uint8_t { earliest, latest, offset };

struct ConsoleConsumerSettings {
    std::string topic;                        // or
    std::string include;                      // a regular expression for topic names
    std::optional<PartitionIndex> partition;  // nothing: all of them
    StartAt start = StartAt::latest;
    Offset offset{0};                    // when start is offset
    std::optional<std::string> group;    // as given; nothing: all partitions, no positions
    std::int64_t max_messages = -1;      // -1: no limit
    std::optional<Millis> idle_timeout;  // ends when nothing arrives for so long
    bool skip_on_error = false;
    bool systest_events = false;
    std::string formatter;
    Properties formatter_properties;
    Properties consumer;                // Kafka's consumer settings
    std::vector<std::string> warnings;  // go to standard output
};

std::expected<ConsoleConsumerSettings, Refusal> console_consumer_settings(const Options& options);

}  // namespace milena::kafka_tools
