// An acks=all produce whose appends are not acknowledged yet.
#pragma once

#include "broker/api/request.h"
#include "broker/purgatory/waiter.h"
#include "broker/replica/partition.h"
#include "protocol/msg/produce.h"

#include <memory>
#include <vector>

namespace milena::api {

struct PendingAppend {
    std::shared_ptr<replica::Partition> partition;
    replica::AppendOutcome outcome;
    // In the response; moved along with it when it is copied.
    msg::ProduceResponse::PartitionProduceResponse* answer = nullptr;
};

class ProduceWaiter final : public Waiter {
  public:
    ProduceWaiter(const msg::ProduceResponse& response, std::vector<PendingAppend> pending,
                  Reply<msg::ProduceResponse> reply);

    // `response` may view the frame and the arena of the request: it is copied.
    static void park(const msg::ProduceResponse& response, std::vector<PendingAppend> pending,
                     Reply<msg::ProduceResponse> reply, MonoTime deadline);

  private:
    bool ready() override;
    void answer(bool expired) override;

    Arena arena_;
    msg::ProduceResponse response_;
    std::vector<PendingAppend> pending_;  // still waited for
    Reply<msg::ProduceResponse> reply_;
};

}  // namespace milena::api
