#include "broker/coordinator/group/settings.h"

#include "broker/config/settings.h"

#include <algorithm>
#include <cctype>

namespace milena::coordinator::group {
namespace {

namespace opt = config::opt::broker;

MigrationPolicy migration_policy(std::string_view word) {
    const auto is = [&](std::string_view other) {
        return std::equal(word.begin(), word.end(), other.begin(), other.end(),
                          [](unsigned char a, char b) { return std::tolower(a) == b; });
    };
    if (is("disabled")) return MigrationPolicy::disabled;
    if (is("downgrade")) return MigrationPolicy::downgrade;
    return is("upgrade") ? MigrationPolicy::upgrade : MigrationPolicy::bidirectional;
}

}  // namespace

Settings settings_from(const config::Settings& broker) {
    Settings settings;
    settings.offsets_retention = Millis(60'000LL * broker.get(opt::offsets_retention_minutes));
    settings.offsets_retention_check = broker.get(opt::offsets_retention_check_interval_ms);
    settings.offset_metadata_max_bytes = broker.get(opt::offset_metadata_max_bytes);
    settings.initial_rebalance_delay = broker.get(opt::group_initial_rebalance_delay_ms);
    settings.min_session_timeout = broker.get(opt::group_min_session_timeout_ms);
    settings.max_session_timeout = broker.get(opt::group_max_session_timeout_ms);
    settings.max_size = broker.get(opt::group_max_size);

    const auto& protocols = broker.get(opt::group_coordinator_rebalance_protocols);
    settings.serves_consumer_protocol =
        std::find(protocols.begin(), protocols.end(), "consumer") != protocols.end();
    settings.consumer_assignors = broker.get(opt::group_consumer_assignors);
    settings.consumer_session_timeout = broker.get(opt::group_consumer_session_timeout_ms);
    settings.consumer_min_session_timeout = broker.get(opt::group_consumer_min_session_timeout_ms);
    settings.consumer_max_session_timeout = broker.get(opt::group_consumer_max_session_timeout_ms);
    settings.consumer_heartbeat_interval = broker.get(opt::group_consumer_heartbeat_interval_ms);
    settings.consumer_min_heartbeat_interval =
        broker.get(opt::group_consumer_min_heartbeat_interval_ms);
    settings.consumer_max_heartbeat_interval =
        broker.get(opt::group_consumer_max_heartbeat_interval_ms);
    settings.consumer_max_size = broker.get(opt::group_consumer_max_size);
    settings.consumer_regex_refresh = broker.get(opt::group_consumer_regex_refresh_interval_ms);
    settings.migration_policy = migration_policy(broker.get(opt::group_consumer_migration_policy));
    return settings;
}

}  // namespace milena::coordinator::group
