#include "tools/kafka/properties_file.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

TEST(PropertiesFile, GivesTheLastValueOfEveryName) {
    const auto loaded =
        load_properties(MILENA_SOURCE_DIR "/tests/unit/tools/kafka/client.properties");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().detail;
    EXPECT_EQ(*loaded, (Properties{{"bootstrap.servers", "a:1,b:2"}, {"retries", "2"}}));
}

TEST(PropertiesFile, ErrorNamesTheFile) {
    const auto loaded = load_properties("/nonexistent/client.properties");
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().detail,
              "cannot read /nonexistent/client.properties: No such file or directory");
}

}  // namespace
}  // namespace milena::kafka_tools
