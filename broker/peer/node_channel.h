// Typed requests to one other node: connects when there is something to ask, in versions that both
// sides speak, and connects anew after the connection has ended.
//
// Invariants:
// - lives on one executor, all calls there;
// - every question is answered exactly once, never from within ask();
// - between two tries to connect lies a pause that grows; what is asked meanwhile fails at once, so
//   that whoever asks decides what to do without the node;
// - the watcher hears of up and down in turns.
#pragma once

#include "broker/net/link.h"
#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/version_ranges.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace milena::peer {

struct RemoteNode {
    BrokerId id;
    net::RemoteAddress address;
};

struct ChannelSettings {
    net::LinkSettings link;
    std::string client_id;
    std::string software_version = "unknown";
    // How long the other side may take to say which versions it speaks.
    Millis handshake_patience{10'000};
    // After a failure: twice as long after each further one (reconnect.backoff.ms and its maximum).
    Millis pause_min{50};
    Millis pause_max{1'000};
};

class ChannelWatcher {
  public:
    // The node answers: versions are known.
    virtual void on_up(BrokerId node) = 0;
    // The connection has ended, or could not be made. A process that died shows here at once.
    virtual void on_down(BrokerId node, const Error& why) = 0;

  protected:
    ~ChannelWatcher() = default;
};

class NodeChannel {
  public:
    // A reply, valid during the call; or what the link says (net/link.h), UNSUPPORTED_VERSION, or
    // what was wrong with request or reply. Every text names the API and the node.
    template <class Response>
    using Done = std::move_only_function<void(Result<const Response*>)>;

    // The references outlive the channel.
    NodeChannel(net::Executor& executor, net::Connector& connector, RemoteNode node,
                ChannelSettings settings, ChannelWatcher& watcher);
    NodeChannel(const NodeChannel&) = delete;
    NodeChannel& operator=(const NodeChannel&) = delete;
    // Ends the connection. Questions that wait are answered, the watcher hears nothing more.
    ~NodeChannel();

    // `make(Arena&, ApiVersion)` fills in the request when it is about to leave; what it views has
    // to live in the arena or beyond.
    template <class Request, class Response, class Make>
    void ask(Make make, MonoTime deadline, Done<Response> done) {
        auto encode = [make = std::move(make), client_id = settings_.client_id](
                          CorrelationId id, ApiVersion version) mutable {
            Arena arena;
            return encode_request(id, version, NullableString(client_id), make(arena, version));
        };
        auto decode = [done = std::move(done)](Result<Raw> raw) mutable {
            if (!raw) return done(std::unexpected(std::move(raw).error()));
            Arena arena;
            const auto reply =
                decode_message<Response>(raw->body, raw->version, arena, kTrustedLimits);
            if (!reply) return done(std::unexpected(raw->annotate(reply.error())));
            done(&*reply);
        };
        ask_raw(Request::kApiKey, std::move(encode), deadline, std::move(decode));
    }

    const RemoteNode& node() const { return node_; }
    bool is_up() const { return up_; }

  private:
    struct Raw {
        ByteView body;
        ApiVersion version;
        ApiKey api;
        const NodeChannel* channel;

        Error annotate(const Error& error) const { return channel->annotate(api, error); }
    };
    using Encode = std::move_only_function<Result<OutFrame>(CorrelationId, ApiVersion)>;
    using RawDone = std::move_only_function<void(Result<Raw>)>;
    struct Question {
        ApiKey api;
        Encode encode;
        MonoTime deadline;
        RawDone done;
    };

    void ask_raw(ApiKey api, Encode encode, MonoTime deadline, RawDone done);
    void send(Question question);
    void refuse(RawDone done, Error error);
    void open();
    void shake_hands();
    void came_up(const msg::ApiVersionsResponse& response);
    void went_down(const Error& why);
    Error annotate(ApiKey api, const Error& error) const;

    net::Executor& executor_;
    net::Connector& connector_;
    const RemoteNode node_;
    const ChannelSettings settings_;
    ChannelWatcher& watcher_;
    std::shared_ptr<net::Link> link_;
    VersionRanges versions_;
    std::vector<Question> questions_;  // until it is up
    std::int32_t next_correlation_id_ = 1;
    bool up_ = false;
    Millis pause_;
    MonoTime not_before_{};  // the next try to connect
    Error down_for_{ErrorCode::NONE, {}};
    // Callbacks of a link that outlives the channel find it expired.
    std::shared_ptr<const NodeChannel*> alive_;
};

}  // namespace milena::peer
