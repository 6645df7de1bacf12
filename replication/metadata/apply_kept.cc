// Records of features that have no state of their own yet: kept whole under their identity.
#include "replication/metadata/image_editor.h"

namespace milena::metadata {
namespace {

std::string token_identity(std::string_view token_id) {
    return "token " + std::string(token_id);
}

}  // namespace

Status ImageEditor::apply(const msg::DelegationTokenRecord& record) {
    kept_.of(next_->kept)
        .insert_or_assign(token_identity(record.token_id),
                          std::vector<std::uint8_t>(current_.begin(), current_.end()));
    return {};
}

Status ImageEditor::apply(const msg::RemoveDelegationTokenRecord& record) {
    kept_.of(next_->kept).erase(token_identity(record.token_id));
    return {};
}

}  // namespace milena::metadata
