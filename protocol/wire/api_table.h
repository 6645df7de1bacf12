// The APIs of Kafka 4.2: which keys exist, in which versions, on which listeners. The rows are
// generated from the schema files.
#pragma once

#include "protocol/base/ids.h"
#include "protocol/wire/api_key.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace milena {

struct ApiRow {
    ApiKey key;
    std::string_view name;
    std::int16_t min_version;
    std::int16_t max_version;           // the newest stable one
    std::int16_t max_unstable_version;  // the newest one that has a schema
    std::int16_t first_flexible;        // 0x7fff: never
    bool on_broker;
    bool on_controller;
    // Its response header has no tagged fields in any version (ApiVersions: a client reads it
    // before it knows what the broker speaks).
    bool response_header_v0;

    bool is_flexible(ApiVersion version) const { return version.value() >= first_flexible; }
    // Has a schema; unstable versions included.
    bool has_version(ApiVersion version) const {
        return version.value() >= min_version && version.value() <= max_unstable_version;
    }
    // 1, or 2 with tagged fields.
    std::int16_t request_header_version(ApiVersion version) const {
        return is_flexible(version) ? 2 : 1;
    }
    // 0, or 1 with tagged fields.
    std::int16_t response_header_version(ApiVersion version) const {
        return is_flexible(version) && !response_header_v0 ? 1 : 0;
    }
};

// In ascending order of their keys.
std::span<const ApiRow> api_table();
// nullptr for a key that Kafka 4.2 does not have (removed ones included).
const ApiRow* find_api(std::int16_t key);
inline const ApiRow& api_row(ApiKey key) {
    return *find_api(static_cast<std::int16_t>(key));
}

}  // namespace milena
