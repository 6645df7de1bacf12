#include "tools/command/start_position.h"

#include "tools/client/offsets.h"

#include <gtest/gtest.h>

namespace milena::cli {
namespace {

TEST(StartPosition, ReadsPlacesToBegin) {
    const std::pair<std::string_view, StartPosition> cases[] = {
        {"beginning", client::kEarliest},
        {"end", client::kLatest},
        {"0", Offset(0)},
        {"42", Offset(42)},
        {"@1700000000000", TimestampMs(1'700'000'000'000)},
        {"@2023-11-14T22:13:20Z", TimestampMs(1'700'000'000'000)},
        {"@2023-11-14 22:13:20", TimestampMs(1'700'000'000'000)},
        {"@2023-11-14T22:13", TimestampMs(1'699'999'980'000)},
        {"@2023-11-14", TimestampMs(1'699'920'000'000)},
        {"@1970-01-01", TimestampMs(0)},
        {"@2024-02-29", TimestampMs(1'709'164'800'000)},
    };
    for (const auto& [text, expected] : cases) {
        const auto position = parse_start_position(text);
        ASSERT_TRUE(position.has_value()) << text;
        ASSERT_EQ(position->index(), expected.index()) << text;
        if (const auto* offset = std::get_if<Offset>(&expected)) {
            EXPECT_EQ(std::get<Offset>(*position), *offset) << text;
        } else {
            EXPECT_EQ(std::get<TimestampMs>(*position), std::get<TimestampMs>(expected)) << text;
        }
    }
    const auto last = parse_start_position("-10");
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(std::get<FromLast>(*last).records, 10);
}

TEST(StartPosition, RefusesEverythingElse) {
    for (const std::string_view text :
         {"", "start", "4x", "@", "@yesterday", "@2023-13-01", "@2023-02-29", "@2023-11-14T25:00",
          "@2023-11-14T22:60", "@2023-11-14X22:00", "@2023-11-1", "@2023-11-14T22:13:20:00"}) {
        EXPECT_FALSE(parse_start_position(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace milena::cli
