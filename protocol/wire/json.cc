#include "protocol/wire/json.h"

#include <cmath>

#include <fmt/format.h>

namespace milena {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(std::string& out, ByteView bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < left ? bytes[i + j] : 0U);
        for (std::size_t j = 0; j < 4; ++j) {
            out += j <= left ? kBase64[group >> (18 - 6 * j) & 0x3f] : '=';
        }
    }
}

}  // namespace

void JsonText::separate() {
    if (!first_) text_ += ',';
    first_ = false;
}

void JsonText::begin(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
}

void JsonText::end(char bracket) {
    text_ += bracket;
    first_ = false;
}

void JsonText::key(std::string_view name, std::string_view suffix) {
    separate();
    text_ += '"';
    bool upper = false;
    for (const char c : name) {
        if (c == '_') {
            upper = true;
            continue;
        }
        text_ += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    text_ += suffix;
    text_ += "\":";
    first_ = true;
}

void JsonText::null() {
    separate();
    text_ += "null";
}

void JsonText::value(bool flag) {
    separate();
    text_ += flag ? "true" : "false";
}

void JsonText::value(std::int64_t number) {
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", number);
}

void JsonText::value(double number) {
    separate();
    if (std::isfinite(number)) {
        fmt::format_to(std::back_inserter(text_), "{:#}", number);  // never looks like an integer
    } else {
        fmt::format_to(std::back_inserter(text_), "\"{}\"", number);
    }
}

void JsonText::value(std::string_view text) {
    separate();
    text_ += '"';
    for (const char c : text) {
        switch (c) {
            case '"':
                text_ += "\\\"";
                break;
            case '\\':
                text_ += "\\\\";
                break;
            case '\n':
                text_ += "\\n";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    fmt::format_to(std::back_inserter(text_), "\\u{:04x}", static_cast<int>(c));
                } else {
                    text_ += c;
                }
        }
    }
    text_ += '"';
}

void JsonText::value(ByteView bytes) {
    separate();
    text_ += '"';
    append_base64(text_, bytes);
    text_ += '"';
}

void JsonText::value(const Uuid& id) {
    value(std::string_view(id.to_string()));
}

}  // namespace milena
