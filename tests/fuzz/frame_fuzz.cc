// A frame as the network hands it up: header, then the body that the header announces. The first
// byte says whether it is a request, or the response to which API in which version.
#include "protocol/wire/header.h"
#include "tests/fuzz/message_checks.h"

namespace milena {
namespace {

void request(ByteView frame) {
    Result<RequestHead> head;
    {
        const AllocationCap cap(AllocationCap::for_input(frame.size()));
        head = decode_request_header(frame);
    }
    if (!head) return;
    MILENA_ASSERT(head->size <= frame.size());
    if (!head->api->has_version(head->version)) return;
    const auto key = static_cast<std::int16_t>(head->api->key);
    check_message(*find_message_type(MessageKind::kRequest, key), head->version,
                  frame.subspan(head->size));
}

void response(ByteView frame, const ApiRow& api, ApiVersion version) {
    if (!api.has_version(version)) return;
    const auto head = decode_response_header(frame, api.key, version);
    if (!head) return;
    MILENA_ASSERT(head->size <= frame.size());
    check_message(*find_message_type(MessageKind::kResponse, static_cast<std::int16_t>(api.key)),
                  version, frame.subspan(head->size));
}

}  // namespace
}  // namespace milena

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace milena;
    const ByteView bytes(data, size);
    if (size < 3) return 0;
    if (data[0] == 0) {
        request(bytes.subspan(1));
        return 0;
    }
    const auto* api = find_api(data[1]);
    if (api != nullptr) response(bytes.subspan(3), *api, ApiVersion{data[2]});
    return 0;
}
