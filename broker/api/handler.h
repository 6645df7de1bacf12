// From a raw call to a typed handler. Each API file names its handler once with MILENA_HANDLER;
// handlers.def lists it.
#pragma once

#include "broker/api/request.h"

namespace milena::api {

// Decodes the body and calls `handler`; a body that does not parse closes the connection, as Kafka
// does (semantics A8).
template <class RequestBody, class ResponseBody,
          void (*handler)(Services&, const Request<RequestBody>&, Reply<ResponseBody>)>
void serve(Services& services, Call call) {
    auto body = decode_message<RequestBody>(call.body, call.version, call.arena);
    if (!body) {
        call.ticket.close(body.error().detail);
        return;
    }
    handler(services,
            Request<RequestBody>{*body, call.version, call.client_id, call.connection, call.arena,
                                 call.now},
            Reply<ResponseBody>(std::move(call.ticket), call.correlation, call.version));
}

}  // namespace milena::api

// Outside the anonymous namespace of the file, in milena::api.
#define MILENA_HANDLER(stem, function)                                                       \
    void serve_##function(Services& services, Call call) {                                   \
        serve<msg::stem##Request, msg::stem##Response, function>(services, std::move(call)); \
    }
