#include "tools/command/record_format.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

namespace json = boost::json;

json::value bytes_json(client::OptionalBytes bytes) {
    if (!bytes) return nullptr;
    if (is_utf8(*bytes)) return json::value(*bytes);
    return json::object{{"base64", base64(*bytes)}};
}

std::string_view or_null(client::OptionalBytes bytes) {
    return bytes ? *bytes : "null";
}

// Length of the UTF-8 sequence that begins here; 0 when it is none.
std::size_t utf8_length(std::string_view bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const auto first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
    // No overlong forms, surrogates, or numbers above U+10FFFF.
    const auto second = byte(1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto length = utf8_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto part = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = (bits << 8) | (k < part.size() ? static_cast<unsigned char>(part[k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= part.size() ? kLetters[(bits >> (18 - 6 * k)) & 63] : '=';
        }
    }
    return out;
}

std::string unescape(std::string_view text) {
    constexpr std::string_view kLetters = "ntr0\\";
    constexpr std::string_view kBytes("\n\t\r\0\\", 5);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto at = text[i] == '\\' && i + 1 < text.size() ? kLetters.find(text[i + 1])
                                                               : std::string_view::npos;
        if (at == std::string_view::npos) {
            out += text[i];
        } else {
            out += kBytes[at];
            ++i;
        }
    }
    return out;
}

Result<RecordFormat> RecordFormat::parse(std::string_view pattern) {
    RecordFormat format;
    std::string text;
    const auto end_text = [&] {
        if (!text.empty()) format.pieces_.push_back({0, unescape(text)});
        text.clear();
    };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            text += pattern[i];
            continue;
        }
        const char field = ++i < pattern.size() ? pattern[i] : '\0';
        if (field == '%') {
            text += '%';
        } else if (field != '\0' && std::string_view("tpoTkvh").contains(field)) {
            end_text();
            format.pieces_.push_back({field, {}});
        } else {
            return fail(ErrorCode::INVALID_REQUEST,
                        fmt::format("the format '{}' has a % at position {} that means nothing; "
                                    "there are %t %p %o %T %k %v %h %%",
                                    pattern, i - 1));
        }
    }
    end_text();
    return format;
}

void RecordFormat::append(const client::ConsumedRecord& record, std::string& out) const {
    for (const auto& piece : pieces_) {
        switch (piece.field) {
            case 't':
                out += record.topic;
                break;
            case 'p':
                out += std::to_string(record.partition.value());
                break;
            case 'o':
                out += std::to_string(record.offset.value());
                break;
            case 'T':
                out += std::to_string(record.timestamp.value());
                break;
            case 'k':
                out += or_null(record.key);
                break;
            case 'v':
                out += or_null(record.value);
                break;
            case 'h':
                for (std::size_t i = 0; i < record.headers.size(); ++i) {
                    if (i > 0) out += ',';
                    out += record.headers[i].key;
                    out += '=';
                    out += or_null(record.headers[i].value);
                }
                break;
            default:
                out += piece.text;
        }
    }
}

void append_json(const client::ConsumedRecord& record, std::string& out) {
    json::array headers;
    for (const auto& header : record.headers) {
        headers.push_back(json::object{{"key", header.key}, {"value", bytes_json(header.value)}});
    }
    const bool appended = record.timestamp_type == TimestampType::log_append_time;
    const json::object object{
        {"topic", record.topic},
        {"partition", record.partition.value()},
        {"offset", record.offset.value()},
        {"timestamp", record.timestamp.value()},
        {"timestamp_type", appended ? "LogAppendTime" : "CreateTime"},
        {"key", bytes_json(record.key)},
        {"value", bytes_json(record.value)},
        {"headers", std::move(headers)},
    };
    out += json::serialize(object);
    out += '\n';
}

}  // namespace milena::cli
