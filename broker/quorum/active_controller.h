// The active controller when it is another node: what this node's broker asks it, and what it
// passes on for clients.
//
// Invariants:
// - lives on one executor; ask() and forward() may be called from any thread;
// - everything asked is answered exactly once, with the node's answer or with why there is none;
// - who is active is asked of the quorum for each try, so that a change of it costs one try.
#pragma once

#include "broker/peer/node_channel.h"
#include "broker/quorum/quorum.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace milena::quorum {

class ActiveController final : private peer::ChannelWatcher {
  public:
    struct Node {
        BrokerId id;
        net::RemoteAddress address;
    };
    using AnyCompletion = std::move_only_function<void(Result<metadata::Reply>)>;
    // Header and body of the answer, without the length prefix.
    using Forwarded = std::move_only_function<void(Result<std::vector<std::uint8_t>>)>;

    // The references outlive it.
    ActiveController(net::Executor& executor, net::Connector& connector, const Quorum& quorum,
                     BrokerId self, std::vector<Node> controllers);
    ~ActiveController();

    // What a broker asks of itself: RegisterBroker, BrokerHeartbeat, RegisterController,
    // AllocateProducerIds, CreateTopics; NOT_CONTROLLER for any other, and when no controller can
    // be had now.
    void ask(metadata::Request request, AnyCompletion done);
    // A request of a client. Tries again while the active controller is not known or lost, up to
    // `deadline`. NOT_CONTROLLER then.
    void forward(std::vector<std::uint8_t> frame, std::string client_address, MonoTime deadline,
                 Forwarded done);
    // On the executor: closes the connections. What comes later is refused.
    void stop();

  private:
    struct Forwarding {
        std::vector<std::uint8_t> frame;
        std::string client_address;
        MonoTime deadline;
        Forwarded done;
    };

    // nullptr: not known, or this node itself.
    peer::NodeChannel* channel();
    void ask_now(metadata::Request request, AnyCompletion done);
    void forward_now(std::shared_ptr<Forwarding> forwarding);
    void forward_later(std::shared_ptr<Forwarding> forwarding);
    template <class Message, class Response, class Verb>
    void ask_typed(peer::NodeChannel& to, Verb request, AnyCompletion done);
    void on_up(BrokerId) override {}
    void on_down(BrokerId, const Error&) override {}

    net::Executor& executor_;
    net::Connector& connector_;
    const Quorum& quorum_;
    const BrokerId self_;
    const std::vector<Node> controllers_;
    std::map<BrokerId, std::unique_ptr<peer::NodeChannel>> channels_;
    bool stopped_ = false;
};

// The controller of the cluster as this node reaches it: its own while that is active, the one of
// another node for what brokers ask.
class RoutedController final : public ControllerHost {
  public:
    RoutedController(Quorum& own, ActiveController& other) : own_(own), other_(other) {}

    metadata::ImagePtr image() const override { return own_.image(); }
    void subscribe(Publisher publisher) override { own_.subscribe(std::move(publisher)); }

  private:
    void enqueue(metadata::Request request, AnyCompletion done) override {
        if (own_.is_active()) return own_.submit_any(std::move(request), std::move(done));
        other_.ask(std::move(request), std::move(done));
    }

    Quorum& own_;
    ActiveController& other_;
};

}  // namespace milena::quorum
