#include "tools/dev/log_lines.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::dev {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(DevLogLines, AreWholeHoweverTheyArrive) {
    LineSplitter lines;
    EXPECT_THAT(lines.add("one\ntw"), ElementsAre("one"));
    EXPECT_THAT(lines.add(""), IsEmpty());
    EXPECT_THAT(lines.add("o\n\nthree\n"), ElementsAre("two", "", "three"));
}

TEST(DevLogLines, DoNotGrowWithoutEnd) {
    LineSplitter lines;
    EXPECT_THAT(lines.add(std::string(200'000, 'x')), SizeIs(1));
    EXPECT_THAT(lines.add("y\n"), ElementsAre("y"));
}

TEST(DevLogLines, TellWhatMatters) {
    NodePlan node;
    node.port = 9093;
    EXPECT_TRUE(says_serving("listening PLAINTEXT 127.0.0.1:9093", node));
    EXPECT_FALSE(says_serving("listening PLAINTEXT 127.0.0.1:9092", node));
    EXPECT_FALSE(says_serving("listening CONTROLLER 127.0.0.1:9093", node));
    EXPECT_TRUE(is_error("2026-01-31T12:00:00.000 error disk_failed path=data"));
    EXPECT_TRUE(is_error("milena: cannot start: the directory is locked"));
    EXPECT_FALSE(is_error("2026-01-31T12:00:00.000 warning slow"));
    EXPECT_FALSE(is_error("2026-01-31T12:00:00.000 info error_of_a_client seen"));
    EXPECT_FALSE(is_error(""));
}

TEST(DevLogReader, ReadsWhatComesAfterItWasMade) {
    const auto path = std::filesystem::path(testing::TempDir()) / "dev-log-reader.log";
    std::ofstream(path) << "of the last run\n";
    LogReader reader(path.string());
    EXPECT_THAT(reader.read(), IsEmpty());
    std::ofstream(path, std::ios::app) << "one\ntwo\nthr";
    EXPECT_THAT(reader.read(), ElementsAre("one", "two"));
    std::ofstream(path, std::ios::app) << "ee\n";
    EXPECT_THAT(reader.read(), ElementsAre("three"));
    std::filesystem::remove(path);
    EXPECT_THAT(reader.read(), IsEmpty());
}

}  // namespace
}  // namespace milena::dev
