#include "broker/coordinator/keyed_records.h"

#include "broker/coordinator/decision.h"

#include <string_view>

#include <gtest/gtest.h>

namespace milena::coordinator {
namespace {

auto writer(std::string_view text) {
    return
        [text](std::vector<std::uint8_t>& out) { out.insert(out.end(), text.begin(), text.end()); };
}

std::string text(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(KeyedRecords, TellsAnEmptyValueFromATombstone) {
    Decision<int, int, int> decision;
    KeyedRecords& records = decision.records;
    EXPECT_TRUE(records.empty());
    records.add_by(writer("group"), writer("value"));
    records.add_tombstone_by(writer("gone"));
    records.add_by(writer("bare"), writer(""));
    records.add_by(writer(""), writer("keyless"));

    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(text(records[0].key), "group");
    EXPECT_EQ(text(records[0].value.value()), "value");
    EXPECT_EQ(text(records[1].key), "gone");
    EXPECT_FALSE(records[1].value.has_value());
    EXPECT_EQ(text(records[2].key), "bare");
    EXPECT_EQ(text(records[2].value.value()), "");
    EXPECT_EQ(text(records[3].key), "");
    EXPECT_EQ(text(records[3].value.value()), "keyless");
    EXPECT_EQ(records.bytes(), 25U);
}

}  // namespace
}  // namespace milena::coordinator
