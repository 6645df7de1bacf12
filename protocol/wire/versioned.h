// Bytes that begin with an int16: the keys of coordinator records (their type id), the values
// (their version), and what the consumer protocol nests in bytes fields (the version). Source:
// coordinator-common/.../CoordinatorRecordSerde.java, clients/.../MessageUtil.java.
#pragma once

#include "protocol/wire/frame.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace milena {

// The int16 in front, nothing when the bytes are too short for one.
inline std::optional<std::int16_t> leading_int16(ByteView bytes) {
    if (bytes.size() < sizeof(std::int16_t)) return std::nullopt;
    return load_be<std::int16_t>(bytes.data());
}

namespace wire_detail {

Error no_prefix(std::string_view message);
Error wrong_type(std::string_view message, std::int16_t type);
void append_int16(std::int16_t value, std::vector<std::uint8_t>& out);

}  // namespace wire_detail

// What a reader does with a version newer than the schema.
enum class NewerVersion {
    kRefused,
    kReadAsNewestKnown,  // the consumer protocol only ever appends fields
};

// T with its version in front. INVALID_REQUEST or UNSUPPORTED_VERSION when it cannot be read.
template <class T>
Result<T> decode_versioned(ByteView bytes, Arena& arena,
                           NewerVersion newer = NewerVersion::kRefused,
                           const ReadLimits& limits = kTrustedLimits) {
    const auto prefix = leading_int16(bytes);
    if (!prefix) return std::unexpected(wire_detail::no_prefix(T::kName));
    const auto version = newer == NewerVersion::kReadAsNewestKnown
                             ? std::min<std::int16_t>(*prefix, T::kMaxVersion)
                             : *prefix;
    return decode_message<T>(bytes.subspan(sizeof *prefix), ApiVersion{version}, arena, limits);
}

template <class T>
Status append_versioned(const T& message, ApiVersion version, std::vector<std::uint8_t>& out) {
    wire_detail::append_int16(version.value(), out);
    return append_message(message, version, out);
}

// The key of a coordinator's record: msg::OffsetCommitKey and the like. Which type it is, is told
// by leading_int16. Keys have one version.
template <class Key>
Result<Key> decode_coordinator_key(ByteView bytes, Arena& arena) {
    const auto type = leading_int16(bytes);
    if (!type) return std::unexpected(wire_detail::no_prefix(Key::kName));
    if (*type != Key::kTypeId) return std::unexpected(wire_detail::wrong_type(Key::kName, *type));
    return decode_message<Key>(bytes.subspan(sizeof *type), ApiVersion{0}, arena, kTrustedLimits);
}

template <class Key>
Status append_coordinator_key(const Key& key, std::vector<std::uint8_t>& out) {
    wire_detail::append_int16(Key::kTypeId, out);
    return append_message(key, ApiVersion{0}, out);
}

}  // namespace milena
