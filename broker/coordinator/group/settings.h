// The broker's settings that group coordinators read, with Kafka's defaults.
#pragma once

#include "protocol/base/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace milena::config {
class Settings;
}

namespace milena::coordinator::group {

// group.consumer.migration.policy
enum class MigrationPolicy : std::uint8_t { disabled, downgrade, upgrade, bidirectional };

struct Settings {
    Millis offsets_retention{10'080LL * 60'000};    // offsets.retention.minutes
    Millis offsets_retention_check{600'000};        // offsets.retention.check.interval.ms
    std::int32_t offset_metadata_max_bytes = 4096;  // of UTF-16 units, as Java counts
    Millis initial_rebalance_delay{3'000};
    Millis min_session_timeout{6'000};
    Millis max_session_timeout{1'800'000};
    std::int32_t max_size = INT32_MAX;

    bool serves_consumer_protocol = true;  // in group.coordinator.rebalance.protocols
    std::vector<std::string> consumer_assignors{"uniform", "range"};
    Millis consumer_session_timeout{45'000};
    Millis consumer_min_session_timeout{45'000};
    Millis consumer_max_session_timeout{60'000};
    Millis consumer_heartbeat_interval{5'000};
    Millis consumer_min_heartbeat_interval{5'000};
    Millis consumer_max_heartbeat_interval{15'000};
    std::int32_t consumer_max_size = INT32_MAX;
    Millis consumer_regex_refresh{600'000};
    MigrationPolicy migration_policy = MigrationPolicy::bidirectional;
};

Settings settings_from(const config::Settings& broker);

// How long a member that has joined for the first time may wait for its answer.
inline constexpr Millis kNewMemberJoinTimeout{300'000};

}  // namespace milena::coordinator::group
