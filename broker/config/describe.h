// Settings as DescribeConfigs answers them: effective value, where it comes from, everything that
// could stand in for it. Source: core/.../server/ConfigHelper.scala, and the answers of a broker.
#pragma once

#include "broker/config/scoped.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::config {

// Numbers of the wire (clients/.../requests/DescribeConfigsResponse.java).
enum class Source : std::uint8_t {
    Unknown = 0,
    Topic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
    BrokerLogger = 6,
    ClientMetrics = 7,
    Group = 8,
};

struct Synonym {
    std::string name;
    std::optional<std::string> value;
    Source source = Source::Unknown;
};

struct Described {
    std::string name;
    std::optional<std::string> value;  // null when not set, and for secrets
    std::uint8_t type = 0;             // number of Type; 0 for a name without a row
    Source source = Source::Default;
    bool read_only = false;
    bool sensitive = false;
    std::string_view documentation;
    std::vector<Synonym> synonyms;  // strongest first
};

// Which names were asked for; null means all.
using NameFilter = const std::vector<std::string_view>*;

std::vector<Described> describe_broker(const Settings& settings, NameFilter names = nullptr);
// The resource with the empty name: what is set dynamically for all brokers.
std::vector<Described> describe_all_brokers(const Settings& settings, NameFilter names = nullptr);
std::vector<Described> describe_topic(const Settings& settings, const ConfigMap& own,
                                      NameFilter names = nullptr);
std::vector<Described> describe_group(const Settings& settings, const ConfigMap& own,
                                      NameFilter names = nullptr);
std::vector<Described> describe_client_metrics(const ConfigMap& own, NameFilter names = nullptr);

}  // namespace milena::config
