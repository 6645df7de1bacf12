// What real clients and a real Kafka said to each other (tests/golden) is read and written again.
#include "protocol/wire/frame.h"
#include "protocol/wire/registry.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace milena {
namespace {

struct Golden {
    std::string name;
    ApiVersion version;
    std::vector<std::uint8_t> frame;  // without its length prefix
    std::string json;                 // of the body, by Kafka's converters
};

std::vector<std::uint8_t> from_hex(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

std::vector<Golden> read_golden(const std::filesystem::path& path) {
    std::vector<Golden> all;
    std::ifstream in(path);
    for (std::string head; std::getline(in, head);) {
        if (head.starts_with('#')) continue;
        std::string frame;
        std::string json;
        std::getline(in, frame);
        std::getline(in, json);
        const auto space = head.find(' ');
        all.push_back({head.substr(0, space),
                       ApiVersion{static_cast<std::int16_t>(std::stoi(head.substr(space)))},
                       from_hex(frame), json});
    }
    return all;
}

std::vector<std::filesystem::path> golden_files() {
    std::vector<std::filesystem::path> paths;
    const auto folder = std::filesystem::path(MILENA_SOURCE_DIR) / "tests/golden";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".golden") paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
}

// Reads the header and writes it again; the bytes of the header.
std::size_t check_header(const MessageType& type, const Golden& golden) {
    const ByteView frame(golden.frame);
    std::size_t size = 0;
    std::int16_t header_version = 0;
    const bool request = type.kind == MessageKind::kRequest;
    if (request) {
        const auto head = decode_request_header(frame);
        EXPECT_TRUE(head) << head.error().detail;
        if (!head) return 0;
        EXPECT_EQ(static_cast<std::int16_t>(head->api->key), type.key);
        EXPECT_EQ(head->version, golden.version);
        size = head->size;
        header_version = head->api->request_header_version(golden.version);
    } else {
        const auto key = static_cast<ApiKey>(type.key);
        const auto head = decode_response_header(frame, key, golden.version);
        EXPECT_TRUE(head) << head.error().detail;
        if (!head) return 0;
        size = head->size;
        header_version = api_row(key).response_header_version(golden.version);
    }
    const auto* header = find_message_type(request ? "RequestHeader" : "ResponseHeader");
    const auto again =
        header->recode(frame.first(size), ApiVersion{header_version}, kRequestLimits);
    EXPECT_TRUE(again && ByteView(again->bytes) == frame.first(size));
    return size;
}

TEST(Golden, EveryMessageOfRealClientsIsReadAndWrittenByteForByte) {
    int messages = 0;
    std::set<std::string> clients;
    std::set<std::pair<std::string, std::int16_t>> versions;
    for (const auto& path : golden_files()) {
        for (const auto& golden : read_golden(path)) {
            SCOPED_TRACE(path.filename().string() + ": " + golden.name + " version " +
                         std::to_string(golden.version.value()));
            const auto* type = find_message_type(golden.name);
            ASSERT_NE(type, nullptr);
            const auto header = check_header(*type, golden);
            const auto body = ByteView(golden.frame).subspan(header);
            const auto again = type->recode(body, golden.version, kRequestLimits);
            ASSERT_TRUE(again) << again.error().detail;
            EXPECT_EQ(again->consumed, body.size());
            EXPECT_TRUE(ByteView(again->bytes) == body);
            const auto json = type->to_json(body, golden.version, {});
            ASSERT_TRUE(json) << json.error().detail;
            EXPECT_EQ(boost::json::parse(*json), boost::json::parse(golden.json));
            ++messages;
            clients.insert(path.filename());
            versions.insert({golden.name, golden.version.value()});
        }
    }
    EXPECT_EQ(clients.size(), 5U);
    EXPECT_GE(messages, 300);
    EXPECT_GE(versions.size(), 150U);
}

}  // namespace
}  // namespace milena
