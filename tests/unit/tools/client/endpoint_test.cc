#include "tools/client/endpoint.h"

#include <gtest/gtest.h>

namespace milena::client {
namespace {

struct Case {
    std::string_view list;
    MissingPort missing_port;
    std::vector<Endpoint> expected;  // empty: an error
};

TEST(Endpoint, ReadsWhatPeopleType) {
    constexpr auto kStrict = MissingPort::is_an_error;
    constexpr auto kLax = MissingPort::means_9092;
    const Case cases[] = {
        {"localhost:9092", kStrict, {{"localhost", 9092}}},
        {"a:1,b:2", kStrict, {{"a", 1}, {"b", 2}}},
        {" a:1 , b:2 ,", kStrict, {{"a", 1}, {"b", 2}}},
        {"[::1]:9092", kStrict, {{"::1", 9092}}},
        {"PLAINTEXT://host-1.example:65535", kStrict, {{"host-1.example", 65535}}},
        {"localhost", kLax, {{"localhost", 9092}}},
        {"::1", kLax, {{"::1", 9092}}},
        {"[::1]", kLax, {{"::1", 9092}}},
        {"localhost", kStrict, {}},
        {"localhost:", kLax, {}},
        {":9092", kStrict, {}},
        {"localhost:0", kStrict, {}},
        {"localhost:65536", kStrict, {}},
        {"localhost:9o92", kStrict, {}},
        {"a:1,b", kStrict, {}},
        {"", kLax, {}},
        {" , ", kLax, {}},
    };
    for (const auto& c : cases) {
        const auto parsed = parse_endpoints(c.list, c.missing_port);
        EXPECT_EQ(parsed.has_value(), !c.expected.empty()) << '\'' << c.list << '\'';
        if (parsed) {
            EXPECT_EQ(*parsed, c.expected) << '\'' << c.list << '\'';
        }
    }
}

TEST(Endpoint, ErrorNamesThePartAndShowsTheForm) {
    const auto parsed = parse_endpoints("good:1,bad", MissingPort::is_an_error);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_NE(parsed.error().detail.find("'bad'"), std::string::npos) << parsed.error().detail;
    EXPECT_NE(parsed.error().detail.find("localhost:9092"), std::string::npos);
}

TEST(Endpoint, TextFormBracketsIpv6) {
    EXPECT_EQ((Endpoint{"::1", 9092}).to_string(), "[::1]:9092");
    EXPECT_EQ((Endpoint{"localhost", 9092}).to_string(), "localhost:9092");
}

}  // namespace
}  // namespace milena::client
