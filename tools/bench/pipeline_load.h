// Consume, transform, produce: records come into one topic at a rate; a processor reads them,
// writes each to a second topic and commits its position, one transaction for what it has read; a
// read-committed consumer of the second topic waits for them. Measured is the time from when a
// record was due in the first topic until the consumer has it.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::bench {

struct PipelineLoad {
    std::string input;   // both topics are new and have one partition
    std::string output;  //
    double records_per_second = 200;
    std::int32_t value_bytes = 100;
    Measure measure;
};

// `records` are those measured, `requests` the transactions that carried them.
Result<Figures> run_pipeline_load(client::Cluster& cluster, const PipelineLoad& load);

}  // namespace milena::bench
