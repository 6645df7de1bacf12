// A produce that waits: for its turn in the append queue, for appends that are not acknowledged
// yet, or first for the coordinator of the transaction that its batches belong to (KIP-890).
#pragma once

#include "broker/api/append_queue.h"
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

// A batch that will be appended with those of other requests.
struct QueuedAppend {
    std::shared_ptr<replica::Partition> partition;
    ByteView batch;  // in the receive buffer: copied before the handler returns
    TimestampMs log_append_time = kNoTimestamp;
    msg::ProduceResponse::PartitionProduceResponse* answer = nullptr;  // as above
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

class ProduceWaiter final : public Waiter, public AppendOwner {
  public:
    struct Work {
        std::vector<PendingAppend> pending;
        std::vector<UnverifiedAppend> unverified;
        std::vector<QueuedAppend> queued;
        replica::Acks acks = replica::Acks::all;
        bool failed = false;  // some partition has been refused already
    };

    // `response` may view the frame and the arena of the request: it is copied.
    ProduceWaiter(const msg::ProduceResponse& response, Work work,
                  Reply<msg::ProduceResponse> reply, MonoTime deadline);

    // What is queued goes into the append queue of the reactor whose scratch memory this is.
    static std::shared_ptr<ProduceWaiter> park(Services& services, ReactorScratch& scratch,
                                               const msg::ProduceResponse& response, Work work,
                                               Reply<msg::ProduceResponse> reply,
                                               MonoTime deadline);

    // What the coordinator says: `verdict` is asked for each partition. On the executor.
    using Verdict = std::function<Status(const replica::PartitionName&)>;
    void on_verified(const Verdict& verdict, log::LogTime now);

    void on_appended(std::size_t tag, Result<replica::AppendOutcome> outcome) override;
    net::Executor& executor() override { return Waiter::executor(); }

  private:
    bool ready() override;
    void answer(bool expired) override;
    Status append(UnverifiedAppend& append, const Verdict& verdict, log::LogTime now);
    void note(const std::shared_ptr<replica::Partition>& partition,
              const replica::AppendOutcome& outcome, TimestampMs log_append_time,
              msg::ProduceResponse::PartitionProduceResponse& answer);
    void refuse(msg::ProduceResponse::PartitionProduceResponse& answer, ErrorCode code);

    Arena arena_;
    msg::ProduceResponse response_;
    Work work_;                 // still waited for
    std::size_t in_queue_ = 0;  // of work_.queued
    const MonoTime deadline_;
    Reply<msg::ProduceResponse> reply_;
};

}  // namespace milena::api
