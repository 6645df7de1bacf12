#include "protocol/wire/header.h"

#include <vector>

#include <gtest/gtest.h>

namespace milena {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Key, version, correlation id 7, then `rest`.
Bytes request(int key, int version, const Bytes& rest) {
    Bytes bytes(8, 0);
    store_be(bytes.data(), static_cast<std::int16_t>(key));
    store_be(bytes.data() + 2, static_cast<std::int16_t>(version));
    bytes[7] = 7;
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return bytes;
}

struct HeaderCase {
    std::string name;
    Bytes frame;
    bool ok;
    std::size_t size;
};

TEST(RequestHeader, FollowsTheVersionOfTheBody) {
    const Bytes id{0, 2, 'm', 'e'};
    const Bytes id_and_tags{0, 2, 'm', 'e', 0};
    const HeaderCase cases[] = {
        {"Metadata v8: no tags", request(3, 8, id), true, 12},
        {"Metadata v9: tags", request(3, 9, id_and_tags), true, 13},
        {"Metadata v9 without its tags", request(3, 9, id), false, 0},
        {"unknown tag is passed over", request(3, 9, {0, 0, 1, 9, 2, 1, 1}), true, 15},
        {"client id null", request(3, 8, {0xff, 0xff}), true, 10},
        {"client id of length -2", request(3, 8, {0xff, 0xfe}), false, 0},
        {"client id longer than the frame", request(3, 8, {0, 9, 'm'}), false, 0},
        {"SaslHandshake is never flexible", request(17, 1, id), true, 12},
        {"ApiVersions v32767: read as a flexible one", request(18, 32767, id_and_tags), true, 13},
        {"version -1: read as an old one", request(3, -1, id), true, 12},
        {"2^32 - 1 tags", request(3, 9, {0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}), false, 0},
        {"tag of 2^31 - 1 bytes", request(3, 9, {0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 7}), false, 0},
        {"unknown key 9999", request(9999, 0, id), false, 0},
        {"unknown key -1", request(-1, 0, id), false, 0},
        {"unknown key -32768", request(-32768, 0, id), false, 0},
        {"removed key 4", request(4, 0, id), false, 0},
        {"nothing", {}, false, 0},
        {"three bytes", {0, 3, 0}, false, 0},
        {"seven bytes", {0, 3, 0, 8, 0, 0, 0}, false, 0},
    };
    for (const auto& c : cases) {
        const auto head = decode_request_header(c.frame);
        ASSERT_EQ(head.has_value(), c.ok) << c.name;
        if (!c.ok) {
            EXPECT_EQ(head.error().code, ErrorCode::INVALID_REQUEST) << c.name;
            EXPECT_FALSE(head.error().detail.empty()) << c.name;
            continue;
        }
        EXPECT_EQ(head->size, c.size) << c.name;
        EXPECT_EQ(head->correlation_id, CorrelationId{7}) << c.name;
        EXPECT_EQ(head->version.value(), load_be<std::int16_t>(c.frame.data() + 2)) << c.name;
    }
}

TEST(RequestHeader, ClientIdIsNotCompactInFlexibleVersions) {
    const auto frame = request(3, 12, {0, 2, 'm', 'e', 0, 0xaa});
    const auto head = decode_request_header(frame);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->client_id, NullableString("me"));
    EXPECT_EQ(head->size, frame.size() - 1);
}

TEST(ResponseHeader, HasTagsOnlyInFlexibleVersions) {
    const Bytes plain{0, 0, 0, 9};
    const Bytes with_tags{0, 0, 0, 9, 0};
    const auto size = [](const Bytes& frame, ApiKey key, int version) -> std::size_t {
        const auto head =
            decode_response_header(frame, key, ApiVersion{static_cast<std::int16_t>(version)});
        return head ? head->size : 0;
    };
    EXPECT_EQ(size(plain, ApiKey::Metadata, 8), 4U);
    EXPECT_EQ(size(with_tags, ApiKey::Metadata, 9), 5U);
    EXPECT_EQ(size(plain, ApiKey::Metadata, 9), 0U) << "the tags are missing";
    EXPECT_EQ(size(plain, ApiKey::ApiVersions, 4), 4U);
}

}  // namespace
}  // namespace milena
