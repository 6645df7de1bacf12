// Connections to other brokers, one to each that is asked something, as the cluster's metadata
// knows them.
//
// Invariants:
// - lives on one executor; ask() and publish() may be called from any thread;
// - everything asked is answered exactly once, on the executor, never from within ask();
// - a broker that was fenced, or came back as another life, answers nothing any more: what it was
//   asked fails at once, so that whoever asked looks who leads now.
#pragma once

#include "broker/peer/node_channel.h"
#include "replication/metadata/image.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace milena::replica {

class BrokerChannels final : private peer::ChannelWatcher {
  public:
    struct Options {
        std::string listener;  // inter.broker.listener.name
        peer::ChannelSettings channel;
        Millis patience{30'000};  // request.timeout.ms
        std::function<metadata::ImagePtr()> image;
    };

    // The references outlive it.
    BrokerChannels(net::Executor& executor, net::Connector& connector, Options options);
    ~BrokerChannels() = default;

    // BROKER_NOT_AVAILABLE: it is not there, or was fenced; else as NodeChannel::ask.
    template <class Request, class Response, class Make>
    void ask(BrokerId broker, Make make, peer::NodeChannel::Done<Response> done) {
        executor_.post([this, broker, make = std::move(make), done = std::move(done)]() mutable {
            auto* channel = channel_to(broker);
            if (channel == nullptr) return done(std::unexpected(not_there(broker)));
            channel->ask<Request, Response>(std::move(make), executor_.now() + options_.patience,
                                            std::move(done));
        });
    }

    // Brokers have changed in the image.
    void publish();
    // On the executor: closes the connections. What comes later is refused.
    void stop();

  private:
    struct Known {
        BrokerEpoch epoch;
        std::unique_ptr<peer::NodeChannel> channel;
    };

    peer::NodeChannel* channel_to(BrokerId broker);
    static Error not_there(BrokerId broker);
    void on_up(BrokerId) override {}
    void on_down(BrokerId, const Error&) override {}

    net::Executor& executor_;
    net::Connector& connector_;
    const Options options_;
    std::map<BrokerId, Known> known_;
    bool stopped_ = false;
};

}  // namespace milena::replica
