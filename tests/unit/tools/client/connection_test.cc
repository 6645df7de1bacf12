#include "tools/client/connection.h"

#include "tests/unit/tools/client/fake_broker.h"
#include "tools/client/machine.h"

#include <gtest/gtest.h>

namespace milena::client {
namespace {

class ConnectionTest : public testing::Test {
  protected:
    Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint) {
        return Connection::open(endpoint, "test", deadline(), clock_);
    }
    MonoTime deadline() const { return clock_.now() + std::chrono::seconds(20); }

    MachineClock clock_;
    FakeBroker broker_;
};

FakeBroker::Answer old_broker(const FakeBroker::Request& request) {
    using Response = msg::ApiVersionsResponse;
    Arena arena;
    Response response;
    response.api_keys = Array<Response::ApiVersion>::make(arena, 2);
    response.api_keys[0].api_key = static_cast<std::int16_t>(ApiKey::ApiVersions);
    response.api_keys[0].max_version = 2;
    response.api_keys[1].api_key = static_cast<std::int16_t>(ApiKey::Metadata);
    response.api_keys[1].min_version = 1;
    response.api_keys[1].max_version = 5;
    if (request.head.version.value() <= 2) return request.answer(response).bytes;
    // Kafka answers a version that it does not know in version 0.
    response.error_code = ErrorCode::UNSUPPORTED_VERSION;
    return encode_response(request.head.correlation_id, ApiVersion(0), response)->bytes;
}

TEST_F(ConnectionTest, AgreesOnTheNewestVersionsThatBothSpeak) {
    const auto connection = open(broker_.endpoint());
    ASSERT_TRUE(connection.has_value()) << connection.error().detail;
    EXPECT_EQ((*connection)->version_of(ApiKey::Metadata, 13).value(), ApiVersion(13));
    EXPECT_EQ((*connection)->version_of(ApiKey::Metadata, 9).value(), ApiVersion(9));
    EXPECT_TRUE((*connection)->speaks(ApiKey::DescribeTopicPartitions));
}

TEST_F(ConnectionTest, FallsBackToWhatAnOldBrokerOffers) {
    broker_.on(ApiKey::ApiVersions, &old_broker);
    const auto connection = open(broker_.endpoint());
    ASSERT_TRUE(connection.has_value()) << connection.error().detail;
    EXPECT_EQ(broker_.count(ApiKey::ApiVersions), 2);
    EXPECT_EQ((*connection)->version_of(ApiKey::Metadata, 13).value(), ApiVersion(5));
    EXPECT_FALSE((*connection)->speaks(ApiKey::Produce));
    const auto refused = (*connection)->version_of(ApiKey::Produce, 13);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::UNSUPPORTED_VERSION);
    EXPECT_NE(refused.error().detail.find("does not offer this request"), std::string::npos);
}

TEST_F(ConnectionTest, CallsAndDecodesTheAnswer) {
    broker_.on<msg::MetadataRequest>([this](const auto& request, Arena& arena) {
        return broker_.metadata(arena, request.topics[0].name.value_or_empty(), 2);
    });
    const auto connection = open(broker_.endpoint());
    ASSERT_TRUE(connection.has_value()) << connection.error().detail;
    msg::MetadataRequest request;
    msg::MetadataRequest::MetadataRequestTopic topic;
    topic.name = "t";
    request.topics = Array<msg::MetadataRequest::MetadataRequestTopic>(&topic, 1);
    const auto reply = (*connection)->call(request, deadline());
    ASSERT_TRUE(reply.has_value()) << reply.error().detail;
    ASSERT_EQ((*reply)->message.topics.size(), 1u);
    EXPECT_EQ((*reply)->message.topics[0].name, NullableString("t"));
    EXPECT_EQ((*reply)->message.topics[0].partitions.size(), 2u);
}

TEST_F(ConnectionTest, SaysThatNothingListens) {
    Endpoint free;
    {
        const FakeBroker gone;
        free = gone.endpoint();
    }
    const auto connection = open(free);
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, ErrorCode::NETWORK_EXCEPTION);
    EXPECT_EQ(connection.error().detail,
              "cannot connect to " + free.to_string() +
                  ": Connection refused: nothing listens there. Is the broker running, and on that "
                  "port?");
}

TEST_F(ConnectionTest, SaysThatAHostIsUnknown) {
    const auto connection = open({"no.such.host.invalid", 9092});
    ASSERT_FALSE(connection.has_value());
    EXPECT_NE(connection.error().detail.find("cannot find the host 'no.such.host.invalid'"),
              std::string::npos)
        << connection.error().detail;
}

TEST_F(ConnectionTest, SaysWhatFailedOnWhichBroker) {
    struct Case {
        std::string raw_answer;  // empty: hang up
        std::string_view expected;
    };
    const Case cases[] = {
        {"", "the broker closed the connection"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n",
         "the answer claims 1213486160 bytes; is this the port of a Kafka broker, without TLS?"},
        {std::string("\0\0\0\6\0\0\0\x63\0\0", 10),
         "the answer has correlation id 99, the request had 1"},
        {std::string("\0\0\0\4\0\0\0\1", 8), "ApiVersionsResponse"},
    };
    for (const auto& c : cases) {
        FakeBroker broker;
        if (c.raw_answer.empty()) {
            broker.on(ApiKey::ApiVersions, [](const auto&) { return std::nullopt; });
        } else {
            broker.answer_everything_with(c.raw_answer);
        }
        const auto connection = open(broker.endpoint());
        ASSERT_FALSE(connection.has_value()) << c.expected;
        const auto prefix = "ApiVersions to " + broker.endpoint().to_string() + ": ";
        EXPECT_TRUE(connection.error().detail.starts_with(prefix)) << connection.error().detail;
        EXPECT_NE(connection.error().detail.find(c.expected), std::string::npos)
            << connection.error().detail;
    }
}

TEST_F(ConnectionTest, GivesUpOnABrokerThatDoesNotAnswer) {
    broker_.on(ApiKey::ApiVersions, [](const auto&) { return std::vector<std::uint8_t>(); });
    const auto connection =
        Connection::open(broker_.endpoint(), "test", clock_.now() + Millis(50), clock_);
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, ErrorCode::REQUEST_TIMED_OUT);
}

}  // namespace
}  // namespace milena::client
