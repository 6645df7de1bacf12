// Client quotas, SCRAM credentials and access rules: what their records do to an image. Removing
// what is not there is fine.
#include "replication/metadata/image_editor.h"

namespace milena::metadata {
namespace {

ScramKey scram_key(std::string_view user, std::int8_t mechanism) {
    return {std::string(user), static_cast<ScramMechanism>(mechanism)};
}

std::vector<std::uint8_t> to_vector(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

Status ImageEditor::apply(const msg::AccessControlEntryRecord& record) {
    acls_.of(next_->acls)
        .insert_or_assign(
            record.id,
            AclEntry{record.resource_type, std::string(record.resource_name), record.pattern_type,
                     std::string(record.principal), std::string(record.host), record.operation,
                     record.permission_type});
    return {};
}

Status ImageEditor::apply(const msg::RemoveAccessControlEntryRecord& record) {
    acls_.of(next_->acls).erase(record.id);
    return {};
}

Status ImageEditor::apply(const msg::UserScramCredentialRecord& record) {
    scram_.of(next_->scram)
        .insert_or_assign(scram_key(record.name, record.mechanism),
                          ScramCredential{to_vector(record.salt), to_vector(record.stored_key),
                                          to_vector(record.server_key), record.iterations});
    return {};
}

Status ImageEditor::apply(const msg::RemoveUserScramCredentialRecord& record) {
    scram_.of(next_->scram).erase(scram_key(record.name, record.mechanism));
    return {};
}

Status ImageEditor::apply(const msg::ClientQuotaRecord& record) {
    QuotaEntity entity;
    for (const auto& part : record.entity) {
        std::optional<std::string> name;
        if (part.entity_name.has_value()) name = std::string(*part.entity_name);
        entity.insert_or_assign(std::string(part.entity_type), std::move(name));
    }
    auto& quotas = client_quotas_.of(next_->client_quotas);
    if (!record.remove) {
        quotas[std::move(entity)].insert_or_assign(std::string(record.key), record.value);
        return {};
    }
    const auto at = quotas.find(entity);
    if (at == quotas.end()) return {};
    if (const auto key = at->second.find(record.key); key != at->second.end()) {
        at->second.erase(key);
    }
    if (at->second.empty()) quotas.erase(at);
    return {};
}

}  // namespace milena::metadata
