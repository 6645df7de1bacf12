// What the broker answers on metrics.listener:
//   GET /metrics   every metric, as Prometheus reads it
//   GET /healthz   200 while the broker serves, 503 while it starts or stops
#pragma once

#include "broker/http/http_server.h"
#include "broker/net/executor.h"
#include "broker/telemetry/registry.h"

#include <functional>

namespace milena::http {

struct MetricsSource {
    // Complete by now; outlives the last request.
    const telemetry::Registry& registry;
    std::function<bool()> is_serving;
    // Runs a task on a thread that may block: collecting looks into every shard.
    std::function<void(net::Task)> submit_blocking;
};

Handler metrics_site(MetricsSource source);

}  // namespace milena::http
