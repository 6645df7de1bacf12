#include "protocol/wire/header.h"

#include "protocol/base/arena.h"
#include "protocol/msg/request_header.h"
#include "protocol/msg/response_header.h"
#include "protocol/wire/reader.h"

#include <fmt/format.h>

namespace milena {

Result<RequestHead> decode_request_header(ByteView frame) {
    if (frame.size() < 2 * sizeof(std::int16_t)) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("a frame of {} bytes holds no request", frame.size()));
    }
    const auto key = load_be<std::int16_t>(frame.data());
    const ApiVersion version{load_be<std::int16_t>(frame.data() + sizeof key)};
    const ApiRow* api = find_api(key);
    if (api == nullptr) {
        return fail(ErrorCode::INVALID_REQUEST, fmt::format("there is no API with key {}", key));
    }
    Arena arena;
    Reader reader(frame, arena);
    msg::RequestHeader header;
    decode(reader, ApiVersion{api->request_header_version(version)}, header);
    if (!reader.ok()) return std::unexpected(reader.error("header of a request"));
    return RequestHead{api, version, header.correlation_id, header.client_id, reader.position()};
}

Result<ResponseHead> decode_response_header(ByteView frame, ApiKey key, ApiVersion version) {
    Arena arena;
    Reader reader(frame, arena, kTrustedLimits);
    msg::ResponseHeader header;
    decode(reader, ApiVersion{api_row(key).response_header_version(version)}, header);
    if (!reader.ok()) return std::unexpected(reader.error("header of a response"));
    return ResponseHead{header.correlation_id, reader.position()};
}

}  // namespace milena
