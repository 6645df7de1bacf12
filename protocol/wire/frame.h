// Whole messages: bytes -> struct, struct -> bytes, struct -> frame for the network.
//
//     Arena arena;                              // one per request; decoded arrays live there
//     auto head = decode_request_header(frame);
//     auto request = decode_message<msg::MetadataRequest>(frame.subspan(head->size), head->version,
//                                                         arena);
//     msg::MetadataResponse response;
//     response.brokers = Array<msg::MetadataResponse::MetadataResponseBroker>::make(arena, 1);
//     auto out = encode_response(head->correlation_id, head->version, response);
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/wire/header.h"
#include "protocol/wire/out_frame.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

#include <vector>

namespace milena {

// What may follow the last field of a message.
enum class Trailing {
    kIgnored,  // requests: Kafka ignores it
    kRefused,  // persisted records: garbage
};

namespace wire_detail {

Error wrong_version(std::string_view message, ApiVersion version, int min, int max);
Error trailing_bytes(std::string_view message, std::size_t count);

// A frame whose length prefix and header are written and whose body has `body_bytes` bytes left.
struct FrameStart {
    OutFrame frame;
    std::size_t body_at;
};
FrameStart start_response(ApiKey key, CorrelationId correlation_id, ApiVersion version,
                          std::size_t body_bytes);
FrameStart start_request(ApiKey key, CorrelationId correlation_id, ApiVersion version,
                         NullableString client_id, std::size_t body_bytes);
// Fills in the length prefix; fails when the frame is longer than a length can say.
Result<OutFrame> finish(OutFrame frame, std::string_view message);

template <class T>
bool has_version(ApiVersion version) {
    return version.value() >= T::kMinVersion && version.value() <= T::kMaxVersion;
}

template <class T>
Result<OutFrame> write_body(FrameStart start, ApiVersion version, const T& body) {
    Writer writer(start.frame.bytes, &start.frame.splices);
    writer.skip(start.body_at);
    encode(writer, version, body);
    MILENA_ASSERT(writer.remaining() == 0);
    if (!writer.ok()) [[unlikely]]
        return std::unexpected(writer.error(T::kName));
    return finish(std::move(start.frame), T::kName);
}

}  // namespace wire_detail

// The message views `bytes` and has its arrays in `arena`: both must outlive it. Fails with
// INVALID_REQUEST for malformed bytes, UNSUPPORTED_VERSION for a version without a schema.
template <class T>
Result<T> decode_message(ByteView bytes, ApiVersion version, Arena& arena,
                         const ReadLimits& limits = kRequestLimits,
                         Trailing trailing = Trailing::kIgnored) {
    if (!wire_detail::has_version<T>(version)) [[unlikely]] {
        return std::unexpected(
            wire_detail::wrong_version(T::kName, version, T::kMinVersion, T::kMaxVersion));
    }
    Reader reader(bytes, arena, limits);
    T message;
    decode(reader, version, message);
    if (!reader.ok()) [[unlikely]]
        return std::unexpected(reader.error(T::kName));
    if (trailing == Trailing::kRefused && reader.remaining() > 0) [[unlikely]] {
        return std::unexpected(wire_detail::trailing_bytes(T::kName, reader.remaining()));
    }
    return message;
}

// Appends the message to `out`. Fails (out is as before) when the version cannot express what the
// message holds, or when records lie in a file.
template <class T>
Status append_message(const T& message, ApiVersion version, std::vector<std::uint8_t>& out) {
    MILENA_ASSERT(wire_detail::has_version<T>(version));
    const auto before = out.size();
    out.resize(before + encoded_size(message, version));
    Writer writer(MutableBytes(out).subspan(before));
    encode(writer, version, message);
    MILENA_ASSERT(!writer.ok() || writer.remaining() == 0);
    if (!writer.ok()) [[unlikely]] {
        out.resize(before);
        return std::unexpected(writer.error(T::kName));
    }
    return {};
}

template <class T>
Result<std::vector<std::uint8_t>> encode_message(const T& message, ApiVersion version) {
    std::vector<std::uint8_t> out;
    MILENA_TRY(append_message(message, version, out));
    return out;
}

// The whole frame, length prefix and header included. Ranges of files that the response holds are
// spliced in, and kept alive by the frame. Fails when the version cannot express the response.
template <class T>
Result<OutFrame> encode_response(CorrelationId correlation_id, ApiVersion version, const T& body) {
    MILENA_ASSERT(wire_detail::has_version<T>(version));
    return wire_detail::write_body(wire_detail::start_response(T::kApiKey, correlation_id, version,
                                                               encoded_size(body, version)),
                                   version, body);
}

template <class T>
Result<OutFrame> encode_request(CorrelationId correlation_id, ApiVersion version,
                                NullableString client_id, const T& body) {
    MILENA_ASSERT(wire_detail::has_version<T>(version));
    return wire_detail::write_body(
        wire_detail::start_request(T::kApiKey, correlation_id, version, client_id,
                                   encoded_size(body, version)),
        version, body);
}

}  // namespace milena
