// A produce that waits: for appends that are not acknowledged yet, or first for the coordinator of
// the transaction that its batches belong to (KIP-890).
#pragma once

#include "broker/api/request.h"
#include "broker/purgatory/waiter.h"
#include "broker/replica/partition.h"
#include "protocol/msg/produce.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace milena::api {

struct PendingAppend {
    std::shared_ptr<replica::Partition> partition;
    replica::AppendOutcome outcome;
    // In the response; moved along with it when it is copied.
    msg::ProduceResponse::PartitionProduceResponse* answer = nullptr;
};

// A batch that may be appended once the coordinator says so: the receive buffer is not ours to
// keep.
struct UnverifiedAppend {
    std::shared_ptr<replica::Partition> partition;
    std::vector<std::uint8_t> batch;
    TimestampMs log_append_time = kNoTimestamp;
    replica::Verification verification;
    msg::ProduceResponse::PartitionProduceResponse* answer = nullptr;  // as above
};

class ProduceWaiter final : public Waiter {
  public:
    struct Work {
        std::vector<PendingAppend> pending;
        std::vector<UnverifiedAppend> unverified;
        replica::Acks acks = replica::Acks::all;
        bool failed = false;  // some partition has been refused already
    };

    // `response` may view the frame and the arena of the request: it is copied.
    ProduceWaiter(const msg::ProduceResponse& response, Work work,
                  Reply<msg::ProduceResponse> reply);

    static std::shared_ptr<ProduceWaiter> park(const msg::ProduceResponse& response, Work work,
                                               Reply<msg::ProduceResponse> reply,
                                               MonoTime deadline);

    // What the coordinator says: `verdict` is asked for each partition. On the executor.
    using Verdict = std::function<Status(const replica::PartitionName&)>;
    void on_verified(const Verdict& verdict, log::LogTime now);

    using Waiter::executor;

  private:
    bool ready() override;
    void answer(bool expired) override;
    Status append(UnverifiedAppend& append, const Verdict& verdict, log::LogTime now);
    void refuse(msg::ProduceResponse::PartitionProduceResponse& answer, ErrorCode code);

    Arena arena_;
    msg::ProduceResponse response_;
    Work work_;  // still waited for
    Reply<msg::ProduceResponse> reply_;
};

}  // namespace milena::api
