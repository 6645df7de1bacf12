// How `milena consume` shows a record: a pattern, or JSON.
#pragma once

#include "protocol/base/error.h"
#include "tools/client/record.h"

#include <string>
#include <string_view>
#include <vector>

namespace milena::cli {

// %t topic, %p partition, %o offset, %T timestamp in milliseconds, %k key, %v value, %h headers
// (name=value,...), %% a percent sign; \n \t \r \0 and \\ . Null is the word null.
class RecordFormat {
  public:
    // INVALID_REQUEST names a letter behind % that means nothing.
    static Result<RecordFormat> parse(std::string_view pattern);
    void append(const client::ConsumedRecord& record, std::string& out) const;

  private:
    struct Piece {
        char field = 0;    // 0: text
        std::string text;  // of no field
    };
    std::vector<Piece> pieces_;
};

// One object on one line. Bytes that are not UTF-8 become {"base64": "..."}.
void append_json(const client::ConsumedRecord& record, std::string& out);

// "\n" and "\t" as typed in a shell become what they mean.
std::string unescape(std::string_view text);

bool is_utf8(std::string_view bytes);
std::string base64(std::string_view bytes);

}  // namespace milena::cli
