// Records of features that have no state of their own yet: kept whole under their identity.
#include "replication/metadata/image_editor.h"

#include <algorithm>

namespace milena::metadata {
namespace {

// Parts of an identity, told apart by their lengths.
std::string joined(std::string_view kind, std::initializer_list<std::string_view> parts) {
    std::string identity(kind);
    for (const auto part : parts) {
        identity += ' ' + std::to_string(part.size()) + ':';
        identity += part;
    }
    return identity;
}

std::string scram_identity(std::string_view user, std::int8_t mechanism) {
    return joined("scram", {user, std::to_string(mechanism)});
}

std::string quota_identity(const msg::ClientQuotaRecord& record) {
    std::vector<std::string> entity;
    for (const auto& part : record.entity) {
        entity.push_back(joined(part.entity_name.is_null() ? "default" : "named",
                                {part.entity_type, part.entity_name.value_or_empty()}));
    }
    std::sort(entity.begin(), entity.end());
    std::string identity = joined("quota", {record.key});
    for (const auto& part : entity) identity += ' ' + part;
    return identity;
}

}  // namespace

KeptRecords& ImageEditor::kept() {
    if (!kept_) kept_ = std::make_shared<KeptRecords>(*next_->kept);
    delta_.kept_changed = true;
    return *kept_;
}

void ImageEditor::keep(std::string identity) {
    kept().insert_or_assign(std::move(identity),
                            std::vector<std::uint8_t>(current_.begin(), current_.end()));
}

// Removing what is not there is fine: Kafka writes such records for quotas.
void ImageEditor::forget(const std::string& identity) {
    kept().erase(identity);
}

Status ImageEditor::apply(const msg::AccessControlEntryRecord& record) {
    keep(joined("acl", {record.id.to_string()}));
    return {};
}

Status ImageEditor::apply(const msg::RemoveAccessControlEntryRecord& record) {
    forget(joined("acl", {record.id.to_string()}));
    return {};
}

Status ImageEditor::apply(const msg::UserScramCredentialRecord& record) {
    keep(scram_identity(record.name, record.mechanism));
    return {};
}

Status ImageEditor::apply(const msg::RemoveUserScramCredentialRecord& record) {
    forget(scram_identity(record.name, record.mechanism));
    return {};
}

Status ImageEditor::apply(const msg::DelegationTokenRecord& record) {
    keep(joined("token", {record.token_id}));
    return {};
}

Status ImageEditor::apply(const msg::RemoveDelegationTokenRecord& record) {
    forget(joined("token", {record.token_id}));
    return {};
}

Status ImageEditor::apply(const msg::ClientQuotaRecord& record) {
    if (record.remove) {
        forget(quota_identity(record));
    } else {
        keep(quota_identity(record));
    }
    return {};
}

}  // namespace milena::metadata
