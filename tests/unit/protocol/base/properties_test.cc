#include "protocol/base/properties.h"

#include <string>

#include <gtest/gtest.h>

namespace milena {
namespace {

// "name|value|line;" for each assignment.
std::string flat(std::string_view text) {
    const auto parsed = parse_properties(text, "f");
    if (!parsed) return "error " + parsed.error().detail;
    std::string result;
    for (const Assignment& one : *parsed) {
        result += one.name + "|" + one.value + "|" + one.where.substr(2) + ";";
    }
    return result;
}

TEST(Properties, AreReadAsJavaDoes) {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const Case cases[] = {
        {"", ""},
        {"a=1", "a|1|1;"},
        {"a=1\nb=2\r\nc=3\rd=4", "a|1|1;b|2|2;c|3|3;d|4|4;"},
        {"# no\n! no\n  # no\n\na=1", "a|1|5;"},
        {"a = 1\nb: 2\nc 3\nd\t:\t4", "a|1|1;b|2|2;c|3|3;d|4|4;"},
        {"a = = 1", "a|= 1|1;"},
        {"a\nb=\nc :", "a||1;b||2;c||3;"},
        {"=x", "|x|1;"},
        {"a=1 ", "a|1 |1;"},
        {"  a=1", "a|1|1;"},
        {"a=one\\\n   two\nb=2", "a|onetwo|1;b|2|3;"},
        {"a=one\\\\\nb=2", "a|one\\|1;b|2|2;"},
        {"a=1\\", "a|1|1;"},
        {"# comment \\\na=1", "a|1|2;"},
        {"a\\ b=1\na\\=b=2\na\\:b=3", "a b|1|1;a=b|2|2;a:b|3|3;"},
        {"a=\\t\\n\\r\\f\\x", "a|\t\n\r\fx|1;"},
        {"a=\\u0041\\u00e9\\u20AC", "a|A\xC3\xA9\xE2\x82\xAC|1;"},
        {"a=\\uD83D\\uDE00", "a|\xF0\x9F\x98\x80|1;"},
        {"a=\\u12g4", "error f:1: \\u must be followed by four hex digits"},
        {"a=\\u12", "error f:1: \\u must be followed by four hex digits"},
        {"a=h\xC3\xA9", "a|h\xC3\xA9|1;"},
        {"\xEF\xBB\xBF"
         "a=1",
         "a|1|1;"},
        {"a=1\na=2", "a|1|1;a|2|2;"},
        {"\\\n\\\n", ""},
    };
    for (const Case& c : cases) EXPECT_EQ(flat(c.text), c.want) << c.text;
}

}  // namespace
}  // namespace milena
