#include "broker/config/scoped.h"

#include "protocol/base/assert.h"

#include <cstdint>

#include <fmt/format.h>

namespace milena::config {
namespace {

// The value that the broker gives to a row of another scope.
Value inherited(const Settings& broker, const Option& option) {
    for (const Ancestor& ancestor : ancestors(option)) {
        Value value = broker.raw(index_of(Scope::Broker, *ancestor.option));
        if (std::holds_alternative<std::monostate>(value)) continue;
        if (auto* number = std::get_if<std::int64_t>(&value); number && ancestor.factor != 1) {
            // A negative time is "never" in every unit, and a large one must not overflow.
            if (*number < 0) {
                *number = -1;
            } else if (__builtin_mul_overflow(*number, ancestor.factor, number)) {
                *number = INT64_MAX;
            }
        }
        return value;
    }
    if (option.fallback.text == nullptr) return {};
    auto parsed = parse_value(option, option.fallback.text);
    MILENA_ASSERT(parsed.has_value());
    return std::move(*parsed);
}

std::vector<Value> lay_over(const Settings* broker, Scope scope, const ConfigMap& own) {
    static const Settings no_broker = Settings::defaults();
    std::vector<Value> values;
    for (const Option& option : options(scope)) {
        const auto found = own.find(option.name());
        if (found != own.end()) {
            if (auto parsed = parse_value(option, found->second)) {
                values.push_back(std::move(*parsed));
                continue;
            }
        }
        values.push_back(inherited(broker == nullptr ? no_broker : *broker, option));
    }
    return values;
}

std::string unknown(std::string_view what, Scope scope, std::string_view name) {
    std::string text = fmt::format("unknown {} setting {}", what, name);
    if (const auto near = did_you_mean(scope, name))
        text += fmt::format("; did you mean {}?", *near);
    return text;
}

Status check_rows(std::string_view what, Scope scope, ErrorCode unknown_code,
                  const ConfigMap& own) {
    for (const auto& [name, text] : own) {
        const Option* option = find_option(scope, name);
        if (option == nullptr) return fail(unknown_code, unknown(what, scope, name));
        MILENA_TRY(parse_value(*option, text));
    }
    return {};
}

template <class A, class B>
Status check_order(bool ok, std::string_view low_name, A low, std::string_view high_name, B high) {
    if (ok) return {};
    return fail(ErrorCode::INVALID_CONFIG,
                fmt::format("{}={} must not exceed {}={}", low_name, low, high_name, high));
}

// A group's value must lie between two settings of the broker.
struct Bounds {
    Key<Scope::Group, Millis> own;
    Key<Scope::Broker, Millis> low;
    Key<Scope::Broker, Millis> high;
};

constexpr Bounds kGroupBounds[] = {
    {opt::group::consumer_session_timeout_ms, opt::broker::group_consumer_min_session_timeout_ms,
     opt::broker::group_consumer_max_session_timeout_ms},
    {opt::group::consumer_heartbeat_interval_ms,
     opt::broker::group_consumer_min_heartbeat_interval_ms,
     opt::broker::group_consumer_max_heartbeat_interval_ms},
    {opt::group::share_session_timeout_ms, opt::broker::group_share_min_session_timeout_ms,
     opt::broker::group_share_max_session_timeout_ms},
    {opt::group::share_heartbeat_interval_ms, opt::broker::group_share_min_heartbeat_interval_ms,
     opt::broker::group_share_max_heartbeat_interval_ms},
    {opt::group::share_record_lock_duration_ms,
     opt::broker::group_share_min_record_lock_duration_ms,
     opt::broker::group_share_max_record_lock_duration_ms},
    {opt::group::streams_session_timeout_ms, opt::broker::group_streams_min_session_timeout_ms,
     opt::broker::group_streams_max_session_timeout_ms},
    {opt::group::streams_heartbeat_interval_ms,
     opt::broker::group_streams_min_heartbeat_interval_ms,
     opt::broker::group_streams_max_heartbeat_interval_ms},
};

Status check_between(const Settings& broker, const GroupValues& group, const Bounds& bounds) {
    const Millis own = group.get(bounds.own);
    const Millis low = broker.get(bounds.low);
    const Millis high = broker.get(bounds.high);
    MILENA_TRY(check_order(low <= own, name_of(bounds.low), low.count(), name_of(bounds.own),
                           own.count()));
    return check_order(own <= high, name_of(bounds.own), own.count(), name_of(bounds.high),
                       high.count());
}

Status check_remote(const Settings& broker, const TopicValues& topic) {
    if (!topic.get(opt::topic::remote_storage_enable)) return {};
    if (!broker.get(opt::broker::remote_log_storage_system_enable)) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "remote.storage.enable=true: this cluster has no remote storage "
                    "(remote.log.storage.system.enable=false)");
    }
    return {};
}

// May this setting be changed for that target while the node runs?
Status check_target(BrokerTarget target, const Option& option, bool by_listener) {
    if (option.update == Update::ReadOnly) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("{} cannot be changed while the node runs; set it in the "
                                "properties file and restart",
                                option.name()));
    }
    const bool plans_listeners =
        option.name() == "listeners" || option.name() == "listener.security.protocol.map";
    if (plans_listeners) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("{}: Milena cannot change listeners while it runs yet; set it in "
                                "the properties file and restart",
                                option.name()));
    }
    if (option.update != Update::PerBroker || by_listener) return {};
    if (option.name().starts_with("ssl.")) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("{0} is set for one listener at a time: "
                                "listener.name.<listener>.{0}",
                                option.name()));
    }
    if (target == BrokerTarget::AllBrokers) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("{} can only be set for one broker, not for all", option.name()));
    }
    return {};
}

}  // namespace

TopicValues topic_values(const Settings& broker, const ConfigMap& own) {
    return TopicValues(lay_over(&broker, Scope::Topic, own));
}

GroupValues group_values(const Settings& broker, const ConfigMap& own) {
    return GroupValues(lay_over(&broker, Scope::Group, own));
}

ClientMetricsValues client_metrics_values(const ConfigMap& own) {
    return ClientMetricsValues(lay_over(nullptr, Scope::ClientMetrics, own));
}

Status check_topic(const Settings& broker, const ConfigMap& own) {
    MILENA_TRY(check_rows("topic", Scope::Topic, ErrorCode::INVALID_CONFIG, own));
    const TopicValues values = topic_values(broker, own);
    const Millis min_lag = values.get(opt::topic::min_compaction_lag_ms);
    const Millis max_lag = values.get(opt::topic::max_compaction_lag_ms);
    MILENA_TRY(check_order(min_lag <= max_lag, "min.compaction.lag.ms", min_lag.count(),
                           "max.compaction.lag.ms", max_lag.count()));
    return check_remote(broker, values);
}

Status check_group(const Settings& broker, const ConfigMap& own) {
    MILENA_TRY(check_rows("group", Scope::Group, ErrorCode::INVALID_CONFIG, own));
    const GroupValues group = group_values(broker, own);
    for (const Bounds& bounds : kGroupBounds) {
        if (own.contains(name_of(bounds.own))) MILENA_TRY(check_between(broker, group, bounds));
    }
    const std::int32_t standby = group.get(opt::group::streams_num_standby_replicas);
    const std::int32_t standby_max = broker.get(opt::broker::group_streams_max_standby_replicas);
    return check_order(standby <= standby_max, "streams.num.standby.replicas", standby,
                       "group.streams.max.standby.replicas", standby_max);
}

Status check_client_metrics(const ConfigMap& own) {
    return check_rows("client metrics", Scope::ClientMetrics, ErrorCode::INVALID_REQUEST, own);
}

Status check_broker(BrokerTarget target, const ConfigMap& proposed) {
    for (const auto& [name, text] : proposed) {
        const Option* option = find_option(Scope::Broker, name);
        const bool by_listener = option == nullptr;
        if (by_listener) option = find_listener_option(name);
        if (option == nullptr) {
            return fail(ErrorCode::INVALID_CONFIG, unknown("broker", Scope::Broker, name));
        }
        MILENA_TRY(check_target(target, *option, by_listener));
        if (const auto value = parse_value(*option, text); !value) {
            return fail(ErrorCode::INVALID_REQUEST, value.error().detail);
        }
    }
    return {};
}

}  // namespace milena::config
