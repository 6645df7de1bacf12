// Forwarder over the quorum: which requests go to the active controller, and how.
#pragma once

#include "broker/api/forwarder.h"
#include "broker/quorum/active_controller.h"

namespace milena::api {

class ControllerForwarder final : public Forwarder {
  public:
    // The references outlive it.
    ControllerForwarder(const quorum::Quorum& quorum, quorum::ActiveController& controller,
                        const Clock& clock)
        : quorum_(quorum), controller_(controller), clock_(clock) {}

    bool must_forward(ApiKey key) const override;
    void forward(ByteView frame, const net::Peer& from, net::ReplyTicket ticket) override;

  private:
    const quorum::Quorum& quorum_;
    quorum::ActiveController& controller_;
    const Clock& clock_;
};

}  // namespace milena::api
