#include "broker/quorum/active_controller.h"

#include "broker/quorum/broker_codec.h"
#include "broker/quorum/partition_codec.h"
#include "protocol/msg/envelope.h"

#include <algorithm>
#include <charconv>

namespace milena::quorum {
namespace {

constexpr Millis kPatience{5'000};
// A controller that is silent may have a successor, which is waiting for the heartbeat.
constexpr Millis kBeatPatience{1'000};
constexpr Millis kTryAgain{20};
constexpr Millis kConnectPatience{1'000};
constexpr Millis kPauseMin{20};
constexpr Millis kPauseMax{200};

Error no_controller() {
    return {ErrorCode::NOT_CONTROLLER, "the active controller is not known now; retry"};
}

// Kafka's default principal, as its DefaultPrincipalData says (version 0): User ANONYMOUS.
std::vector<std::uint8_t> anonymous() {
    const std::string_view type = "User";
    const std::string_view name = "ANONYMOUS";
    std::vector<std::uint8_t> bytes{0, 0};
    for (const std::string_view text : {type, name}) {
        bytes.push_back(static_cast<std::uint8_t>(text.size() + 1));
        bytes.insert(bytes.end(), text.begin(), text.end());
    }
    bytes.push_back(0);  // token_authenticated
    bytes.push_back(0);  // no tagged fields
    return bytes;
}

// Four bytes of an IPv4 address; sixteen zeros for any other.
std::vector<std::uint8_t> address_bytes(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        std::uint8_t part = 0;
        const auto parsed = std::from_chars(at, end, part);
        if (parsed.ec != std::errc{}) break;
        bytes.push_back(part);
        at = parsed.ptr;
        if (at != end && *at++ != '.') break;
    }
    return bytes.size() == 4 && at == end ? bytes : std::vector<std::uint8_t>(16);
}

ByteView copy(Arena& arena, const std::vector<std::uint8_t>& bytes) {
    auto* to = static_cast<std::uint8_t*>(arena.allocate(bytes.size(), 1));
    std::copy(bytes.begin(), bytes.end(), to);
    return {to, bytes.size()};
}

}  // namespace

ActiveController::ActiveController(net::Executor& executor, net::Connector& connector,
                                   const Quorum& quorum, BrokerId self,
                                   std::vector<Node> controllers)
    : executor_(executor),
      connector_(connector),
      quorum_(quorum),
      self_(self),
      controllers_(std::move(controllers)) {}

ActiveController::~ActiveController() = default;

void ActiveController::stop() {
    stopped_ = true;
    channels_.clear();
}

peer::NodeChannel* ActiveController::channel() {
    const BrokerId leader = quorum_.leader();
    if (stopped_ || leader == kNoBroker || leader == self_) return nullptr;
    auto& channel = channels_[leader];
    if (channel) return channel.get();
    const auto node = std::find_if(controllers_.begin(), controllers_.end(),
                                   [&](const Node& one) { return one.id == leader; });
    if (node == controllers_.end()) return nullptr;
    peer::ChannelSettings settings;
    settings.link.connect_patience = kConnectPatience;
    settings.client_id = "broker-" + std::to_string(self_.value());
    settings.handshake_patience = kPatience;
    settings.pause_min = kPauseMin;
    settings.pause_max = kPauseMax;
    peer::ChannelWatcher& watcher = *this;
    channel = std::make_unique<peer::NodeChannel>(executor_, connector_,
                                                  peer::RemoteNode{leader, node->address},
                                                  std::move(settings), watcher);
    return channel.get();
}

void ActiveController::ask(metadata::Request request, AnyCompletion done) {
    executor_.post([this, request = std::move(request), done = std::move(done)]() mutable {
        ask_now(std::move(request), std::move(done));
    });
}

template <class Message, class Response, class Verb>
void ActiveController::ask_typed(peer::NodeChannel& to, Verb request, AnyCompletion done) {
    to.ask<Message, Response>(
        [request = std::move(request)](Arena& arena, ApiVersion) {
            return to_message(request, arena);
        },
        executor_.now() +
            (std::is_same_v<Verb, metadata::BrokerHeartbeat> ? kBeatPatience : kPatience),
        [done = std::move(done)](Result<const Response*> reply) mutable {
            if (!reply) return done(fail(ErrorCode::NOT_CONTROLLER, reply.error().detail));
            auto answer = from_message(**reply);
            if constexpr (requires { answer.error; }) {
                if (answer.error.code == ErrorCode::NOT_CONTROLLER) {
                    return done(std::unexpected(answer.error));
                }
            }
            done(metadata::Reply(std::move(answer)));
        });
}

void ActiveController::ask_now(metadata::Request request, AnyCompletion done) {
    auto* to = channel();
    if (to == nullptr) return done(std::unexpected(no_controller()));
    if (auto* verb = std::get_if<metadata::RegisterBroker>(&request)) {
        ask_typed<msg::BrokerRegistrationRequest, msg::BrokerRegistrationResponse>(
            *to, std::move(*verb), std::move(done));
    } else if (auto* beat = std::get_if<metadata::BrokerHeartbeat>(&request)) {
        ask_typed<msg::BrokerHeartbeatRequest, msg::BrokerHeartbeatResponse>(*to, std::move(*beat),
                                                                             std::move(done));
    } else if (auto* ids = std::get_if<metadata::AllocateProducerIds>(&request)) {
        ask_typed<msg::AllocateProducerIdsRequest, msg::AllocateProducerIdsResponse>(
            *to, std::move(*ids), std::move(done));
    } else if (auto* self = std::get_if<metadata::RegisterController>(&request)) {
        ask_typed<msg::ControllerRegistrationRequest, msg::ControllerRegistrationResponse>(
            *to, std::move(*self), std::move(done));
    } else if (auto* change = std::get_if<metadata::AlterPartition>(&request)) {
        ask_typed<msg::AlterPartitionRequest, msg::AlterPartitionResponse>(*to, std::move(*change),
                                                                           std::move(done));
    } else if (auto* dirs = std::get_if<metadata::AssignReplicasToDirs>(&request)) {
        ask_typed<msg::AssignReplicasToDirsRequest, msg::AssignReplicasToDirsResponse>(
            *to, std::move(*dirs), std::move(done));
    } else if (auto* topics = std::get_if<metadata::CreateTopics>(&request)) {
        ask_typed<msg::CreateTopicsRequest, msg::CreateTopicsResponse>(*to, std::move(*topics),
                                                                       std::move(done));
    } else {
        done(std::unexpected(no_controller()));
    }
}

void ActiveController::forward(std::vector<std::uint8_t> frame, std::string client_address,
                               MonoTime deadline, Forwarded done) {
    auto forwarding = std::make_shared<Forwarding>(
        Forwarding{std::move(frame), std::move(client_address), deadline, std::move(done)});
    executor_.post([this, forwarding = std::move(forwarding)]() mutable {
        forward_now(std::move(forwarding));
    });
}

void ActiveController::forward_later(std::shared_ptr<Forwarding> forwarding) {
    if (stopped_ || executor_.now() >= forwarding->deadline) {
        return forwarding->done(std::unexpected(no_controller()));
    }
    executor_.call_at(executor_.now() + kTryAgain,
                      [this, forwarding]() mutable { forward_now(std::move(forwarding)); });
}

void ActiveController::forward_now(std::shared_ptr<Forwarding> forwarding) {
    auto* to = channel();
    if (to == nullptr) return forward_later(std::move(forwarding));
    to->ask<msg::EnvelopeRequest, msg::EnvelopeResponse>(
        [forwarding](Arena& arena, ApiVersion) {
            msg::EnvelopeRequest request;
            request.request_data = forwarding->frame;
            request.request_principal = copy(arena, anonymous());
            request.client_host_address = copy(arena, address_bytes(forwarding->client_address));
            return request;
        },
        std::min(forwarding->deadline, executor_.now() + Millis(30'000)),
        [this, forwarding](Result<const msg::EnvelopeResponse*> reply) mutable {
            const bool answered = reply && (*reply)->error_code == ErrorCode::NONE &&
                                  !(*reply)->response_data.is_null();
            if (!answered) return forward_later(std::move(forwarding));
            const ByteView data = (*reply)->response_data.value_or_empty();
            forwarding->done(std::vector<std::uint8_t>(data.begin(), data.end()));
        });
}

}  // namespace milena::quorum
