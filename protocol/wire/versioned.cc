#include "protocol/wire/versioned.h"

#include <fmt/format.h>

namespace milena::wire_detail {

Error no_prefix(std::string_view message) {
    return {ErrorCode::INVALID_REQUEST,
            fmt::format("{}: the two bytes of its type or version are missing", message)};
}

Error wrong_type(std::string_view message, std::int16_t type) {
    return {ErrorCode::INVALID_REQUEST, fmt::format("type {} is not that of {}", type, message)};
}

void append_int16(std::int16_t value, std::vector<std::uint8_t>& out) {
    const auto at = out.size();
    out.resize(at + sizeof value);
    store_be(out.data() + at, value);
}

}  // namespace milena::wire_detail
