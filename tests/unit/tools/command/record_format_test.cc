#include "tools/command/record_format.h"

#include <gtest/gtest.h>

namespace milena::cli {
namespace {

using namespace std::string_view_literals;

const client::HeaderView kHeaders[] = {{"a", "1"}, {"b", std::nullopt}};

client::ConsumedRecord record() {
    client::ConsumedRecord r;
    r.topic = "t";
    r.partition = PartitionIndex(2);
    r.offset = Offset(7);
    r.timestamp = TimestampMs(1234);
    r.key = "k";
    r.value = "v";
    r.headers = kHeaders;
    return r;
}

TEST(RecordFormat, FillsInThePattern) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"%v\\n", "v\n"}, {"%t/%p@%o %T", "t/2@7 1234"}, {"%k\\t%h%%", "k\ta=1,b=null%"},
        {"", ""},         {"100%%\\\\", "100%\\"},
    };
    for (const auto& [pattern, expected] : cases) {
        const auto format = RecordFormat::parse(pattern);
        ASSERT_TRUE(format.has_value()) << pattern;
        std::string out;
        format->append(record(), out);
        EXPECT_EQ(out, expected) << pattern;
    }
}

TEST(RecordFormat, RefusesLettersThatMeanNothing) {
    for (const std::string_view pattern : {"%x", "%v %", "%V"}) {
        const auto format = RecordFormat::parse(pattern);
        ASSERT_FALSE(format.has_value()) << pattern;
        EXPECT_NE(format.error().detail.find(pattern), std::string::npos);
    }
}

TEST(RecordFormat, WritesJsonThatKeepsNullsAndBytes) {
    auto r = record();
    r.key = std::nullopt;
    r.value = "\xff\x01"sv;
    r.timestamp_type = TimestampType::log_append_time;
    std::string out;
    append_json(r, out);
    EXPECT_EQ(out,
              "{\"topic\":\"t\",\"partition\":2,\"offset\":7,\"timestamp\":1234,"
              "\"timestamp_type\":\"LogAppendTime\",\"key\":null,\"value\":{\"base64\":\"/wE=\"},"
              "\"headers\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":null}]}\n");
}

TEST(RecordFormat, KnowsUtf8) {
    for (const auto good : {""sv, "a"sv, "\xc3\xa9"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x98\x80"sv}) {
        EXPECT_TRUE(is_utf8(good)) << good;
    }
    for (const auto bad : {"\x80"sv, "\xc3"sv, "\xc0\xaf"sv, "\xed\xa0\x80"sv, "\xf5\x80\x80\x80"sv,
                           "\xe2\x82"sv, "\xe0\x80\x80"sv, "\xf4\x90\x80\x80"sv}) {
        EXPECT_FALSE(is_utf8(bad)) << base64(bad);
    }
}

// The examples of RFC 4648.
TEST(RecordFormat, WritesBase64) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [bytes, text] : cases) EXPECT_EQ(base64(bytes), text);
}

}  // namespace
}  // namespace milena::cli
