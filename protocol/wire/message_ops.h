// Makes the rows of the registry. Included by its generated sources only.
#pragma once

#include "protocol/wire/frame.h"
#include "protocol/wire/registry.h"

namespace milena::registry_detail {

template <class T>
Result<std::size_t> read(ByteView body, ApiVersion version, const ReadLimits& limits) {
    Arena arena;
    Reader reader(body, arena, limits);
    T message;
    decode(reader, version, message);
    if (!reader.ok()) return std::unexpected(reader.error(T::kName));
    return reader.position();
}

template <class T>
Result<MessageType::Outcome> recode(ByteView body, ApiVersion version, const ReadLimits& limits) {
    Arena arena;
    Reader reader(body, arena, limits);
    T message;
    decode(reader, version, message);
    if (!reader.ok()) return std::unexpected(reader.error(T::kName));
    MessageType::Outcome outcome;
    outcome.consumed = reader.position();
    MILENA_TRY(append_message(message, version, outcome.bytes));
    return outcome;
}

template <class T>
Result<std::string> json(ByteView body, ApiVersion version, JsonOptions options) {
    Arena arena;
    MILENA_ASSIGN(const T message, decode_message<T>(body, version, arena, kTrustedLimits));
    return to_json(message, version, options);
}

template <class T>
constexpr MessageType message_type(MessageKind kind, std::int16_t key,
                                   std::int16_t first_flexible) {
    return {kind,           T::kName, key,       T::kMinVersion, T::kMaxVersion,
            first_flexible, read<T>,  recode<T>, json<T>};
}

}  // namespace milena::registry_detail
