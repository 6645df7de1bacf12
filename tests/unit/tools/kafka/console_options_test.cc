#include "tests/unit/tools/kafka/words.h"
#include "tools/kafka/console_consumer_options.h"
#include "tools/kafka/console_producer_options.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

std::expected<ConsoleProducerSettings, Refusal> producer(const std::string& line) {
    const auto options = parse_line(console_producer_option_specs(), line);
    if (!options) return std::unexpected(Refusal{options.error().detail});
    return console_producer_settings(*options);
}

std::expected<ConsoleConsumerSettings, Refusal> consumer(const std::string& line) {
    const auto options = parse_line(console_consumer_option_specs(), line);
    if (!options) return std::unexpected(Refusal{options.error().detail});
    return console_consumer_settings(*options);
}

const std::string kServer = "--bootstrap-server localhost:9092 ";

// Messages as printed by ConsoleProducer of Kafka 4.2.0.
TEST(ConsoleProducerOptions, RefusesWhatKafkaRefusesInItsWords) {
    const std::tuple<std::string, std::string_view, bool> cases[] = {
        {"--topic a", "Error while validating the bootstrap address\n", true},
        {"--topic a --bootstrap-server b",
         "Please provide valid host:port like host1:9091,host2:9092\n", true},
        {kServer, "Missing required argument \"[topic]\"", true},
        {kServer + "--topic a --producer-property a=b --command-property c=d",
         "Options --command-property and --producer-property cannot be specified together.", true},
        {kServer + "--topic a --producer.config f --command-config g",
         "Options --command-config and --producer.config cannot be specified together.", true},
        {kServer + "--topic a --property a=b --reader-property c=d",
         "Options --reader-property and --property cannot be specified together.", true},
        {kServer + "--topic a --foo", "foo is not a recognized option", true},
        {kServer + "--topic a --batch-size x", "Cannot parse argument 'x' of option batch-size",
         false},
    };
    for (const auto& [line, message, with_usage] : cases) {
        const auto settings = producer(line);
        ASSERT_FALSE(settings.has_value()) << line;
        EXPECT_EQ(settings.error().message, message) << line;
        EXPECT_EQ(settings.error().with_usage, with_usage) << line;
    }
}

TEST(ConsoleProducerOptions, FillsInTheDefaultsOfTheTool) {
    const auto settings = producer(kServer + "--topic a");
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(settings->topic, "a");
    EXPECT_FALSE(settings->sync);
    EXPECT_EQ(settings->producer, (Properties{{"acks", "-1"},
                                              {"batch.size", "16384"},
                                              {"bootstrap.servers", "localhost:9092"},
                                              {"buffer.memory", "33554432"},
                                              {"client.id", "console-producer"},
                                              {"compression.type", "none"},
                                              {"linger.ms", "1000"},
                                              {"max.block.ms", "60000"},
                                              {"metadata.max.age.ms", "300000"},
                                              {"request.timeout.ms", "1500"},
                                              {"retries", "3"},
                                              {"retry.backoff.ms", "100"},
                                              {"send.buffer.bytes", "102400"}}));
}

TEST(ConsoleProducerOptions, OptionsWinOverPropertiesAndPropertiesOverDefaults) {
    const auto settings = producer(kServer +
                                   "--topic a --sync --command-property acks=0 --command-property "
                                   "linger.ms=5 --timeout 7 --compression-codec --reader-property "
                                   "parse.key=true");
    ASSERT_TRUE(settings.has_value()) << settings.error().message;
    EXPECT_TRUE(settings->sync);
    EXPECT_EQ(settings->producer.at("acks"), "0");
    EXPECT_EQ(settings->producer.at("linger.ms"), "7");
    EXPECT_EQ(settings->producer.at("compression.type"), "gzip");
    EXPECT_EQ(settings->reader, (Properties{{"parse.key", "true"}}));
    EXPECT_TRUE(settings->warnings.empty());
}

TEST(ConsoleProducerOptions, OldNamesWorkWithAWarning) {
    const auto settings = producer(kServer +
                                   "--topic a --producer-property acks=1 --property parse.key=true "
                                   "--max-partition-memory-bytes 99");
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(settings->producer.at("acks"), "1");
    EXPECT_EQ(settings->producer.at("batch.size"), "99");
    EXPECT_EQ(settings->reader.at("parse.key"), "true");
    EXPECT_EQ(settings->warnings,
              (std::vector<std::string>{
                  "Warning: --producer-property is deprecated and will be removed in a future "
                  "version. Use --command-property instead.",
                  "Warning: --property is deprecated and will be removed in a future version. Use "
                  "--reader-property instead.",
                  "Warning: --max-partition-memory-bytes is deprecated and will be removed in "
                  "Apache Kafka 5.0. Use --batch-size instead."}));
}

// Messages as printed by ConsoleConsumer of Kafka 4.2.0.
TEST(ConsoleConsumerOptions, RefusesWhatKafkaRefusesInItsWords) {
    const std::string_view one_topic =
        "Exactly one of the following arguments is required: [topic], [include]";
    const std::tuple<std::string, std::string_view, bool> cases[] = {
        {kServer, one_topic, true},
        {kServer + "--topic a --include b", one_topic, true},
        {"--topic a", "Missing required argument \"[bootstrap-server]\"", true},
        {kServer + "--include b --partition 1",
         "The topic is required when partition is specified.", true},
        {kServer + "--topic b --offset 1", "The partition is required when offset is specified.",
         true},
        {kServer + "--topic b --partition x", "Cannot parse argument 'x' of option partition",
         false},
        {kServer + "--topic b --partition 0 --offset x",
         "The provided offset value 'x' is incorrect. Valid values are 'earliest', 'latest', or a "
         "non-negative long.",
         true},
        {kServer + "--topic b --partition 0 --offset -1",
         "The provided offset value '-1' is incorrect. Valid values are 'earliest', 'latest', or "
         "a non-negative long.",
         true},
        {kServer + "--topic b --partition 0 --group g",
         "Options group and partition cannot be specified together.", true},
        {kServer + "--topic b --group g --command-property group.id=h",
         "The group ids provided in different places (directly using '--group', via "
         "'--consumer-property', or via '--consumer.config') do not match. Detected group ids: "
         "'g', 'h'",
         true},
        {kServer + "--topic b --from-beginning --partition 0 --offset 1",
         "Options from-beginning and offset cannot be specified together.", true},
        {kServer + "--topic b --from-beginning --command-property auto.offset.reset=latest",
         "Can't simultaneously specify --from-beginning and 'auto.offset.reset=latest', please "
         "remove one option",
         false},
        {kServer + "--topic b --property a=b --formatter-property c=d",
         "Options --property and --formatter-property cannot be specified together.", true},
        {kServer + "--topic b --consumer-property a=b --command-property c=d",
         "Options --consumer-property and --command-property cannot be specified together.", true},
        {kServer + "--topic b --max-messages x", "Cannot parse argument 'x' of option max-messages",
         false},
    };
    for (const auto& [line, message, with_usage] : cases) {
        const auto settings = consumer(line);
        ASSERT_FALSE(settings.has_value()) << line;
        EXPECT_EQ(settings.error().message, message) << line;
        EXPECT_EQ(settings.error().with_usage, with_usage) << line;
    }
}

TEST(ConsoleConsumerOptions, ReadsWhereToStart) {
    const std::tuple<std::string, StartAt, std::int64_t> cases[] = {
        {"", StartAt::latest, 0},
        {"--from-beginning", StartAt::earliest, 0},
        {"--command-property auto.offset.reset=earliest", StartAt::earliest, 0},
        {"--partition 1", StartAt::latest, 0},
        {"--partition 1 --from-beginning", StartAt::earliest, 0},
        {"--partition 1 --offset earliest", StartAt::earliest, 0},
        {"--partition 1 --offset LATEST", StartAt::latest, 0},
        {"--partition 1 --offset 42", StartAt::offset, 42},
    };
    for (const auto& [line, start, offset] : cases) {
        const auto settings = consumer(kServer + "--topic t " + line);
        ASSERT_TRUE(settings.has_value()) << line << ": " << settings.error().message;
        EXPECT_EQ(settings->start, start) << line;
        EXPECT_EQ(settings->offset, Offset(offset)) << line;
    }
}

TEST(ConsoleConsumerOptions, ReadsTheRest) {
    const auto settings = consumer(
        kServer +
        "--topic t --max-messages 3 --timeout-ms 500 --skip-message-on-error --group g "
        "--property print.key=true --value-deserializer V --isolation-level read_committed");
    ASSERT_TRUE(settings.has_value()) << settings.error().message;
    EXPECT_EQ(settings->max_messages, 3);
    EXPECT_EQ(settings->idle_timeout, Millis(500));
    EXPECT_TRUE(settings->skip_on_error);
    EXPECT_EQ(settings->group, "g");
    EXPECT_EQ(settings->consumer.at("isolation.level"), "read_committed");
    EXPECT_EQ(settings->formatter_properties,
              (Properties{{"print.key", "true"}, {"value.deserializer", "V"}}));
    EXPECT_EQ(settings->warnings,
              (std::vector<std::string>{"Option --property is deprecated and will be removed in a "
                                        "future version. Use --formatter-property instead."}));
    EXPECT_EQ(consumer(kServer + "--topic t --timeout-ms -5")->idle_timeout, std::nullopt);
}

}  // namespace
}  // namespace milena::kafka_tools
