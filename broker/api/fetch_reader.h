// The reading half of a fetch: what each partition of a plan gives, within the limits of the
// request, and the answer made of it. Reading twice is how a parked fetch looks again.
#pragma once

#include "broker/api/request.h"
#include "broker/replica/partition.h"
#include "broker/session/fetch_session.h"
#include "protocol/msg/fetch.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milena::api {

struct FetchLimits {
    std::uint64_t max_bytes = 0;
    std::uint64_t min_bytes = 0;
    partition::Reader reader = partition::Reader::uncommitted;
    bool leader_only = true;  // the version does not know of replicas that consumers may read
    // Of a consumer that is to be sent to a replica near it; empty: none is.
    std::string rack{};
    // Who asks, when it is a replica; its log start stands with each target.
    std::optional<replica::ReplicaFetch> replica{};
};

class FetchReader {
  public:
    FetchReader(Services& services, session::FetchPlan plan, FetchLimits limits);

    // Reads every partition of the plan, in its order (semantics D4).
    void read();
    // The same when the time of a parked fetch is over.
    void read_at_end();
    // Enough to answer before the deadline (semantics D5)?
    bool satisfied() const;
    // Builds and sends the answer from what was read last; tells the session.
    void answer(Arena& arena, Reply<msg::FetchResponse>& reply);

    // Where more may come from, when it is not satisfied.
    void park(const std::shared_ptr<Waiter>& waiter) const;
    void unpark(const Waiter* waiter) const;

  private:
    using PartitionAnswer = msg::FetchResponse::PartitionData;

    void resolve();
    Result<replica::ReadOutcome> read_one(std::size_t i) const;
    Error unknown(const session::PartitionName& name) const;
    PartitionAnswer describe(Arena& arena, std::size_t i) const;
    session::FetchMarks marks(std::size_t i) const;
    bool must_tell_start(std::size_t i, const replica::ReadOutcome& outcome);

    Services* services_;
    session::FetchPlan plan_;
    FetchLimits limits_;
    // In the order of plan_.targets; nullptr where the partition is unknown.
    std::vector<std::shared_ptr<replica::Partition>> partitions_;
    std::vector<Result<replica::ReadOutcome>> outcomes_;
    std::vector<Offset> starts_;  // of the logs when read last, for a replica
    MonoTime now_{};              // of the last reading
    std::uint64_t bytes_ = 0;
    bool must_answer_ = false;  // an error, a diverging epoch, another replica or start of the log
};

}  // namespace milena::api
