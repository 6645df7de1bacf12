// <offset>.snapshot: the producers' state after all batches below that offset.
//
//    0  int16   version, 1
//    2  uint32  CRC-32C of everything from byte 6 on
//    6  int32   number of entries, then each, 46 bytes:
//        +0  int64  producer id
//        +8  int16  epoch
//       +10  int32  last sequence           of the last batch; -1: only a marker was seen
//       +14  int64  last offset             of the last batch; -1 likewise
//       +22  int32  offset delta            last offset - first offset of that batch
//       +26  int64  timestamp               of the last write
//       +34  int32  coordinator epoch       of the last marker, -1 none
//       +38  int64  current transaction's first offset, -1 none
//
// A file that fails any check is removed and the state rebuilt from an older one and the log.
#pragma once

#include "log/disk.h"
#include "log/producer_state.h"

#include <string>
#include <vector>

namespace milena::log {

// Entries in the order of their ids: the same state gives the same bytes.
std::vector<std::uint8_t> encode_producer_snapshot(const ProducerState& state);
// Replaces what `into` held, but for its end offset. CORRUPT_MESSAGE when the bytes are no snapshot
// of a version we know; `into` is then empty.
Status decode_producer_snapshot(ByteView bytes, ProducerState& into);

}  // namespace milena::log
