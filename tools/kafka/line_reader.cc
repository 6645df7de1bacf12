#include "tools/kafka/line_reader.h"

#include "tools/kafka/java_text.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

auto refuse(std::string message) {
    return fail(ErrorCode::INVALID_REQUEST, std::move(message));
}

}  // namespace

Result<LineReader> LineReader::make(const Properties& properties) {
    LineReader reader;
    const auto flag = [&](std::string_view key, bool& into) {
        if (const auto at = properties.find(key); at != properties.end()) {
            into = java_true(at->second);
        }
    };
    const auto text = [&](std::string_view key, std::string& into) {
        if (const auto at = properties.find(key); at != properties.end()) into = at->second;
    };
    flag("parse.key", reader.parse_key_);
    flag("parse.headers", reader.parse_headers_);
    flag("ignore.error", reader.ignore_error_);
    text("key.separator", reader.key_separator_);
    text("headers.delimiter", reader.headers_delimiter_);
    text("headers.separator", reader.headers_separator_);
    text("headers.key.separator", reader.headers_key_separator_);
    text("null.marker", reader.null_marker_);
    reader.has_null_marker_ = properties.contains("null.marker");
    MILENA_TRY(reader.check());
    return reader;
}

Status LineReader::check() const {
    using Named = std::pair<std::string_view, std::string_view>;
    const Named delimiter{"headers.delimiter", headers_delimiter_};
    const Named separator{"headers.separator", headers_separator_};
    const Named key_separator{"headers.key.separator", headers_key_separator_};
    const auto differ = [](Named a, Named b) -> Status {
        if (a.second != b.second) return {};
        return refuse(fmt::format("{} and {} may not be equal", a.first, b.first));
    };
    MILENA_TRY(differ(delimiter, separator));
    MILENA_TRY(differ(delimiter, key_separator));
    MILENA_TRY(differ(separator, key_separator));
    if (!has_null_marker_) return {};
    const Named marker{"null.marker", null_marker_};
    MILENA_TRY(differ(marker, {"key.separator", key_separator_}));
    MILENA_TRY(differ(marker, separator));
    MILENA_TRY(differ(marker, delimiter));
    return differ(marker, key_separator);
}

Result<std::vector<client::HeaderView>> LineReader::split_headers(std::string_view text,
                                                                  std::size_t number) const {
    std::vector<client::HeaderView> headers;
    // Empty pairs at the end are dropped, those before it are not (java.util.regex.Pattern.split).
    while (text.ends_with(headers_separator_) && !headers_separator_.empty()) {
        text.remove_suffix(headers_separator_.size());
    }
    while (true) {
        const auto end = text.find(headers_separator_);
        const auto pair = text.substr(0, end);
        const auto colon = pair.find(headers_key_separator_);
        if (colon == std::string_view::npos) {
            if (!ignore_error_) {
                return refuse(fmt::format(
                    "No header key separator found in pair '{}' on line number {}", pair, number));
            }
            headers.push_back({pair, std::nullopt});
        } else {
            const auto key = pair.substr(0, colon);
            if (is_null(key)) {
                return refuse(
                    fmt::format("Header keys should not be equal to the null marker '{}' "
                                "as they can't be null",
                                null_marker_));
            }
            const auto value = pair.substr(colon + headers_key_separator_.size());
            headers.push_back({key, is_null(value) ? client::OptionalBytes() : value});
        }
        if (end == std::string_view::npos) return headers;
        text.remove_prefix(end + headers_separator_.size());
    }
}

Result<ParsedLine> LineReader::parse(std::string_view line, std::size_t number) const {
    std::string_view rest = line;
    const auto take = [&](bool enabled, std::string_view separator,
                          std::string_view name) -> Result<client::OptionalBytes> {
        if (!enabled) return client::OptionalBytes();
        const auto at = rest.find(separator);
        if (at == std::string_view::npos) {
            if (ignore_error_) return client::OptionalBytes();
            return refuse(fmt::format("No {} found on line number {}: '{}'", name, number, line));
        }
        const auto part = rest.substr(0, at);
        rest.remove_prefix(at + separator.size());
        return part;
    };
    ParsedLine parsed;
    MILENA_ASSIGN(const auto headers,
                  take(parse_headers_, headers_delimiter_, "headers delimiter"));
    MILENA_ASSIGN(const auto key, take(parse_key_, key_separator_, "key separator"));
    if (key && !is_null(*key)) parsed.key = key;
    if (!is_null(rest)) parsed.value = rest;
    if (headers && !is_null(*headers)) {
        MILENA_ASSIGN(parsed.headers, split_headers(*headers, number));
    }
    return parsed;
}

}  // namespace milena::kafka_tools
