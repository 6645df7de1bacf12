// A member of a group as a state machine without I/O: says what to send next, takes the answer.
// Assignments are taken and given up at once; nothing is consumed.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "tools/bench/prebuilt.h"
#include "tools/client/cluster.h"
#include "tools/client/connection.h"
#include "tools/client/groups.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace milena::bench {

// What all members of one group know.
struct GroupSpec {
    std::string id;
    client::TopicInfo topic;
    std::string client_id;
};

class GroupMember {
  public:
    virtual ~GroupMember() = default;

    // The request that is due, or may be sent early: a whole frame.
    virtual Result<Frame> request() = 0;
    // The answer to it, without its length; the correlation id that it carries.
    virtual Result<std::int32_t> answer(ByteView frame) = 0;
    // Is the next request a mere sign of life, that can wait for the heartbeat interval?
    virtual bool may_pause() const = 0;

    virtual void join() = 0;   // from outside the group
    virtual void leave() = 0;  // the next request says so
    virtual bool is_outside() const = 0;

    // What it holds now. Members with the same epoch have parts of one assignment.
    struct Holding {
        std::int32_t epoch = -1;  // -1: between two assignments
        std::size_t partitions = 0;
    };
    virtual Holding holding() const = 0;
};

// `connection` tells which versions to speak; another one may carry the requests.
Result<std::unique_ptr<GroupMember>> make_member(client::GroupProtocol protocol,
                                                 const GroupSpec& spec, std::int32_t number,
                                                 const client::Connection& connection);
Result<std::unique_ptr<GroupMember>> make_classic_member(const GroupSpec& spec,
                                                         const client::Connection& connection);

// A request as a frame whose correlation id is patched when it is sent.
template <class Request>
Result<Frame> frame_of(const Request& request, ApiVersion version, const std::string& client_id) {
    MILENA_ASSIGN(auto frame, encode_request(CorrelationId(0), version, client_id, request));
    return std::move(frame.bytes);
}

// Decodes the answer to a Request; `take(message)` looks at it.
template <class Request, class Take>
Result<std::int32_t> take_answer(ByteView frame, ApiVersion version, Take&& take) {
    using Response = typename client::ResponseTo<Request>::type;
    MILENA_ASSIGN(const auto head, decode_response_header(frame, Request::kApiKey, version));
    Arena arena;
    MILENA_ASSIGN(const auto message, decode_message<Response>(frame.subspan(head.size), version,
                                                               arena, kTrustedLimits));
    MILENA_TRY(take(message));
    return head.correlation_id.value();
}

}  // namespace milena::bench
