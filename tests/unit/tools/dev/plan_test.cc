#include "tools/dev/plan.h"

#include "tools/kafka/properties_file.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::dev {
namespace {

using testing::HasSubstr;

using Settings = std::map<std::string, std::string>;

Settings settings_of(const NodePlan& node) {
    return {node.settings.begin(), node.settings.end()};
}

std::vector<NodePlan> plan(Request request) {
    request.working_folder = "/srv/franz";
    auto nodes = plan_cluster(request);
    EXPECT_TRUE(nodes) << nodes.error().detail;
    return nodes.value_or(std::vector<NodePlan>());
}

std::string refusal(Request request) {
    const auto nodes = plan_cluster(request);
    return nodes ? "" : nodes.error().detail;
}

Settings read_properties(const std::string& path) {
    const auto read = kafka_tools::load_properties(path);
    EXPECT_TRUE(read) << read.error().detail;
    Settings settings;
    for (const auto& [name, value] : *read) settings[name] = value;
    return settings;
}

TEST(DevPlan, GivesEachNodePortsAndFoldersOfItsOwn) {
    const auto nodes = plan({});
    ASSERT_EQ(nodes.size(), 3U);
    const auto second = settings_of(nodes[1]);
    EXPECT_EQ(second.at("node.id"), "2");
    EXPECT_EQ(second.at("listeners"), "PLAINTEXT://127.0.0.1:9093,CONTROLLER://127.0.0.1:9096");
    EXPECT_EQ(second.at("log.dirs"), "/srv/franz/cluster/node-2");
    EXPECT_EQ(second.at("controller.quorum.voters"),
              "1@127.0.0.1:9095,2@127.0.0.1:9096,3@127.0.0.1:9097");
    EXPECT_EQ(nodes[1].log_file, "cluster/node-2.log");
    EXPECT_EQ(nodes[1].config_file, "cluster/node-2.properties");
    EXPECT_EQ(bootstrap(nodes), "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094");
}

TEST(DevPlan, ReplicatesAsFarAsThereAreNodes) {
    struct Row {
        int nodes;
        const char* factor;
        const char* in_sync;
    };
    for (const auto& row :
         {Row{1, "1", "1"}, Row{2, "2", "1"}, Row{3, "3", "2"}, Row{5, "3", "2"}}) {
        const auto first = settings_of(plan({.nodes = row.nodes})[0]);
        for (const char* name : {"default.replication.factor", "offsets.topic.replication.factor",
                                 "transaction.state.log.replication.factor"}) {
            EXPECT_EQ(first.at(name), row.factor) << row.nodes << name;
        }
        for (const char* name : {"min.insync.replicas", "transaction.state.log.min.isr"}) {
            EXPECT_EQ(first.at(name), row.in_sync) << row.nodes << name;
        }
    }
}

TEST(DevPlan, PutsSettingsOfTheUserOverItsOwn) {
    const auto nodes =
        plan({.settings = {{"min.insync.replicas", "1"}, {"write.durability", "page-cache"}}});
    for (const auto& node : nodes) {
        const auto settings = settings_of(node);
        EXPECT_EQ(settings.at("min.insync.replicas"), "1");
        EXPECT_EQ(settings.at("write.durability"), "page-cache");
        EXPECT_EQ(settings.size(), node.settings.size()) << "a name stands there twice";
    }
}

TEST(DevPlan, RefusesWhatCannotWork) {
    EXPECT_THAT(refusal({.base_port = 65533}), HasSubstr("up to 65538"));
    EXPECT_THAT(refusal({.base_port = 0}), HasSubstr("ports"));
    EXPECT_EQ(refusal({.base_port = 65530}), "");
    EXPECT_THAT(refusal({.data = "a,b"}), HasSubstr("comma"));
    EXPECT_THAT(refusal({.settings = {{"node.id", "4"}}}), HasSubstr("node.id"));
    EXPECT_THAT(refusal({.settings = {{"listeners", ""}}}), HasSubstr("listeners"));
}

TEST(DevPlan, WritesPropertiesThatAreReadAsTheyWere) {
    auto node = plan({.settings = {{"replica.selector.class", " a\\b"}}})[2];
    const auto path = std::filesystem::path(testing::TempDir()) / "dev-plan.properties";
    std::ofstream(path) << properties_text(node, 3);
    EXPECT_EQ(read_properties(path.string()), settings_of(node));
    std::filesystem::remove(path);
}

TEST(DevPlan, IsWhatTheExamplesSayByHand) {
    const auto nodes = plan({});
    for (const auto& node : nodes) {
        auto ours = settings_of(node);
        auto example = read_properties(std::string(MILENA_SOURCE_DIR) + "/conf/cluster-" +
                                       std::to_string(node.id) + ".properties");
        EXPECT_EQ(ours.erase("log.dirs"), 1U);
        EXPECT_EQ(example.erase("log.dirs"), 1U);
        EXPECT_EQ(example, ours);
    }
}

TEST(DevPlan, KnowsTheFilesOfItsNodes) {
    EXPECT_EQ(node_of_config_file("node-12.properties"), 12);
    for (const char* name : {"node-.properties", "node-1.log", "node-x.properties", "node-1",
                             "node-0.properties", "node--1.properties", "a-node-1.properties"}) {
        EXPECT_EQ(node_of_config_file(name), 0) << name;
    }
}

}  // namespace
}  // namespace milena::dev
