#include "protocol/base/properties.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace milena {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

std::string_view skip_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
}

// A backslash at the end continues the line, unless it is itself escaped.
bool continues(std::string_view line) {
    std::size_t slashes = 0;
    while (slashes < line.size() && line[line.size() - 1 - slashes] == '\\') ++slashes;
    return slashes % 2 == 1;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

// The four hex digits after \u; -1 when they are not there.
std::int32_t hex4(std::string_view text) {
    if (text.size() < 4) return -1;
    std::int32_t code = 0;
    for (const char c : text.substr(0, 4)) {
        const char lower = static_cast<char>(c | 0x20);
        if (c >= '0' && c <= '9') {
            code = code * 16 + (c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            code = code * 16 + (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return code;
}

Result<std::string> unescape(std::string_view text, std::string_view where) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out.push_back(text[i]);
            continue;
        }
        const char c = text[++i];
        if (c == 'u') {
            std::int32_t code = hex4(text.substr(i + 1));
            if (code < 0) {
                return fail(ErrorCode::INVALID_CONFIG,
                            fmt::format("{}: \\u must be followed by four hex digits", where));
            }
            i += 4;
            const bool high = code >= 0xD800 && code < 0xDC00;
            if (high && text.substr(i + 1).starts_with("\\u")) {
                const std::int32_t low = hex4(text.substr(i + 3));
                if (low >= 0xDC00 && low < 0xE000) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    i += 6;
                }
            }
            append_utf8(out, static_cast<std::uint32_t>(code));
        } else {
            out.push_back(c == 't'   ? '\t'
                          : c == 'n' ? '\n'
                          : c == 'r' ? '\r'
                          : c == 'f' ? '\f'
                                     : c);
        }
    }
    return out;
}

// Splits a logical line at the first separator that is not escaped.
Result<Assignment> parse_line(std::string_view line, std::string where) {
    std::size_t end = 0;
    while (end < line.size() && !is_blank(line[end]) && line[end] != '=' && line[end] != ':') {
        end += line[end] == '\\' && end + 1 < line.size() ? 2 : 1;
    }
    std::string_view value = skip_blanks(line.substr(end));
    if (!value.empty() && (value.front() == '=' || value.front() == ':')) {
        value = skip_blanks(value.substr(1));
    }
    Assignment result;
    MILENA_ASSIGN(result.name, unescape(line.substr(0, end), where));
    MILENA_ASSIGN(result.value, unescape(value, where));
    result.where = std::move(where);
    return result;
}

// Takes one line, without its end, off the front of `rest`. Ends are \n, \r and \r\n.
std::string_view take_line(std::string_view& rest) {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    if (rest.starts_with("\r\n")) {
        rest.remove_prefix(2);
    } else if (!rest.empty()) {
        rest.remove_prefix(1);
    }
    return line;
}

}  // namespace

Result<std::vector<Assignment>> parse_properties(std::string_view text,
                                                 std::string_view file_name) {
    std::vector<Assignment> result;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark
    std::size_t line_number = 0;
    while (!text.empty()) {
        ++line_number;
        const std::size_t first_line = line_number;
        std::string logical(skip_blanks(take_line(text)));
        if (logical.empty() || logical.front() == '#' || logical.front() == '!') continue;
        while (continues(logical) && !text.empty()) {
            logical.pop_back();
            logical += skip_blanks(take_line(text));
            ++line_number;
        }
        if (continues(logical)) logical.pop_back();
        if (logical.empty()) continue;
        MILENA_ASSIGN(Assignment assignment,
                      parse_line(logical, fmt::format("{}:{}", file_name, first_line)));
        result.push_back(std::move(assignment));
    }
    return result;
}

}  // namespace milena
