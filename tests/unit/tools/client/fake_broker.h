// A broker in this process: answers requests on a real socket by functions of the test.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/wire/frame.h"
#include "tools/client/calls.h"
#include "tools/client/endpoint.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace milena::client {

class FakeBroker {
  public:
    // One frame that came in.
    struct Request {
        RequestHead head;
        ByteView body;
        ByteView frame;

        // The decoded body, in `arena`.
        template <class Message>
        Message as(Arena& arena) const {
            return decode_message<Message>(body, head.version, arena, kTrustedLimits).value();
        }
        template <class Response>
        OutFrame answer(const Response& response) const {
            return encode_response(head.correlation_id, head.version, response).value();
        }
    };
    // What to do with a request: bytes to send back (empty: nothing), or nullopt to hang up.
    using Answer = std::optional<std::vector<std::uint8_t>>;
    using Handler = std::function<Answer(const Request&)>;

    // Listens on a port of the kernel's choice; answers ApiVersions by itself with everything this
    // program knows, unless a handler is set.
    FakeBroker();
    ~FakeBroker();
    FakeBroker(const FakeBroker&) = delete;

    void on(ApiKey api, Handler handler);
    // Handles a request by a function from message to message.
    template <class RequestMessage>
    void on(std::function<typename ResponseTo<RequestMessage>::type(const RequestMessage&, Arena&)>
                function) {
        on(RequestMessage::kApiKey, [function](const Request& request) -> Answer {
            Arena arena;
            const auto message = request.as<RequestMessage>(arena);
            return request.answer(function(message, arena)).bytes;
        });
    }
    // Sends these bytes to whoever connects, whatever he says.
    void answer_everything_with(std::string bytes);

    Endpoint endpoint() const { return {"127.0.0.1", port_}; }
    // How many requests of this kind came in.
    int count(ApiKey api) const;

    // A metadata answer with one topic whose partitions this broker leads as broker 1.
    msg::MetadataResponse metadata(Arena& arena, std::string_view topic, int partitions) const;

  private:
    void serve();
    // False: hang up.
    bool serve_one(int connection);

    int listener_ = -1;
    int stop_[2] = {-1, -1};
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::map<ApiKey, Handler> handlers_;
    std::map<ApiKey, int> counts_;
    std::string raw_answer_;
    std::thread thread_;
};

}  // namespace milena::client
