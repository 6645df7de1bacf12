// Sends prebuilt requests as fast as they are answered: each connection keeps so many in flight.
// One thread.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/bench/prebuilt.h"
#include "tools/client/socket.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace milena::bench {

struct ClosedLoop {
    struct Lane {
        client::Socket socket;
        std::vector<Frame> frames;  // sent in turn
    };
    std::vector<Lane> lanes;
    std::int32_t in_flight = 1;  // per connection
    Measure measure;
    // The correlation id of an answer (without its length) on lanes[lane]; or how it refuses.
    std::function<Result<std::int32_t>(ByteView answer, std::size_t lane)> read;
};

// Requests and latencies; fails with the first error that `read` gives.
Result<Figures> run_closed_loop(ClosedLoop loop, const Clock& clock);

}  // namespace milena::bench
