// Turns a line of input into a record as Kafka's LineMessageReader does: optional headers, optional
// key, value, with separators that can be chosen.
#pragma once

#include "protocol/base/error.h"
#include "tools/client/record.h"
#include "tools/kafka/options.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

// Views the line it was parsed from.
struct ParsedLine {
    client::OptionalBytes key;
    client::OptionalBytes value;
    std::vector<client::HeaderView> headers;
};

class LineReader {
  public:
    // Properties: parse.key, key.separator, parse.headers, headers.delimiter, headers.separator,
    // headers.key.separator, ignore.error, null.marker. Separators that equal one another are an
    // error. `headers.separator` is taken literally, where Kafka reads a regular expression.
    static Result<LineReader> make(const Properties& properties);

    // `line` is without its end; `number` counts from 1 and appears in errors.
    Result<ParsedLine> parse(std::string_view line, std::size_t number) const;

  private:
    Status check() const;
    bool is_null(std::string_view text) const { return has_null_marker_ && text == null_marker_; }
    Result<std::vector<client::HeaderView>> split_headers(std::string_view text,
                                                          std::size_t number) const;

    bool parse_key_ = false;
    bool parse_headers_ = false;
    bool ignore_error_ = false;
    bool has_null_marker_ = false;
    std::string key_separator_ = "\t";
    std::string headers_delimiter_ = "\t";
    std::string headers_separator_ = ",";
    std::string headers_key_separator_ = ":";
    std::string null_marker_;
};

}  // namespace milena::kafka_tools
