#include "tools/command/common.h"

#include "tools/client/machine.h"
#include "tools/commands.h"
#include "tools/kafka/tools.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::cli {
namespace {

using testing::HasSubstr;

TEST(Common, ReadsSettings) {
    EXPECT_EQ(parse_setting("a=b").value(), (std::pair<std::string, std::string>("a", "b")));
    EXPECT_EQ(parse_setting("a=b=c").value(), (std::pair<std::string, std::string>("a", "b=c")));
    EXPECT_EQ(parse_setting("a=").value(), (std::pair<std::string, std::string>("a", "")));
    EXPECT_FALSE(parse_setting("a").has_value());
    EXPECT_FALSE(parse_setting("=b").has_value());
}

// What a command line without a good subcommand is told.
std::string told(std::vector<std::string> words) {
    CLI::App app("text");
    app.require_subcommand(1);
    app.add_subcommand("list");
    app.add_subcommand("describe");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const err = ::open_memstream(&text, &size);
    client::MachineClock clock;
    SeededRandom random(1);
    const Io io{.err = err, .clock = clock, .random = random};
    EXPECT_EQ(parse(app, static_cast<int>(arguments.size()), arguments.data(), io), kBadUsage);
    std::fclose(err);
    std::string printed(text, size);
    std::free(text);
    return printed;
}

TEST(Common, NamesTheSubcommandsThatThereAre) {
    EXPECT_EQ(told({"milena topic", "frob"}), "'frob' is none of: list, describe\n");
    EXPECT_THAT(told({"milena topic"}), HasSubstr("A subcommand is required"));
    EXPECT_THAT(told({"milena topic", "list", "--frob"}), HasSubstr("--frob"));
}

TEST(Commands, AreFoundByName) {
    for (const auto& command : commands()) {
        EXPECT_EQ(find_command(command.name), &command);
        EXPECT_FALSE(command.summary.empty()) << command.name;
    }
    EXPECT_EQ(find_command("serv"), nullptr);
    EXPECT_EQ(find_command(""), nullptr);
}

TEST(KafkaTools, AreFoundByWhatTheBinaryIsCalled) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"kafka-topics", "kafka-topics"},
        {"kafka-topics.sh", "kafka-topics"},
        {"/opt/kafka/bin/kafka-topics.sh", "kafka-topics"},
        {"./kafka-console-producer", "kafka-console-producer"},
        {"bin/kafka-console-consumer.sh", "kafka-console-consumer"},
    };
    for (const auto& [program, name] : cases) {
        const auto* tool = kafka_tools::find_tool(program);
        ASSERT_NE(tool, nullptr) << program;
        EXPECT_EQ(tool->name, name);
    }
    for (const std::string_view program :
         {"milena", "/kafka-topics/milena", "kafka-topics.bat", "topics", ".sh", ""}) {
        EXPECT_EQ(kafka_tools::find_tool(program), nullptr) << program;
    }
}

}  // namespace
}  // namespace milena::cli
