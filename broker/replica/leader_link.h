// The questions that a follower has for the broker that leads, and their answers.
//
// Lives on one executor, all calls there. Every question is answered exactly once, never from
// within the call, also when the link goes away.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "replication/fetcher/io.h"

#include <functional>
#include <optional>
#include <vector>

namespace milena::replica {

struct LeaderAnswer {
    fetcher::PartitionKey key;
    ErrorCode error = ErrorCode::NONE;
    Offset high_watermark = kNoOffset;
    Offset log_start = kNoOffset;
    std::optional<partition::EpochEnd> diverging;
    ByteView records;  // valid during the call
};

struct LeaderAnswers {
    ErrorCode error = ErrorCode::NONE;  // of the request as a whole
    FetchSessionId session{0};
    std::vector<LeaderAnswer> partitions;
};

class LeaderLink {
  public:
    // An error: there will be no answer.
    using FetchDone = std::move_only_function<void(Result<LeaderAnswers>)>;
    using EndsDone = std::move_only_function<void(Result<std::vector<fetcher::LogEnds>>)>;

    virtual ~LeaderLink() = default;
    virtual void fetch(fetcher::FetchRequest request, FetchDone done) = 0;
    virtual void find_ends(fetcher::LogEndsRequest request, EndsDone done) = 0;
    // Closes the connection, so that what is asked next waits for nothing.
    virtual void abandon() = 0;
};

}  // namespace milena::replica
