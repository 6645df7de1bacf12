// What stands in front of the body of requests and responses.
// Which header version goes with which body is a rule of the API row, except that a response to
// ApiVersions always has header v0 (clients/.../common/message/ApiMessageType.java).
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/nullable_string.h"
#include "protocol/wire/api_table.h"

#include <cstddef>

namespace milena {

struct RequestHead {
    const ApiRow* api = nullptr;
    // Any number: whether the API has this version is the caller's question (`api->has_version`),
    // because ApiVersions must be answered also when it does not.
    ApiVersion version;
    CorrelationId correlation_id;
    NullableString client_id;  // views the frame
    std::size_t size = 0;      // bytes of the header; the body begins there
};

// Reads the header of a request frame (without its length prefix). Fails with INVALID_REQUEST when
// the API key is unknown or the header is malformed; Kafka closes the connection then.
Result<RequestHead> decode_request_header(ByteView frame);

struct ResponseHead {
    CorrelationId correlation_id;
    std::size_t size = 0;
};

// Reads the header of a response frame (without its length prefix) to a request of `version`.
Result<ResponseHead> decode_response_header(ByteView frame, ApiKey key, ApiVersion version);

}  // namespace milena
