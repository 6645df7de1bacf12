#include "tools/client/reset.h"

#include <string_view>

#include <gtest/gtest.h>

namespace milena::client {
namespace {

TEST(Reset, ReadsTimes) {
    const struct {
        std::string_view text;
        std::int64_t time;
    } table[] = {
        {"1970-01-01T00:00:00.000", 0},
        {"1970-01-01T00:00:01", 1000},
        {"2026-11-21T13:28:00.250Z", 1795267680250},
        {"2026-11-21T14:28:00.250+01:00", 1795267680250},
        {"2026-11-21T08:28:00.250-0500", 1795267680250},
    };
    for (const auto& row : table) {
        const auto time = parse_datetime(row.text);
        ASSERT_TRUE(time) << row.text;
        EXPECT_EQ(time->value(), row.time) << row.text;
    }
    for (const auto* wrong :
         {"", "yesterday", "2026-11-21", "2026-13-01T00:00:00", "2026-11-21T25:00:00",
          "2026-11-21T13:28:00.250X", "2026-11-21T13:28:00+1", "2026-11-21T13:28:00.2"}) {
        EXPECT_FALSE(parse_datetime(wrong)) << wrong;
    }
}

TEST(Reset, ReadsDurations) {
    const struct {
        std::string_view text;
        std::int64_t seconds;
    } table[] = {{"PT1S", 1}, {"PT2H3M", 7380}, {"P1D", 86400}, {"P1DT2H3M4S", 93784}};
    for (const auto& row : table) {
        const auto duration = parse_duration(row.text);
        ASSERT_TRUE(duration) << row.text;
        EXPECT_EQ(*duration, Millis(row.seconds * 1000)) << row.text;
    }
    for (const auto* wrong : {"", "P", "1D", "PT", "P1H", "PT1D", "PT1", "P1DT", "PTxS"}) {
        EXPECT_FALSE(parse_duration(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace milena::client
