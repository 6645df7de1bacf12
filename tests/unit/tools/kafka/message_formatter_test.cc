#include "tools/kafka/message_formatter.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

constexpr std::string_view kDefault = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";
const std::string kSerialization = "org.apache.kafka.common.serialization.";

const client::HeaderView kHeaders[] = {{"h1", "v1"}, {"h2", std::nullopt}};

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

std::string format(const Properties& properties, const client::ConsumedRecord& r) {
    const auto formatter = MessageFormatter::make(kDefault, properties);
    EXPECT_TRUE(formatter.has_value());
    std::string out;
    const auto status = formatter->format(r, out);
    return status ? out : "error: " + status.error().detail;
}

// Expected lines as printed by ConsoleConsumer of Kafka 4.2.0.
TEST(MessageFormatter, PrintsTheFieldsAskedForInKafkasOrder) {
    const std::pair<Properties, std::string_view> cases[] = {
        {{}, "v\n"},
        {{{"print.key", "true"}}, "k\tv\n"},
        {{{"print.key", " TRUE "}}, "k\tv\n"},
        {{{"print.key", "yes"}}, "v\n"},
        {{{"print.key", "true"}, {"print.value", "false"}}, "k\n"},
        {{{"print.value", "false"}}, ""},
        {{{"print.key", "true"}, {"key.separator", " -> "}, {"line.separator", "|"}}, "k -> v|"},
        {{{"print.timestamp", "true"}}, "CreateTime:1234\tv\n"},
        {{{"print.headers", "true"}, {"headers.separator", ";"}}, "h1:v1;h2:null\tv\n"},
        {{{"print.timestamp", "true"},
          {"print.key", "true"},
          {"print.offset", "true"},
          {"print.delivery", "true"},
          {"print.epoch", "true"},
          {"print.partition", "true"},
          {"print.headers", "true"}},
         "CreateTime:1234\tPartition:2\tOffset:7\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\t"
         "h1:v1,h2:null\tk\tv\n"},
    };
    for (const auto& [properties, expected] : cases) {
        EXPECT_EQ(format(properties, record()), expected);
    }
}

TEST(MessageFormatter, PrintsNullsEmptyHeadersAndLogAppendTime) {
    auto r = record();
    r.key = std::nullopt;
    r.value = std::nullopt;
    r.headers = {};
    r.timestamp_type = TimestampType::log_append_time;
    EXPECT_EQ(format({{"print.key", "true"},
                      {"print.headers", "true"},
                      {"print.timestamp", "true"},
                      {"null.literal", "NIL"}},
                     r),
              "LogAppendTime:1234\tNO_HEADERS\tNIL\tNIL\n");
}

TEST(MessageFormatter, DeserializesNumbersAsJavaPrintsThem) {
    using namespace std::string_view_literals;
    const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
        {"LongDeserializer", "\0\0\0\0\0\0\1\0"sv, "256\n"},
        {"LongDeserializer", "\xff\xff\xff\xff\xff\xff\xff\xfe"sv, "-2\n"},
        {"IntegerDeserializer", "\xff\xff\xff\xff"sv, "-1\n"},
        {"ShortDeserializer", "\0\x10"sv, "16\n"},
        {"DoubleDeserializer", "\x3f\xf0\0\0\0\0\0\0"sv, "1.0\n"},
        {"FloatDeserializer", "\x40\x20\0\0"sv, "2.5\n"},
        {"BooleanDeserializer", "\1"sv, "true\n"},
        {"StringDeserializer", "text"sv, "text\n"},
    };
    for (const auto& [name, bytes, expected] : cases) {
        auto r = record();
        r.value = bytes;
        EXPECT_EQ(format({{"value.deserializer", kSerialization + std::string(name)}}, r),
                  expected);
    }
}

TEST(MessageFormatter, BytesThatDoNotFitTheDeserializerAreAnErrorAndPrintNothing) {
    const auto formatter = MessageFormatter::make(
        kDefault,
        {{"value.deserializer", kSerialization + "LongDeserializer"}, {"print.key", "true"}});
    ASSERT_TRUE(formatter.has_value());
    std::string out = "before";
    const auto status = formatter->format(record(), out);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().detail, "the LongDeserializer needs 8 bytes, the field has 1");
    EXPECT_EQ(out, "before");
}

TEST(MessageFormatter, UnknownDeserializersAreWarnedAboutAndPrintRawBytes) {
    const Properties properties = {{"value.deserializer", "com.example.Avro"}};
    EXPECT_EQ(deserializer_warnings(properties).size(), 1u);
    EXPECT_TRUE(deserializer_warnings({{"value.deserializer", kSerialization + "LongDeserializer"}})
                    .empty());
    EXPECT_EQ(format(properties, record()), "v\n");
}

TEST(MessageFormatter, KnowsTheFormattersThatNeedNoGroup) {
    EXPECT_TRUE(
        MessageFormatter::make("org.apache.kafka.tools.consumer.LoggingMessageFormatter", {})
            .has_value());
    const auto silent =
        MessageFormatter::make("org.apache.kafka.tools.consumer.NoOpMessageFormatter", {});
    std::string out;
    ASSERT_TRUE(silent->format(record(), out).has_value());
    EXPECT_EQ(out, "");
    const auto other = MessageFormatter::make("kafka.tools.DefaultMessageFormatter", {});
    ASSERT_FALSE(other.has_value());
    EXPECT_NE(other.error().detail.find("kafka.tools.DefaultMessageFormatter"), std::string::npos);
}

}  // namespace
}  // namespace milena::kafka_tools
