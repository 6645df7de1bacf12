#include "replication/metadata/batch_walk.h"

#include "protocol/record/record_reader.h"

namespace milena::metadata {
namespace {

std::string at_offset(const BatchView& batch) {
    return "metadata batch at offset " + std::to_string(batch.base_offset().value());
}

}  // namespace

Status BatchWalk::walk_batch(const BatchView& batch, BatchVisitor& visitor) {
    if (!batch.crc_matches()) {
        return fail(ErrorCode::CORRUPT_MESSAGE,
                    at_offset(batch) + " does not match its checksum: the file was damaged");
    }
    MILENA_ASSIGN(const ByteView payload, payload_of(batch, codecs_, payload_, kMaxPayload));
    RecordReader reader(batch, payload);
    while (reader.next()) {
        const Record& record = reader.record();
        if (!batch.is_control()) {
            MILENA_TRY(visitor.on_record(record.value.value_or_empty()));
            continue;
        }
        MILENA_ASSIGN(const ControlType type, parse_control_key(record.key));
        MILENA_TRY(visitor.on_control(type, record.value.value_or_empty()));
    }
    MILENA_TRY(reader.status());
    visitor.on_batch_end(batch);
    return {};
}

Result<std::size_t> BatchWalk::walk(ByteView bytes, BatchVisitor& visitor) {
    BatchSplitter split(bytes);
    std::size_t walked = 0;
    while (split.next()) {
        MILENA_TRY(walk_batch(split.batch(), visitor));
        walked += split.batch().size();
    }
    if (split.ended() != BatchFrame::Kind::partial) {
        return fail(ErrorCode::INVALID_RECORD, "byte " + std::to_string(walked) +
                                                   " of the metadata log's batches begins no "
                                                   "batch of the known format");
    }
    return walked;
}

}  // namespace milena::metadata
