// From the properties of a Kafka client to the settings of ours.
#pragma once

#include "protocol/base/error.h"
#include "tools/client/cluster.h"
#include "tools/io.h"
#include "tools/kafka/options.h"

#include <cstdint>
#include <string_view>

namespace milena::kafka_tools {

// Reads bootstrap.servers, client.id, request.timeout.ms, default.api.timeout.ms and
// retry.backoff.ms; other properties are for others. Refuses a security.protocol that we do not
// speak. Like Kafka's tools the client goes on trying while nothing listens; it says so once on
// `io.err`.
Result<client::ClusterSettings> cluster_settings(const Properties& properties, const cli::Io& io);

// The number in `properties`, `fallback` when it is missing.
Result<std::int64_t> number(const Properties& properties, std::string_view key,
                            std::int64_t fallback);
// The text in `properties`, `fallback` when it is missing.
std::string text(const Properties& properties, std::string_view key, std::string_view fallback);

}  // namespace milena::kafka_tools
