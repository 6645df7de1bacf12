// Values of settings: text to value and back by Kafka's rules, and the checks of the table.
#pragma once

#include "broker/config/option.h"
#include "protocol/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace milena::config {

// monostate is "not set" (null). Int, Short and Long share int64_t; String, Class and Password
// share string.
using Value =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>>;

// Reads `text` as a value of `option` and checks it against the row. Blanks around it do not
// count. Errors are INVALID_CONFIG and name the setting, the value (unless it is secret) and what
// is allowed. Source: clients/.../common/config/ConfigDef.java.
Result<Value> parse_value(const Option& option, std::string_view text);

// As Kafka prints it: lists joined by commas, doubles as Java does; a null value gives "".
std::string to_text(const Value& value);

// What the row allows, for a person: "at least 1", "one of disk, page-cache"; empty for anything.
std::string allowed_text(const Option& option);

// The word for the type in --help and errors: "boolean", "int", ...
std::string_view type_name(Type type);

// Splits at commas and drops blanks around the parts; "" gives no part.
std::vector<std::string> split_list(std::string_view text);

std::string_view trim(std::string_view text);

}  // namespace milena::config
