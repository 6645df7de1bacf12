#include "broker/config/serve_line.h"

#include "broker/config/reference.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

ServeLine read_line(const std::vector<std::string>& arguments, std::string file = "") {
    return read_serve_line(
        arguments, "this.host",
        [file = std::move(file)](const std::string& path) -> Result<std::string> {
            if (path == "missing") return read_config_file(path);
            return file;
        });
}

TEST(ServeLine, NothingStartsTheDefaultNode) {
    const ServeLine line = read_line({});
    ASSERT_TRUE(line.settings.has_value());
    EXPECT_THAT(line.errors, IsEmpty());
    EXPECT_EQ(line.settings->node().node_id, BrokerId(1));
}

TEST(ServeLine, SetWinsOverTheFile) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"--config", "f", "--set", "num.partitions=5"},
             {"--config=f", "--set=num.partitions=5"},
             {"f", "--override", "num.partitions=5"},
             {"--set", "num.partitions=4", "--set", "num.partitions=5", "f"}}) {
        const ServeLine line = read_line(arguments, "num.partitions=3\nnode.id=9");
        ASSERT_TRUE(line.settings.has_value()) << line.errors;
        EXPECT_EQ(line.settings->get(opt::broker::num_partitions), 5);
        EXPECT_EQ(line.settings->node().node_id, BrokerId(9));
    }
}

TEST(ServeLine, MistakesLeaveWithTwoAndSayWhere) {
    struct Case {
        std::vector<std::string> arguments;
        std::string file;
        std::string_view want;
    };
    const Case cases[] = {
        {{"--config", "f"},
         "\nnum.partition=1",
         "f:2: unknown setting num.partition; did you mean"},
        {{"--set", "num.partitions=0"}, "", "--set: num.partitions=0: must be at least 1"},
        {{"--set", "num.partitions"}, "", "is not of the form name=value"},
        {{"--config", "missing"}, "", "missing: cannot be read: No such file"},
        {{"--confg", "f"}, "", "--confg"},
        {{"--config"}, "", "--config"},
        {{"f", "g"}, "", "g"},
    };
    for (const Case& c : cases) {
        const ServeLine line = read_line(c.arguments, c.file);
        EXPECT_FALSE(line.settings.has_value());
        EXPECT_EQ(line.exit_code, 2);
        EXPECT_THAT(line.errors, HasSubstr(c.want));
        EXPECT_THAT(line.output, IsEmpty());
    }
}

TEST(ServeLine, CheckReadsButDoesNotStart) {
    const ServeLine line = read_line({"--check", "f"}, "background.threads=3");
    EXPECT_FALSE(line.settings.has_value());
    EXPECT_EQ(line.exit_code, 0);
    EXPECT_THAT(line.output, HasSubstr("good"));
    EXPECT_THAT(line.errors, HasSubstr("warning: f:1: background.threads is accepted but"));
}

TEST(ServeLine, HelpIsPrintedFromTheTable) {
    const ServeLine line = read_line({"--help"});
    EXPECT_EQ(line.exit_code, 0);
    for (const char* part : {"--config", "--set", "node.id=1", "listeners=PLAINTEXT://127.0.0.1"}) {
        EXPECT_THAT(line.output, HasSubstr(part));
    }
}

TEST(ParseAssignment, SplitsAtTheFirstEqualsSign) {
    const auto one = parse_assignment(" a.b = c=d ", "--set");
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(one->name, "a.b");
    EXPECT_EQ(one->value, "c=d");
    EXPECT_EQ(one->where, "--set");
    EXPECT_TRUE(parse_assignment("a=", "--set").has_value());
    for (const std::string_view wrong : {"a", "=b", " =b", ""}) {
        const auto refused = parse_assignment(wrong, "--set");
        ASSERT_FALSE(refused.has_value()) << wrong;
        EXPECT_NE(refused.error().detail.find("name=value"), std::string::npos);
    }
}

TEST(ReadConfigFile, ReadsAFileAndTellsWhyItCannot) {
    const auto text = read_config_file(MILENA_SOURCE_DIR "/conf/single.properties");
    ASSERT_TRUE(text.has_value()) << text.error().detail;
    EXPECT_THAT(*text, HasSubstr("listeners="));
    const auto directory = read_config_file(MILENA_SOURCE_DIR);
    ASSERT_FALSE(directory.has_value());
    EXPECT_THAT(directory.error().detail, HasSubstr("cannot be read"));
}

TEST(Conf, ExamplesLoadWithoutAWarning) {
    for (const std::string name : {"single", "cluster-1", "cluster-2", "cluster-3"}) {
        const auto path = MILENA_SOURCE_DIR "/conf/" + name + ".properties";
        const ServeLine line =
            read_serve_line(std::vector<std::string>{path}, "this.host", read_config_file);
        ASSERT_TRUE(line.settings.has_value()) << line.errors;
        EXPECT_THAT(line.errors, IsEmpty()) << name;
    }
}

// REWRITE=1 in the environment brings the file up to date instead.
TEST(Conf, ReferenceIsCurrent) {
    const std::string path = MILENA_SOURCE_DIR "/conf/reference.properties";
    if (std::getenv("REWRITE") != nullptr) std::ofstream(path) << reference_properties();
    std::ifstream file(path);
    std::stringstream stands;
    stands << file.rdbuf();
    EXPECT_TRUE(stands.str() == reference_properties())
        << "conf/reference.properties is stale; run this test with REWRITE=1, or milena serve "
           "--print-reference > conf/reference.properties";
}

TEST(Conf, EveryLineOfTheReferenceLoads) {
    std::string text;
    std::istringstream lines(reference_properties());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("\n\n# The settings below")) break;
        const bool names_a_value = line.starts_with('#') && line.size() > 1 && line[1] != ' ' &&
                                   line[1] != '#' && !line.ends_with('=');
        if (!names_a_value) continue;
        const std::string assignment = line.substr(1);
        const std::string name = assignment.substr(0, assignment.find('='));
        const Option* option = find_option(Scope::Broker, name);
        if (option == nullptr || option->update == Update::DynamicOnly) continue;
        // Older name of node.id, and the other way to name the inter-broker listener.
        if (name == "broker.id" || name == "security.inter.broker.protocol") continue;
        text += assignment + "\n";
    }
    const auto settings = Settings::from(*parse_properties(text, "reference"), "h");
    // The loopback pair is only for those who set nothing: said aloud, its names must map.
    ASSERT_TRUE(settings.has_value()) << settings.error().detail;
    EXPECT_THAT(settings->warnings(), IsEmpty());
}

}  // namespace
}  // namespace milena::config
