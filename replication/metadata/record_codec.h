// Decisions are written down as framed metadata records at once: what is decided is what is read
// back, in the same bytes, by apply and by every replay.
#pragma once

#include "protocol/base/assert.h"
#include "protocol/wire/metadata_record.h"
#include "replication/record_list.h"

namespace milena::metadata {

// Appends the record in the given version, which must be able to express it.
template <class T>
void add_record(RecordList& records, const T& record, ApiVersion version) {
    records.add_by([&](std::vector<std::uint8_t>& out) {
        MILENA_ASSERT(append_metadata_record(record, version, out));
    });
}

}  // namespace milena::metadata
