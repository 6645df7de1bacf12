// Client quotas, SCRAM credentials and access rules as records.
#pragma once

#include "replication/metadata/security_state.h"
#include "replication/record_list.h"

#include <optional>
#include <string_view>

namespace milena::metadata {

// Without a value: the quota is removed.
void add_quota_record(RecordList& records, const QuotaEntity& entity, std::string_view key,
                      std::optional<double> value);
void add_scram_record(RecordList& records, const ScramKey& key, const ScramCredential& credential);
void add_acl_record(RecordList& records, const Uuid& id, const AclEntry& acl);

}  // namespace milena::metadata
