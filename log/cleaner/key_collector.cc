#include "log/cleaner/key_collector.h"

#include "log/cleaner/batch_filter.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"

namespace milena::log {

bool KeyCollector::add(const BatchHead& head, ByteView bytes) {
    bool all = true;
    if (head.magic == batch_layout::kMagicValue && BatchView(bytes).crc_matches()) {
        const BatchView batch(bytes);
        if (head.is_control()) {
            transactions_.on_marker(head, control_type(batch));
        } else if (!transactions_.is_aborted(head)) {
            all = add_records(batch);
        }
    }
    if (all) map_.set_latest_offset(head.last_offset);
    return all;
}

bool KeyCollector::add_records(const BatchView& batch) {
    const auto payload = payload_of(batch, codecs_, payload_, kMaxCleanedPayload);
    if (!payload) return true;
    keys_.clear();
    RecordReader reader(batch, *payload);
    while (reader.next()) {
        const Record& record = reader.record();
        if (record.key.is_null() || record.offset < from_) continue;
        keys_.emplace_back(*record.key, record.offset);
    }
    // What no reader can read must not take the place of what one can.
    if (!reader.status()) return true;
    for (const auto& [key, offset] : keys_) {
        if (!map_.put(key, offset)) return false;
    }
    return true;
}

}  // namespace milena::log
