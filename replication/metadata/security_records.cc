#include "replication/metadata/security_records.h"

#include "protocol/base/arena.h"
#include "protocol/msg/records/access_control_entry_record.h"
#include "protocol/msg/records/client_quota_record.h"
#include "protocol/msg/records/user_scram_credential_record.h"
#include "replication/metadata/record_codec.h"

namespace milena::metadata {

void add_quota_record(RecordList& records, const QuotaEntity& entity, std::string_view key,
                      std::optional<double> value) {
    Arena arena;
    msg::ClientQuotaRecord record;
    record.entity = decltype(record.entity)::make(arena, entity.size());
    std::size_t i = 0;
    for (const auto& [type, name] : entity) {
        record.entity[i].entity_type = type;
        record.entity[i].entity_name = name ? NullableString(*name) : NullableString();
        ++i;
    }
    record.key = key;
    record.value = value.value_or(0);
    record.remove = !value;
    add_record(records, record, ApiVersion(0));
}

void add_scram_record(RecordList& records, const ScramKey& key, const ScramCredential& credential) {
    msg::UserScramCredentialRecord record;
    record.name = key.user;
    record.mechanism = static_cast<std::int8_t>(key.mechanism);
    record.salt = credential.salt;
    record.stored_key = credential.stored_key;
    record.server_key = credential.server_key;
    record.iterations = credential.iterations;
    add_record(records, record, ApiVersion(0));
}

void add_acl_record(RecordList& records, const Uuid& id, const AclEntry& acl) {
    msg::AccessControlEntryRecord record;
    record.id = id;
    record.resource_type = acl.resource_type;
    record.resource_name = acl.resource_name;
    record.pattern_type = acl.pattern_type;
    record.principal = acl.principal;
    record.host = acl.host;
    record.operation = acl.operation;
    record.permission_type = acl.permission;
    add_record(records, record, ApiVersion(0));
}

}  // namespace milena::metadata
