// AlterClientQuotas, and what DescribeClientQuotas finds (KIP-546; facts: metadata/.../
// ClientQuotaControlManager.java, ClientQuotasImage.java). Each entity succeeds or fails alone.
// Differences from Kafka: the name of an "ip" is an address, host names are not looked up; entities
// that stand twice in a request are refused as a whole, where Kafka carries out the first.
#include "replication/metadata/client_quotas.h"

#include "replication/metadata/new_partitions.h"
#include "replication/metadata/security_records.h"

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include <arpa/inet.h>

namespace milena::metadata {
namespace {

using Entry = AlterClientQuotas::Entry;

constexpr std::string_view kUser = "user";
constexpr std::string_view kClientId = "client-id";
constexpr std::string_view kIp = "ip";

struct QuotaKey {
    std::string_view name;
    bool is_of_ip;
    double max;  // of whole numbers; 0: any number
};
constexpr double kMaxInt64 = 9223372036854775807.0;
constexpr double kMaxInt32 = 2147483647.0;
// server-common/.../QuotaConfig.java
constexpr std::array<QuotaKey, 5> kKeys = {{
    {"producer_byte_rate", false, kMaxInt64},
    {"consumer_byte_rate", false, kMaxInt64},
    {"request_percentage", false, 0},
    {"controller_mutation_rate", false, 0},
    {"connection_creation_rate", true, kMaxInt32},
}};

std::unexpected<Error> invalid(std::string why) {
    return fail(ErrorCode::INVALID_REQUEST, std::move(why));
}

bool is_address(const std::string& text) {
    std::array<std::uint8_t, 16> address{};
    return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

Result<QuotaEntity> entity_of(const Entry& entry) {
    QuotaEntity entity;
    for (const auto& part : entry.entity) {
        if (part.type != kUser && part.type != kClientId && part.type != kIp) {
            return invalid("'" + part.type +
                           "' is no type of quota entity; there are user, client-id and ip");
        }
        if (part.name && part.name->empty()) return invalid("the " + part.type + " has no name");
        if (!entity.emplace(part.type, part.name).second) {
            return invalid("the entity has more than one " + part.type);
        }
    }
    if (entity.empty()) return invalid("the quota is for nobody; name a user, client-id or ip");
    if (const auto ip = entity.find(kIp); ip != entity.end()) {
        if (entity.size() > 1) return invalid("an ip cannot be combined with user or client-id");
        if (ip->second && !is_address(*ip->second)) {
            return invalid("'" + *ip->second + "' is no IP address");
        }
    }
    return entity;
}

Status check_value(const QuotaEntity& entity, const std::string& key, double value) {
    const bool is_of_ip = entity.contains(kIp);
    for (const auto& known : kKeys) {
        if (known.name != key || known.is_of_ip != is_of_ip) continue;
        if (!(value > 0)) return invalid("quota " + key + " must be greater than 0");
        if (known.max == 0) return {};
        if (value > known.max) return invalid("quota " + key + " is too large");
        if (std::fabs(std::fmod(value, 1.0)) > 1e-6) {
            return invalid("quota " + key + " must be a whole number");
        }
        return {};
    }
    return invalid("there is no quota '" + key + "' for such an entity");
}

Status alter(const Image& image, const Entry& entry, const QuotaEntity& entity,
             RecordList& records) {
    static const QuotaValues none;
    const auto at = image.client_quotas->find(entity);
    const QuotaValues& current = at == image.client_quotas->end() ? none : at->second;
    std::set<std::string_view> keys;
    for (const auto& [key, value] : entry.changes) {
        if (!keys.insert(key).second) {
            return invalid("quota " + key + " stands more than once for one entity");
        }
        const auto old_value = current.find(key);
        const bool had = old_value != current.end();
        if (value) {
            MILENA_TRY(check_value(entity, key, *value));
            if (had && old_value->second == *value) continue;
        } else if (!had) {
            continue;
        }
        add_quota_record(records, entity, key, value);
    }
    return {};
}

Status check_filter(const QuotaFilter& filter) {
    std::set<std::string_view> types;
    for (const auto& part : filter.parts) {
        if (part.type.empty()) return invalid("an entity type in the filter is empty");
        if (!types.insert(part.type).second) {
            return invalid("entity type " + part.type + " stands more than once in the filter");
        }
        if (part.type != kUser && part.type != kClientId && part.type != kIp) {
            return fail(ErrorCode::UNSUPPORTED_VERSION,
                        "entity type '" + part.type + "' is unknown");
        }
        if (part.match != QuotaMatch::exact && part.match != QuotaMatch::default_name &&
            part.match != QuotaMatch::any) {
            return invalid("match type " + std::to_string(static_cast<int>(part.match)) +
                           " is unknown; known are 0 (exact), 1 (default) and 2 (any)");
        }
        if (part.name.has_value() != (part.match == QuotaMatch::exact)) {
            return invalid("a name belongs to an exact match, and only to that");
        }
    }
    if (types.contains(kIp) && types.size() > 1) {
        return invalid("an ip cannot be combined with user or client-id in a filter");
    }
    return {};
}

bool fits(const QuotaEntity& entity, const QuotaFilter& filter) {
    if (filter.is_strict && entity.size() != filter.parts.size()) return false;
    for (const auto& part : filter.parts) {
        const auto at = entity.find(part.type);
        if (at == entity.end()) return false;
        if (part.match != QuotaMatch::any && at->second != part.name) return false;
    }
    return true;
}

}  // namespace

Decision decide(const AlterClientQuotas& request, const DecideContext& context) {
    std::vector<Result<QuotaEntity>> entities;
    std::map<QuotaEntity, int> mentions;
    for (const auto& entry : request.entries) {
        entities.push_back(entity_of(entry));
        if (entities.back()) ++mentions[*entities.back()];
    }
    AlterClientQuotas::Reply reply;
    RecordList records;
    for (std::size_t i = 0; i < entities.size(); ++i) {
        const std::size_t before = records.size();
        Status status;
        if (!entities[i]) {
            status = std::unexpected(entities[i].error());
        } else if (mentions[*entities[i]] > 1) {
            status = invalid("this entity stands more than once in the request");
        } else if (status = alter(context.image, request.entries[i], *entities[i], records);
                   status) {
            status = check_size(records);
        }
        if (!status) records.truncate(before);
        reply.entries.push_back(status ? success() : std::move(status).error());
    }
    if (request.validate_only) records = {};
    return {std::move(records), std::move(reply)};
}

Result<std::vector<const ClientQuotas::value_type*>> find_client_quotas(const Image& image,
                                                                        const QuotaFilter& filter) {
    MILENA_TRY(check_filter(filter));
    std::vector<const ClientQuotas::value_type*> found;
    for (const auto& entry : *image.client_quotas) {
        if (fits(entry.first, filter)) found.push_back(&entry);
    }
    return found;
}

}  // namespace milena::metadata
