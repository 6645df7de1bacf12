// Every message behind one table, for tools and tests that meet messages by name or number. Not for
// the way of a request: who knows the type uses wire/frame.h.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/wire/json.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message_kind.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milena {

struct MessageType {
    // Of one decoding, for checks on it.
    struct Outcome {
        std::vector<std::uint8_t> bytes;  // encoded again
        std::size_t consumed = 0;         // bytes of the input that the message took
    };

    MessageKind kind;
    std::string_view name;
    std::int16_t key;  // API key or type id; -1 when it has none
    std::int16_t min_version;
    std::int16_t max_version;
    std::int16_t first_flexible;

    // Decodes a body and forgets it; the bytes that the message took.
    Result<std::size_t> (*read)(ByteView body, ApiVersion version, const ReadLimits& limits);
    // Decodes a body and encodes it again.
    Result<Outcome> (*recode)(ByteView body, ApiVersion version, const ReadLimits& limits);
    Result<std::string> (*to_json)(ByteView body, ApiVersion version, JsonOptions options);

    bool has_version(ApiVersion version) const {
        return version.value() >= min_version && version.value() <= max_version;
    }
};

// In no particular order.
std::vector<const MessageType*> all_message_types();

// nullptr when there is none. Searched one by one.
inline const MessageType* find_message_type(std::string_view name) {
    for (const auto* type : all_message_types()) {
        if (type->name == name) return type;
    }
    return nullptr;
}
inline const MessageType* find_message_type(MessageKind kind, std::int16_t key) {
    for (const auto* type : all_message_types()) {
        if (type->kind == kind && type->key == key) return type;
    }
    return nullptr;
}

}  // namespace milena
