#include "tools/kafka/subcommands.h"

#include "tests/unit/tools/kafka/words.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

constexpr ArgumentSpec kGlobal[] = {
    {"command-config", "FILE", ArgumentType::text, false, "A file."},
    {"bootstrap-server", "host:port", ArgumentType::text, true, "Brokers."},
};
constexpr ArgumentSpec kShow[] = {
    {"name", "", ArgumentType::text, true, "A name."},
    {"part", "", ArgumentType::int32, false, "A number."},
    {"epoch", "", ArgumentType::int16, false, "A small number."},
};
constexpr SubcommandSpec kCommands[] = {{"list", "list things", {}},
                                        {"show", "show a thing", kShow}};
constexpr ToolSpec kTool = {"kafka-things.sh", "Things.", kGlobal, kCommands};

// The last line of the complaint.
std::string refusal(std::string_view line) {
    const auto words = words_of(line);
    const auto parsed = parse_subcommand(kTool, words);
    if (parsed) return "";
    EXPECT_TRUE(parsed.error().is_complaint());
    EXPECT_EQ(parsed.error().exit_code(), 1);
    const auto& text = parsed.error().text;
    const auto at = text.rfind('\n', text.size() - 2);
    return text.substr(at + 1, text.size() - at - 2);
}

TEST(Subcommands, AreReadWithTheirArguments) {
    const std::string_view line = "--bootstrap-server x:1 show --name n --part=-3";
    const auto words = words_of(line);
    const auto parsed = parse_subcommand(kTool, words);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->name(), "show");
    EXPECT_EQ(parsed->text("bootstrap-server"), "x:1");
    EXPECT_EQ(parsed->text("name"), "n");
    EXPECT_EQ(parsed->number("part"), -3);
    EXPECT_EQ(parsed->number("epoch"), std::nullopt);
    EXPECT_FALSE(parsed->has("epoch"));
}

TEST(Subcommands, AreRefusedInTheWordsOfArgparse) {
    const std::pair<const char*, const char*> rows[] = {
        {"", "kafka-things.sh: error: too few arguments"},
        {"--bootstrap-server x:1", "kafka-things.sh: error: too few arguments"},
        {"list", "kafka-things.sh: error: argument --bootstrap-server is required"},
        {"--bootstrap-server x:1 foo",
         "kafka-things.sh: error: invalid choice: 'foo' (choose from 'list', 'show')"},
        {"--bootstrap-server x:1 show", "kafka-things.sh: error: argument --name is required"},
        {"--bootstrap-server x:1 list --foo",
         "kafka-things.sh: error: unrecognized arguments: '--foo'"},
        {"--bootstrap-server x:1 list more",
         "kafka-things.sh: error: unrecognized arguments: 'more'"},
        {"--bootstrap-server x:1 show --name",
         "kafka-things.sh: error: argument --name: expected one argument"},
        {"--bootstrap-server x:1 show --name n --part x",
         "kafka-things.sh: error: argument --part: could not convert 'x' to Integer (For input "
         "string: \"x\")"},
        {"--bootstrap-server x:1 show --name n --epoch 70000",
         "kafka-things.sh: error: argument --epoch: could not convert '70000' to Short (For input "
         "string: \"70000\")"},
    };
    for (const auto& [line, expected] : rows) EXPECT_EQ(refusal(line), expected) << line;
}

TEST(Subcommands, ShowTheirUsageInFrontOfAComplaint) {
    const auto words = words_of("--bootstrap-server x:1 show");
    const auto parsed = parse_subcommand(kTool, words);
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().text.starts_with(
        "usage: kafka-things.sh --bootstrap-server host:port show [-h] --name NAME\n"
        "                       [--part PART] [--epoch EPOCH]\n"))
        << parsed.error().text;
}

TEST(Subcommands, ExplainThemselves) {
    for (const auto* line : {"--help", "show -h"}) {
        const auto words = words_of(line);
        const auto parsed = parse_subcommand(kTool, words);
        ASSERT_FALSE(parsed);
        EXPECT_FALSE(parsed.error().is_complaint());
        EXPECT_EQ(parsed.error().exit_code(), 1) << "as Kafka's tools end";
    }
    const auto words = words_of("--version");
    const auto version = parse_subcommand(kTool, words);
    ASSERT_FALSE(version);
    EXPECT_EQ(version.error().exit_code(), 0);
    EXPECT_EQ(version.error().text, "4.2.0\n");
}

}  // namespace
}  // namespace milena::kafka_tools
