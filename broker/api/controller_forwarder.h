// Forwarder over the quorum: which requests go to the active controller, and how.
#pragma once

#include "broker/api/forwarder.h"
#include "broker/quorum/absences.h"
#include "broker/quorum/active_controller.h"

namespace milena::api {

class ControllerForwarder final : public Forwarder {
  public:
    // The references outlive it.
    ControllerForwarder(const quorum::Quorum& quorum, quorum::ActiveController& controller,
                        quorum::Absences& absences, net::Executor& peers, const Clock& clock)
        : quorum_(quorum),
          controller_(controller),
          absences_(absences),
          peers_(peers),
          clock_(clock) {}

    bool must_forward(ApiKey key) const override;
    bool names_leaders(ApiKey key) const override;
    void catch_up(net::Task look) override;
    bool is_settling() override;
    void forward(ByteView frame, const net::Peer& from, net::ReplyTicket ticket) override;

  private:
    const quorum::Quorum& quorum_;
    quorum::ActiveController& controller_;
    quorum::Absences& absences_;
    net::Executor& peers_;  // of the connections to other nodes
    const Clock& clock_;
};

}  // namespace milena::api
