#include "tools/kafka/message_formatter.h"

#include "protocol/base/bytes.h"
#include "tools/kafka/java_text.h"

#include <bit>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

constexpr std::string_view kSerialization = "org.apache.kafka.common.serialization.";
constexpr std::string_view kFormatters = "org.apache.kafka.tools.consumer.";

Status wrong_size(std::string_view name, std::size_t wanted, std::size_t got) {
    return fail(ErrorCode::INVALID_RECORD,
                fmt::format("the {} needs {} bytes, the field has {}", name, wanted, got));
}

// A deserializer of a fixed-size big-endian number; `show` makes its text.
template <class Integer, class Show>
Deserializer fixed(std::string_view name, Show show) {
    return [name, show](std::string_view bytes, std::string& out) -> Status {
        if (bytes.size() != sizeof(Integer)) {
            return wrong_size(name, sizeof(Integer), bytes.size());
        }
        out += show(load_be<Integer>(as_bytes(bytes).data()));
        return {};
    };
}

Status plain(std::string_view bytes, std::string& out) {
    out += bytes;
    return {};
}

Status dashed_uuid(std::string_view bytes, std::string& out) {
    if (bytes.size() != 36) return wrong_size("UUIDDeserializer", 36, bytes.size());
    out += bytes;  // Kafka's serializer writes the text form
    return {};
}

}  // namespace

Deserializer deserializer(std::string_view class_name) {
    if (!class_name.starts_with(kSerialization)) return {};
    const auto name = class_name.substr(kSerialization.size());
    const auto number = [](auto value) { return std::to_string(value); };
    if (name == "StringDeserializer") return plain;
    if (name == "UUIDDeserializer") return dashed_uuid;
    if (name == "LongDeserializer") return fixed<std::int64_t>("LongDeserializer", number);
    if (name == "IntegerDeserializer") return fixed<std::int32_t>("IntegerDeserializer", number);
    if (name == "ShortDeserializer") return fixed<std::int16_t>("ShortDeserializer", number);
    if (name == "DoubleDeserializer") {
        return fixed<std::uint64_t>("DoubleDeserializer", [](std::uint64_t bits) {
            return java_double(std::bit_cast<double>(bits));
        });
    }
    if (name == "FloatDeserializer") {
        return fixed<std::uint32_t>("FloatDeserializer", [](std::uint32_t bits) {
            return java_float(std::bit_cast<float>(bits));
        });
    }
    if (name == "BooleanDeserializer") {
        return fixed<std::uint8_t>("BooleanDeserializer", [](std::uint8_t value) {
            return std::string(value == 0 ? "false" : "true");
        });
    }
    return {};
}

Result<MessageFormatter> MessageFormatter::make(std::string_view class_name,
                                                const Properties& properties) {
    MessageFormatter formatter;
    const auto name = class_name.starts_with(kFormatters) ? class_name.substr(kFormatters.size())
                                                          : std::string_view();
    if (name == "NoOpMessageFormatter") {
        formatter.silent_ = true;
    } else if (name != "DefaultMessageFormatter" && name != "LoggingMessageFormatter") {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("the formatter {} is not available here; use {}"
                                "DefaultMessageFormatter, LoggingMessageFormatter or "
                                "NoOpMessageFormatter",
                                class_name, kFormatters));
    }
    formatter.configure(properties);
    return formatter;
}

std::vector<std::string> deserializer_warnings(const Properties& properties) {
    std::vector<std::string> warnings;
    for (const auto& [key, value] : properties) {
        if (!key.ends_with(".deserializer") || deserializer(value)) continue;
        warnings.push_back(fmt::format(
            "the class {} given for {} is not available here, the bytes are printed as they are; "
            "available are those of {} for strings, numbers, booleans and UUIDs",
            value, key, kSerialization));
    }
    return warnings;
}

void MessageFormatter::configure(const Properties& properties) {
    const auto flag = [&](std::string_view key, bool& into) {
        if (const auto at = properties.find(key); at != properties.end()) {
            into = java_true(at->second);
        }
    };
    const auto text = [&](std::string_view key, std::string& into) {
        if (const auto at = properties.find(key); at != properties.end()) into = at->second;
    };
    const auto reader = [&](std::string_view key, Deserializer& into) {
        if (const auto at = properties.find(key); at != properties.end()) {
            into = deserializer(at->second);
        }
    };
    flag("print.timestamp", timestamp_);
    flag("print.key", key_);
    flag("print.offset", offset_);
    flag("print.delivery", delivery_);
    flag("print.epoch", epoch_);
    flag("print.partition", partition_);
    flag("print.headers", headers_);
    flag("print.value", value_);
    text("key.separator", key_separator_);
    text("line.separator", line_separator_);
    text("headers.separator", headers_separator_);
    text("null.literal", null_literal_);
    reader("key.deserializer", key_deserializer_);
    reader("value.deserializer", value_deserializer_);
    reader("headers.deserializer", headers_deserializer_);
}

Status MessageFormatter::append_bytes(client::OptionalBytes bytes, const Deserializer& with,
                                      std::string& out) const {
    const std::string_view text = bytes ? *bytes : std::string_view(null_literal_);
    if (!with) return plain(text, out);
    return with(text, out);
}

Status MessageFormatter::append_headers(const client::ConsumedRecord& record,
                                        std::string& out) const {
    if (record.headers.empty()) out += "NO_HEADERS";
    bool first = true;
    for (const auto& header : record.headers) {
        if (!first) out += headers_separator_;
        first = false;
        out += header.key;
        out += ':';
        MILENA_TRY(append_bytes(header.value, headers_deserializer_, out));
    }
    return {};
}

Status MessageFormatter::format_fields(const client::ConsumedRecord& record,
                                       std::string& out) const {
    // The last field that is printed is followed by the line separator.
    int fields_left =
        timestamp_ + partition_ + offset_ + delivery_ + epoch_ + headers_ + key_ + value_;
    const auto end_field = [&] { out += --fields_left > 0 ? key_separator_ : line_separator_; };
    if (timestamp_) {
        const bool create = record.timestamp_type == TimestampType::create_time;
        out +=
            fmt::format("{}:{}", create ? "CreateTime" : "LogAppendTime", record.timestamp.value());
        end_field();
    }
    if (partition_) {
        out += fmt::format("Partition:{}", record.partition.value());
        end_field();
    }
    if (offset_) {
        out += fmt::format("Offset:{}", record.offset.value());
        end_field();
    }
    // Kafka's console consumer hands neither of these two to its formatter.
    if (delivery_) {
        out += "Delivery:NOT_PRESENT";
        end_field();
    }
    if (epoch_) {
        out += "Epoch:NOT_PRESENT";
        end_field();
    }
    if (headers_) {
        MILENA_TRY(append_headers(record, out));
        end_field();
    }
    if (key_) {
        MILENA_TRY(append_bytes(record.key, key_deserializer_, out));
        end_field();
    }
    if (value_) {
        MILENA_TRY(append_bytes(record.value, value_deserializer_, out));
        end_field();
    }
    return {};
}

Status MessageFormatter::format(const client::ConsumedRecord& record, std::string& out) const {
    if (silent_) return {};
    const auto before = out.size();
    auto status = format_fields(record, out);
    if (!status) out.resize(before);
    return status;
}

}  // namespace milena::kafka_tools
