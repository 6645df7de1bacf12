// CreateAcls, DeleteAcls: access rules are stored and replicated (KIP-140, 290; facts: metadata/
// .../AclControlManager.java, core/.../AclApis.scala). A rule that exists already is created with
// success and without a record.
#include "protocol/msg/records/remove_access_control_entry_record.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/security_records.h"

#include <set>

namespace milena::metadata {
namespace {

// Numbers on the wire; 0 is "unknown" and 1 "any" everywhere.
constexpr std::int8_t kAny = 1;
constexpr std::int8_t kMatch = 2;
constexpr std::int8_t kLiteral = 3;
constexpr std::int8_t kPrefixed = 4;
constexpr std::int8_t kClusterResource = 4;
constexpr std::int8_t kLastResource = 7;
constexpr std::int8_t kLastOperation = 15;
constexpr std::int8_t kDeny = 2;
constexpr std::int8_t kAllow = 3;
constexpr std::string_view kClusterName = "kafka-cluster";

std::unexpected<Error> invalid(std::string why) {
    return fail(ErrorCode::INVALID_REQUEST, "the access rule " + std::move(why));
}

Status check(const AclEntry& acl) {
    if (acl.resource_type <= kAny || acl.resource_type > kLastResource) {
        return invalid("is for no type of resource");
    }
    if (acl.pattern_type != kLiteral && acl.pattern_type != kPrefixed) {
        return invalid("has a pattern that is neither literal nor prefixed");
    }
    if (acl.operation <= kAny || acl.operation > kLastOperation) {
        return invalid("is for no operation");
    }
    if (acl.permission != kDeny && acl.permission != kAllow) {
        return invalid("neither denies nor allows");
    }
    if (acl.resource_name.empty()) return invalid("names no resource");
    if (acl.resource_type == kClusterResource && acl.resource_name != kClusterName) {
        return invalid("is for a cluster, whose only name is kafka-cluster");
    }
    return {};
}

Status check(const AclFilter& filter) {
    const auto is_known = [](std::int8_t value, std::int8_t last) {
        return value >= kAny && value <= last;
    };
    if (!is_known(filter.resource_type, kLastResource) ||
        !is_known(filter.pattern_type, kPrefixed) || !is_known(filter.operation, kLastOperation) ||
        !is_known(filter.permission, kAllow)) {
        return fail(ErrorCode::INVALID_REQUEST, "the filter has a field of an unknown value");
    }
    return {};
}

bool name_matches(const AclFilter& filter, const AclEntry& acl) {
    if (filter.pattern_type != kAny && filter.pattern_type != kMatch &&
        filter.pattern_type != acl.pattern_type) {
        return false;
    }
    if (!filter.resource_name) return true;
    if (filter.pattern_type != kMatch) return *filter.resource_name == acl.resource_name;
    if (acl.pattern_type == kPrefixed) return filter.resource_name->starts_with(acl.resource_name);
    return *filter.resource_name == acl.resource_name || acl.resource_name == "*";
}

}  // namespace

bool matches(const AclFilter& filter, const AclEntry& acl) {
    const auto fits = [](std::int8_t wanted, std::int8_t value) {
        return wanted == kAny || wanted == value;
    };
    const auto is = [](const std::optional<std::string>& wanted, const std::string& value) {
        return !wanted || *wanted == value;
    };
    return fits(filter.resource_type, acl.resource_type) && name_matches(filter, acl) &&
           is(filter.principal, acl.principal) && is(filter.host, acl.host) &&
           fits(filter.operation, acl.operation) && fits(filter.permission, acl.permission);
}

Decision decide(const CreateAcls& request, const DecideContext& context) {
    std::set<AclEntry> existing;
    for (const auto& [id, acl] : *context.image.acls) existing.insert(acl);
    CreateAcls::Reply reply;
    RecordList records;
    for (const auto& acl : request.acls) {
        Status status = check(acl);
        if (status && existing.insert(acl).second) {
            add_acl_record(records, context.random.uuid(), acl);
        }
        reply.acls.push_back(status ? success() : std::move(status).error());
    }
    if (Status size = check_size(records); !size) {
        records = {};
        for (auto& error : reply.acls) error = size.error();
    }
    return {std::move(records), std::move(reply)};
}

Decision decide(const DeleteAcls& request, const DecideContext& context) {
    DeleteAcls::Reply reply;
    std::set<Uuid> removed;
    for (const auto& filter : request.filters) {
        auto& answer = reply.filters.emplace_back();
        if (Status status = check(filter); !status) {
            answer.error = std::move(status).error();
            continue;
        }
        answer.error = success();
        for (const auto& [id, acl] : *context.image.acls) {
            if (!matches(filter, acl)) continue;
            removed.insert(id);
            answer.deleted.push_back(acl);
        }
    }
    RecordList records;
    for (const Uuid& id : removed) {
        msg::RemoveAccessControlEntryRecord record;
        record.id = id;
        add_record(records, record, ApiVersion(0));
    }
    if (Status size = check_size(records); !size) {
        records = {};
        for (auto& answer : reply.filters) answer = {size.error(), {}};
    }
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
