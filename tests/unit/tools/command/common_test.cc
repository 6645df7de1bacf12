#include "tools/command/common.h"

#include "tools/commands.h"
#include "tools/kafka/tools.h"

#include <gtest/gtest.h>

namespace milena::cli {
namespace {

TEST(Common, ReadsSettings) {
    EXPECT_EQ(parse_setting("a=b").value(), (std::pair<std::string, std::string>("a", "b")));
    EXPECT_EQ(parse_setting("a=b=c").value(), (std::pair<std::string, std::string>("a", "b=c")));
    EXPECT_EQ(parse_setting("a=").value(), (std::pair<std::string, std::string>("a", "")));
    EXPECT_FALSE(parse_setting("a").has_value());
    EXPECT_FALSE(parse_setting("=b").has_value());
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
