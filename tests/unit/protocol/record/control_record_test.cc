#include "protocol/record/control_record.h"

#include "tests/unit/protocol/record/raw_batch.h"

#include <optional>
#include <tuple>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

TEST(ControlRecord, KeysOfOtherVersionsAndTypesAreRead) {
    const std::tuple<const char*, Bytes, std::optional<int>> table[] = {
        {"abort", {0, 0, 0, 0}, 0},
        {"a newer version", {0, 9, 0, 1}, 1},
        {"an unknown type", {0, 0, 0, 99}, 99},
        {"more bytes than known", {0, 0, 0, 2, 1, 2}, 2},
        {"a negative version", {0xff, 0xff, 0, 1}, std::nullopt},
        {"three bytes", {0, 0, 0}, std::nullopt},
        {"nothing", {}, std::nullopt},
    };
    for (const auto& [what, key, type] : table) {
        SCOPED_TRACE(what);
        const auto parsed = parse_control_key(ByteView(key));
        ASSERT_EQ(parsed.has_value(), type.has_value());
        if (parsed) {
            EXPECT_EQ(static_cast<int>(*parsed), *type);
        }
    }
    EXPECT_FALSE(parse_control_key(NullableBytes()));
}

TEST(ControlRecord, OnlyMarkersAreMarkers) {
    const auto commit = control_key(ControlType::commit);
    const auto leader = control_key(ControlType::leader_change);
    const Bytes value = {0, 0, 0, 0, 0, 7};
    const Bytes newer = {0, 3, 0, 0, 0, 7, 1, 2};
    const Bytes negative = {0xff, 0xff, 0, 0, 0, 7};
    const auto parse = [](ByteView key, NullableBytes marker) {
        Record record;
        record.key = key;
        record.value = marker;
        return parse_transaction_marker(record);
    };
    EXPECT_EQ(*parse(commit, ByteView(value)), (TransactionMarker{ControlType::commit, 7}));
    EXPECT_EQ(*parse(commit, ByteView(newer)), (TransactionMarker{ControlType::commit, 7}));
    EXPECT_FALSE(parse(commit, ByteView(negative)));
    EXPECT_FALSE(parse(commit, ByteView(value).first(5)));
    EXPECT_FALSE(parse(commit, {}));
    EXPECT_FALSE(parse(leader, ByteView(value)));
    EXPECT_FALSE(parse({}, ByteView(value)));
}

}  // namespace
}  // namespace milena::test
