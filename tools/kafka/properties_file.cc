#include "tools/kafka/properties_file.h"

#include "tools/client/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

constexpr std::string_view kBlanks = " \t\f";
constexpr std::string_view kKeyEnds = " \t\f=:";

bool ends_with_odd_backslashes(std::string_view line) {
    const auto last = line.find_last_not_of('\\');
    const auto count = line.size() - (last == std::string_view::npos ? 0 : last + 1);
    return count % 2 == 1;
}

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | (code >> 6));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xe0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        unsigned code = 0;
        if (c == 'u' && i + 4 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 5, code, 16).ptr ==
                text.data() + i + 5) {
            append_utf8(out, code);
            i += 4;
        } else {
            constexpr std::string_view kNames = "tnrf";
            constexpr std::string_view kBytes = "\t\n\r\f";
            const auto at = kNames.find(c);
            out += at == std::string_view::npos ? c : kBytes[at];
        }
    }
    return out;
}

void add_line(Properties& into, std::string_view line) {
    std::size_t end = 0;
    while (end < line.size() && kKeyEnds.find(line[end]) == std::string_view::npos) {
        end += line[end] == '\\' ? 2 : 1;
    }
    end = std::min(end, line.size());
    const auto key = line.substr(0, end);
    auto value = line.substr(end);
    value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
    if (!value.empty() && (value[0] == '=' || value[0] == ':')) {
        value.remove_prefix(1);
        value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
    }
    into.insert_or_assign(unescape(key), unescape(value));
}

// The next line without its end; `text` moves past it.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find_first_of("\r\n");
    const auto line = text.substr(0, end);
    if (end == std::string_view::npos) {
        text = {};
    } else {
        text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    }
    return line;
}

}  // namespace

Properties parse_properties(std::string_view text) {
    Properties properties;
    while (!text.empty()) {
        const auto skip_blanks = [](std::string_view line) {
            return line.substr(std::min(line.find_first_not_of(kBlanks), line.size()));
        };
        std::string line(skip_blanks(take_line(text)));
        if (line.empty() || line[0] == '#' || line[0] == '!') continue;
        while (ends_with_odd_backslashes(line)) {
            line.pop_back();
            if (text.empty()) break;
            line += skip_blanks(take_line(text));
        }
        add_line(properties, line);
    }
    return properties;
}

Result<Properties> load_properties(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("cannot read {}: {}", path, client::system_message(errno)));
    }
    std::string text;
    std::array<char, 4096> block{};
    while (const auto got = std::fread(block.data(), 1, block.size(), file.get())) {
        text.append(block.data(), got);
    }
    return parse_properties(text);
}

}  // namespace milena::kafka_tools
