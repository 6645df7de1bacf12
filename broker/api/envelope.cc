// Envelope (58), v0: a broker passes a client's request on (KIP-590). The request inside is
// answered as if it had come by this listener; its answer goes back in the envelope.
// Errors: NOT_CONTROLLER, INVALID_REQUEST (what is inside cannot be read, or is an envelope).
// Differences from Kafka: principals are not looked at, nothing is authorized yet.
#include "protocol/msg/envelope.h"

#include "broker/api/dispatch.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/quorum/raft_network.h"

namespace milena::api {
namespace {

constexpr std::size_t kPrefixBytes = 4;

// Takes the one answer of the request inside.
class EnvelopeSink final : public net::ReplySink {
  public:
    explicit EnvelopeSink(Reply<msg::EnvelopeResponse> reply) : reply_(std::move(reply)) {}

    void complete(std::uint64_t, OutFrame frame) override {
        msg::EnvelopeResponse response;
        // No answer that is forwarded holds ranges of files.
        if (frame.bytes.size() < kPrefixBytes || !frame.splices.empty()) {
            response.error_code = ErrorCode::UNKNOWN_SERVER_ERROR;
        } else {
            response.response_data = ByteView(frame.bytes).subspan(kPrefixBytes);
        }
        reply_.send(response);
    }
    void close(std::uint64_t, std::string_view) override {
        msg::EnvelopeResponse response;
        response.error_code = ErrorCode::INVALID_REQUEST;
        reply_.send(response);
    }
    void mute_until(MonoTime) override {}
    net::Executor& executor() override { return reply_.executor(); }

  private:
    Reply<msg::EnvelopeResponse> reply_;
};

void envelope(Services& services, const Request<msg::EnvelopeRequest>& request,
              Reply<msg::EnvelopeResponse> reply) {
    msg::EnvelopeResponse refused;
    const auto head = decode_request_header(request.body.request_data);
    if (services.raft == nullptr || !services.raft->is_active()) {
        refused.error_code = ErrorCode::NOT_CONTROLLER;
    } else if (!head || head->api->key == ApiKey::Envelope) {
        refused.error_code = ErrorCode::INVALID_REQUEST;
    }
    if (refused.error_code != ErrorCode::NONE) return reply.send(refused);
    // The arena of this request serves the one inside from here on.
    std::vector<std::uint8_t> frame(request.body.request_data.begin(),
                                    request.body.request_data.end());
    auto sink = std::make_shared<EnvelopeSink>(std::move(reply));
    handle_frame(services, request.connection, frame, net::ReplyTicket(std::move(sink), 0));
}

}  // namespace

MILENA_HANDLER(Envelope, envelope)

}  // namespace milena::api
