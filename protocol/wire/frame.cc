#include "protocol/wire/frame.h"

#include "protocol/msg/request_header.h"
#include "protocol/msg/response_header.h"

#include <limits>

#include <fmt/format.h>

namespace milena::wire_detail {

namespace {

constexpr std::size_t kPrefixBytes = 4;

template <class Header>
FrameStart start(ApiVersion header_version, const Header& header, std::size_t body_bytes) {
    const auto body_at = kPrefixBytes + encoded_size(header, header_version);
    FrameStart out{{}, body_at};
    out.frame.bytes.resize(body_at + body_bytes);
    Writer writer(out.frame.bytes);
    writer.skip(kPrefixBytes);
    encode(writer, header_version, header);
    return out;
}

}  // namespace

Error wrong_version(std::string_view message, ApiVersion version, int min, int max) {
    return {ErrorCode::UNSUPPORTED_VERSION,
            fmt::format("{} has no version {}, only {} to {}", message, version.value(), min, max)};
}

Error trailing_bytes(std::string_view message, std::size_t count) {
    return {ErrorCode::INVALID_REQUEST,
            fmt::format("{}: {} bytes are left after the last field", message, count)};
}

FrameStart start_response(ApiKey key, CorrelationId correlation_id, ApiVersion version,
                          std::size_t body_bytes) {
    msg::ResponseHeader header;
    header.correlation_id = correlation_id;
    return start(ApiVersion{api_row(key).response_header_version(version)}, header, body_bytes);
}

FrameStart start_request(ApiKey key, CorrelationId correlation_id, ApiVersion version,
                         NullableString client_id, std::size_t body_bytes) {
    msg::RequestHeader header;
    header.request_api_key = static_cast<std::int16_t>(key);
    header.request_api_version = version;
    header.correlation_id = correlation_id;
    header.client_id = client_id;
    return start(ApiVersion{api_row(key).request_header_version(version)}, header, body_bytes);
}

Result<OutFrame> finish(OutFrame frame, std::string_view message) {
    const auto size = frame.size() - kPrefixBytes;
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
        return fail(ErrorCode::RECORD_LIST_TOO_LARGE,
                    fmt::format("{} of {} bytes does not fit in a frame", message, size));
    }
    store_be(frame.bytes.data(), static_cast<std::int32_t>(size));
    return frame;
}

}  // namespace milena::wire_detail
