// Client quotas, SCRAM credentials and access rules as the metadata log holds them. Few, rarely
// changed, read as wholes: plain maps, shared between images and copied when one changes.
#pragma once

#include "protocol/base/uuid.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace milena::metadata {

// Whom a quota is for: names by type ("user", "client-id", "ip"); no name stands for the default.
using QuotaEntity = std::map<std::string, std::optional<std::string>, std::less<>>;
using QuotaValues = std::map<std::string, double, std::less<>>;  // by key, "producer_byte_rate"
using ClientQuotas = std::map<QuotaEntity, QuotaValues>;         // never without a value

// Numbers of Kafka's ScramMechanism; others may stand in a log and are kept.
enum class ScramMechanism : std::int8_t { sha_256 = 1, sha_512 = 2 };

struct ScramKey {
    std::string user;
    ScramMechanism mechanism = ScramMechanism::sha_256;

    friend bool operator==(const ScramKey&, const ScramKey&) = default;
    friend auto operator<=>(const ScramKey&, const ScramKey&) = default;
};

struct ScramCredential {
    std::vector<std::uint8_t> salt;
    std::vector<std::uint8_t> stored_key;
    std::vector<std::uint8_t> server_key;
    std::int32_t iterations = 0;

    friend bool operator==(const ScramCredential&, const ScramCredential&) = default;
};
using ScramCredentials = std::map<ScramKey, ScramCredential>;

// An access rule; numbers as on the wire (clients/.../common/acl, .../common/resource).
struct AclEntry {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::int8_t pattern_type = 0;
    std::string principal;  // "User:alice"
    std::string host;       // an address, or "*"
    std::int8_t operation = 0;
    std::int8_t permission = 0;

    friend bool operator==(const AclEntry&, const AclEntry&) = default;
    friend auto operator<=>(const AclEntry&, const AclEntry&) = default;
};
using Acls = std::map<Uuid, AclEntry>;

}  // namespace milena::metadata
