// Control records: what brokers and the metadata quorum write between the records of clients.
//
// Key: int16 version = 0, int16 type. Value of a transaction marker: int16 version = 0, int32
// coordinator epoch. Value of the quorum's records: a message that begins with its own version.
// Source: clients/.../common/record/{ControlRecordType,EndTransactionMarker,ControlRecordUtils}.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/record_reader.h"
#include "protocol/wire/frame.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace milena {

// A value read from bytes may be none of these: readers pass over types that they do not know.
enum class ControlType : std::int16_t {
    abort = 0,
    commit = 1,
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    kraft_voters = 6,
};

std::array<std::uint8_t, 4> control_key(ControlType type);
// Newer key versions are read as the newest known. INVALID_RECORD.
Result<ControlType> parse_control_key(NullableBytes key);

// The end of a transaction on one partition.
struct TransactionMarker {
    ControlType type = ControlType::abort;  // or commit
    std::int32_t coordinator_epoch = 0;

    friend bool operator==(const TransactionMarker&, const TransactionMarker&) = default;
};

std::array<std::uint8_t, 6> transaction_marker_value(const TransactionMarker& marker);
// INVALID_RECORD when the record is not a marker.
Result<TransactionMarker> parse_transaction_marker(const Record& record);

// The body of one of the quorum's records, msg::LeaderChangeMessage and the like. Kafka 4.2 reads
// and writes all of them by version 0 of their schemas, whatever the field `version` says.
template <class T>
Result<T> parse_control_body(const Record& record, Arena& arena) {
    return decode_message<T>(record.value.value_or_empty(), ApiVersion{0}, arena, kTrustedLimits);
}

// One control record: the value is its encoded body.
struct ControlRecord {
    ControlType type;
    ByteView value;
};

// A batch of control records, not compressed, ready for the log. `traits` says all the rest (base
// offset, leader epoch; for markers the producer and that it is transactional, no sequence).
std::vector<std::uint8_t> build_control_batch(BatchTraits traits, TimestampMs timestamp,
                                              std::span<const ControlRecord> records);

}  // namespace milena
