// What the handlers of one reactor have served. Its thread alone changes them.
#pragma once

#include "broker/telemetry/counter.h"

#include <array>
#include <cstddef>

namespace milena::telemetry {

// API keys are small numbers; one beyond is counted nowhere.
inline constexpr std::size_t kApiSlots = 128;

struct RequestCounters {
    std::array<Counter, kApiSlots> requests;  // by API key
    Counter produced_bytes;    // record batches that producers sent and that are in order
    Counter fetched_bytes;     // record batches given to consumers
    Counter replicated_bytes;  // record batches given to other replicas

    void count_request(std::size_t api_key) {
        if (api_key < kApiSlots) requests[api_key].add(1);
    }
};

}  // namespace milena::telemetry
