#include "replication/metadata/loader.h"

#include "protocol/wire/metadata_record.h"

namespace milena::metadata {

ImageEditor& Loader::editor() {
    if (!editor_) editor_.emplace(*image_);
    return *editor_;
}

Status Loader::apply(ByteView value) {
    arena_.reset();
    MILENA_ASSIGN(const auto decoded, decode_metadata_record(value, arena_));
    const msg::MetadataRecord& record = decoded.record;
    if (std::holds_alternative<msg::BeginTransactionRecord>(record)) {
        if (transaction_) {
            return fail(ErrorCode::INVALID_RECORD, "a metadata transaction begins inside another");
        }
        transaction_.emplace();
        return {};
    }
    const bool commits = std::holds_alternative<msg::EndTransactionRecord>(record);
    if (commits || std::holds_alternative<msg::AbortTransactionRecord>(record)) {
        if (!transaction_) {
            return fail(ErrorCode::INVALID_RECORD, "a metadata transaction ends that never began");
        }
        const RecordList records = std::move(*transaction_);
        transaction_.reset();
        return commits ? apply_all(records) : Status{};
    }
    if (transaction_) {
        transaction_->add(value);
        return {};
    }
    return editor().apply(record, value);
}

Status Loader::apply_all(const RecordList& records) {
    for (std::size_t i = 0; i < records.size(); ++i) MILENA_TRY(apply(records[i]));
    return {};
}

ImageChange Loader::take(const Provenance& provenance) {
    ImageChange change = editor().finish(provenance);
    editor_.reset();
    image_ = change.image;
    return change;
}

}  // namespace milena::metadata
