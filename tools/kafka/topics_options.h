// The options of kafka-topics and the rules that its command line obeys (TopicCommand of
// Kafka 4.2).
#pragma once

#include "tools/kafka/options.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::kafka_tools {

std::span<const OptionSpec> topics_option_specs();

// Why Kafka's tool would refuse this command line; nothing when it would run.
std::optional<Refusal> check_topics_options(const Options& options);

// "1:2,2:3" is partition 0 on brokers 1 and 2, partition 1 on 2 and 3. Every partition needs as
// many brokers as the first, none twice.
Result<std::vector<std::vector<std::int32_t>>> parse_replica_assignment(std::string_view text);

// "name=value" with blanks around "=" allowed.
Result<std::vector<std::pair<std::string, std::string>>> parse_topic_configs(
    std::span<const std::string> arguments);

}  // namespace milena::kafka_tools
