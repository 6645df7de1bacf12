// The options of kafka-consumer-groups and the rules that its command line obeys
// (ConsumerGroupCommandOptions of Kafka 4.2).
#pragma once

#include "tools/client/groups.h"
#include "tools/client/reset.h"
#include "tools/kafka/options.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

std::span<const OptionSpec> consumer_groups_option_specs();

// Why Kafka's tool would refuse this command line; nothing when it would run.
std::optional<Refusal> check_consumer_groups_options(const Options& options);

// The words of --state or --type of --list: "stable, Empty".
std::vector<std::string> words_of_filter(const Options& options, std::string_view name);

// "topic" (no partitions: all of them) or "topic:0,2".
Result<client::TopicPartitions> parse_topic_partitions(std::span<const std::string> arguments);

// The target that the options of --reset-offsets name; nothing for --from-file.
Result<std::optional<client::Target>> reset_target(const Options& options, const Clock& clock);

// Lines "topic,partition,offset" or "group,topic,partition,offset".
Result<std::map<std::string, client::CommittedOffsets>> parse_offsets_csv(
    std::string_view text, const std::vector<std::string>& groups);

}  // namespace milena::kafka_tools
