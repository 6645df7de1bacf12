#include "tools/kafka/line_reader.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

std::string show(client::OptionalBytes bytes) {
    return bytes ? "'" + std::string(*bytes) + "'" : "null";
}

// "headers key value", or the error.
std::string parse(const Properties& properties, std::string_view line) {
    const auto reader = LineReader::make(properties);
    if (!reader) return reader.error().detail;
    const auto parsed = reader->parse(line, 1);
    if (!parsed) return parsed.error().detail;
    std::string out = "[";
    for (const auto& h : parsed->headers) out += std::string(h.key) + "=" + show(h.value) + " ";
    return out + "] " + show(parsed->key) + " " + show(parsed->value);
}

const Properties kKey = {{"parse.key", "true"}};
const Properties kBoth = {{"parse.key", "true"}, {"parse.headers", "true"}};

Properties with(Properties properties, const Properties& more) {
    for (const auto& [key, value] : more) properties.insert_or_assign(key, value);
    return properties;
}

// Outcomes of LineMessageReader of Kafka 4.2.0.
TEST(LineReader, CutsALineIntoHeadersKeyAndValue) {
    const std::tuple<Properties, std::string_view, std::string_view> cases[] = {
        {{}, "plain", "[] null 'plain'"},
        {{}, "", "[] null ''"},
        {{}, "a\tb", "[] null 'a\tb'"},
        {kKey, "k\tv", "[] 'k' 'v'"},
        {kKey, "k\tv\tw", "[] 'k' 'v\tw'"},
        {kKey, "\tv", "[] '' 'v'"},
        {kKey, "k\t", "[] 'k' ''"},
        {with(kKey, {{"key.separator", "::"}}), "k::v", "[] 'k' 'v'"},
        {kKey, "no", "No key separator found on line number 1: 'no'"},
        {with(kKey, {{"ignore.error", "true"}}), "no", "[] null 'no'"},
        {kBoth, "h1:v1,h2:v2\tk\tv", "[h1='v1' h2='v2' ] 'k' 'v'"},
        {kBoth, "h1:\tk\tv", "[h1='' ] 'k' 'v'"},
        {kBoth, "h1:a:b,\tk\tv", "[h1='a:b' ] 'k' 'v'"},
        {kBoth, "none", "No headers delimiter found on line number 1: 'none'"},
        {kBoth, "h1\tk\tv", "No header key separator found in pair 'h1' on line number 1"},
        {with(kBoth, {{"ignore.error", "true"}}), "h1\tk\tv", "[h1=null ] 'k' 'v'"},
        {with(kBoth, {{"null.marker", "NULL"}}), "h:NULL\tNULL\tNULL", "[h=null ] null null"},
        {with(kBoth, {{"null.marker", "NULL"}}), "NULL\tk\tv", "[] 'k' 'v'"},
        {with(kBoth, {{"null.marker", "NULL"}}), "NULL:x\tk\tv",
         "Header keys should not be equal to the null marker 'NULL' as they can't be null"},
    };
    for (const auto& [properties, line, expected] : cases) {
        EXPECT_EQ(parse(properties, line), expected) << '\'' << line << '\'';
    }
}

TEST(LineReader, RefusesSeparatorsThatAreTheSame) {
    const std::pair<Properties, std::string_view> cases[] = {
        {{{"headers.delimiter", ","}}, "headers.delimiter and headers.separator may not be equal"},
        {{{"headers.delimiter", ":"}},
         "headers.delimiter and headers.key.separator may not be equal"},
        {{{"headers.separator", ":"}},
         "headers.separator and headers.key.separator may not be equal"},
        {{{"null.marker", "\t"}}, "null.marker and key.separator may not be equal"},
        {{{"null.marker", ","}}, "null.marker and headers.separator may not be equal"},
        {{{"null.marker", ":"}}, "null.marker and headers.key.separator may not be equal"},
    };
    for (const auto& [properties, message] : cases) EXPECT_EQ(parse(properties, ""), message);
}

}  // namespace
}  // namespace milena::kafka_tools
