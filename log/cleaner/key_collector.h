// Fills an offset map from the dirty part of a log, batch by batch. Pure.
#pragma once

#include "log/batch_scan.h"
#include "log/cleaner/offset_map.h"
#include "log/cleaner/transaction_tracker.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace milena {
class Codecs;
}

namespace milena::log {

class KeyCollector {
  public:
    // Records below `from` do not count.
    KeyCollector(OffsetMap& map, TransactionTracker& transactions, Codecs& codecs, Offset from)
        : map_(map), transactions_(transactions), codecs_(codecs), from_(from) {}

    // Takes in the keys of one batch; data of aborted transactions and what cannot be read has
    // none. False: the map is full, its latest offset is the last one that it knows.
    bool add(const BatchHead& head, ByteView batch);

  private:
    bool add_records(const BatchView& batch);

    OffsetMap& map_;
    TransactionTracker& transactions_;
    Codecs& codecs_;
    Offset from_;
    std::vector<std::uint8_t> payload_;
    std::vector<std::pair<ByteView, Offset>> keys_;  // of the batch at hand
};

}  // namespace milena::log
