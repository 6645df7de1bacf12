#include "broker/peer/node_channel.h"

#include "protocol/base/assert.h"
#include "protocol/msg/api_versions.h"
#include "protocol/wire/api_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::peer {
namespace {

// Every Kafka since 2.4 speaks it.
constexpr ApiVersion kHandshakeVersion(3);

}  // namespace

NodeChannel::NodeChannel(net::Executor& executor, net::Connector& connector, RemoteNode node,
                         ChannelSettings settings, ChannelWatcher& watcher)
    : executor_(executor),
      connector_(connector),
      node_(std::move(node)),
      settings_(std::move(settings)),
      watcher_(watcher),
      pause_(settings_.pause_min),
      alive_(std::make_shared<const NodeChannel*>(this)) {}

NodeChannel::~NodeChannel() {
    alive_.reset();
    const Error closing{ErrorCode::NETWORK_EXCEPTION, "this node stops asking"};
    for (auto& question : questions_) {
        refuse(std::move(question.done), annotate(question.api, closing));
    }
    if (link_) link_->close();
}

void NodeChannel::ask_raw(ApiKey api, Encode encode, MonoTime deadline, RawDone done) {
    Question question{api, std::move(encode), deadline, std::move(done)};
    if (up_) return send(std::move(question));
    if (!link_) {
        if (executor_.now() < not_before_) {
            return refuse(std::move(question.done), annotate(api, down_for_));
        }
        open();
    }
    questions_.push_back(std::move(question));
}

void NodeChannel::send(Question question) {
    const auto version = versions_.choose(question.api);
    if (!version) {
        return refuse(std::move(question.done), annotate(question.api, version.error()));
    }
    auto frame = question.encode(CorrelationId(next_correlation_id_++), *version);
    if (!frame) return refuse(std::move(question.done), annotate(question.api, frame.error()));
    link_->send(std::move(frame->bytes), question.deadline,
                [this, alive = std::weak_ptr(alive_), api = question.api, version = *version,
                 done = std::move(question.done)](Result<ByteView> reply) mutable {
                    const bool here = !alive.expired();
                    if (!reply) {
                        auto error = std::move(reply).error();
                        return done(std::unexpected(here ? annotate(api, error) : error));
                    }
                    if (!here)
                        return done(fail(ErrorCode::NETWORK_EXCEPTION, "not asked any more"));
                    const auto head = decode_response_header(*reply, api, version);
                    if (!head) return done(std::unexpected(annotate(api, head.error())));
                    done(Raw{reply->subspan(head->size), version, api, this});
                });
}

void NodeChannel::refuse(RawDone done, Error error) {
    executor_.post([done = std::move(done), error = std::move(error)]() mutable {
        done(std::unexpected(std::move(error)));
    });
}

void NodeChannel::open() {
    link_ = net::Link::open(executor_, connector_, node_.address, settings_.link,
                            [this, alive = std::weak_ptr(alive_)](const Error& why) {
                                if (!alive.expired()) went_down(why);
                            });
    shake_hands();
}

void NodeChannel::shake_hands() {
    msg::ApiVersionsRequest request;
    request.client_software_name = "milena";
    request.client_software_version = settings_.software_version;
    auto frame = encode_request(CorrelationId(next_correlation_id_++), kHandshakeVersion,
                                NullableString(settings_.client_id), request);
    MILENA_ASSERT(frame.has_value());
    const auto deadline = executor_.now() + settings_.handshake_patience;
    link_->send(std::move(frame->bytes), deadline,
                [this, alive = std::weak_ptr(alive_)](Result<ByteView> reply) {
                    // A link that ended tells so by itself.
                    if (!reply || alive.expired()) return;
                    const auto head =
                        decode_response_header(*reply, ApiKey::ApiVersions, kHandshakeVersion);
                    Arena arena;
                    auto response = head ? decode_message<msg::ApiVersionsResponse>(
                                               reply->subspan(head->size), kHandshakeVersion, arena,
                                               kTrustedLimits)
                                         : std::unexpected(head.error());
                    if (response && response->error_code == ErrorCode::NONE) {
                        return came_up(*response);
                    }
                    const Error why = response ? Error{response->error_code, "refused"}
                                               : std::move(response).error();
                    link_->close();
                    went_down(annotate(ApiKey::ApiVersions, why));
                });
}

void NodeChannel::came_up(const msg::ApiVersionsResponse& response) {
    versions_ = VersionRanges(response);
    up_ = true;
    pause_ = settings_.pause_min;
    for (auto& question : std::exchange(questions_, {})) send(std::move(question));
    watcher_.on_up(node_.id);
}

void NodeChannel::went_down(const Error& why) {
    link_.reset();
    up_ = false;
    not_before_ = executor_.now() + pause_;
    pause_ = std::min(pause_ * 2, settings_.pause_max);
    down_for_ = why;
    for (auto& question : std::exchange(questions_, {})) {
        refuse(std::move(question.done), annotate(question.api, why));
    }
    watcher_.on_down(node_.id, why);
}

Error NodeChannel::annotate(ApiKey api, const Error& error) const {
    return {error.code,
            fmt::format("{} to node {}: {}", api_row(api).name, node_.id.value(), error.detail)};
}

}  // namespace milena::peer
