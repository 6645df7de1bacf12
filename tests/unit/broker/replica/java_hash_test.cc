#include "broker/replica/java_hash.h"

#include <string_view>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

// What "...".hashCode() gives in Java 17.
TEST(JavaHash, EqualsTheHashCodeOfJavasStrings) {
    const struct {
        std::string_view text;
        std::int32_t hash;
    } table[] = {
        {"", 0},
        {"a", 97},
        {"my-group", -1906497762},
        {"polygenelubricants", INT32_MIN},
        {"gr\xc3\xbc\xc3\x9f"
         "e",
         98768023},
        {"\xf0\x9f\x98\x80", 1772899},
        {"\xff"
         "x",
         2031643},
        {"\xe2\x82\xac", 8364},
    };
    for (const auto& row : table) EXPECT_EQ(java_hash(row.text), row.hash) << row.text;
}

}  // namespace
}  // namespace milena::replica
