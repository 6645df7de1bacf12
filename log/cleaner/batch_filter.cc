#include "log/cleaner/batch_filter.h"

#include "protocol/record/compress.h"
#include "protocol/record/record_writer.h"

#include <algorithm>

namespace milena::log {
namespace {

// The header of `batch`, with the fields that depend on its records set anew.
struct NewHeader {
    std::int16_t attributes = 0;
    TimestampMs base_timestamp = kNoTimestamp;
    TimestampMs max_timestamp = kNoTimestamp;
    std::int32_t record_count = 0;
};

// `batch` holds the old header and the new records.
void finish_batch(MutableBytes batch, const NewHeader& header) {
    std::uint8_t* const at = batch.data();
    store_be(at + batch_layout::kLength,
             static_cast<std::int32_t>(batch.size() - batch_layout::kLengthEnd));
    store_be(at + batch_layout::kAttributes, header.attributes);
    store_be(at + batch_layout::kBaseTimestamp, header.base_timestamp.value());
    store_be(at + batch_layout::kMaxTimestamp, header.max_timestamp.value());
    store_be(at + batch_layout::kRecordCount, header.record_count);
    update_crc(batch);
}

}  // namespace

bool BatchFilter::filter(const BatchHead& head, ByteView bytes, Out& out) {
    counts_.bytes_read += bytes.size();
    const std::size_t before = out.size();
    bool same = true;
    if (head.magic != batch_layout::kMagicValue) {
        out.insert(out.end(), bytes.begin(), bytes.end());
    } else {
        const BatchView batch(bytes);
        if (!batch.crc_matches()) {
            ++counts_.damaged_batches;
            same = copy(batch, out);
        } else {
            same = head.is_control() ? filter_control(head, batch, out)
                                     : filter_data(head, batch, out);
        }
    }
    counts_.bytes_written += out.size() - before;
    return same;
}

bool BatchFilter::is_last_of_producer(const BatchHead& head) const {
    if (!head.has_producer_id()) return false;
    const auto found = rules_.producers.find(head.producer_id);
    if (found == rules_.producers.end()) return false;
    const LastOfProducer& last = found->second;
    if (last.data) return head.last_offset == *last.data;
    return head.is_control() && head.producer_epoch == last.epoch;
}

bool BatchFilter::must_leave_trace(const BatchHead& head) const {
    return head.last_offset + 1 == rules_.end || is_last_of_producer(head);
}

bool BatchFilter::keeps(const Record& record, bool tombstones_may_go) {
    if (record.offset > rules_.map.latest_offset()) return true;
    if (record.key.is_null()) {
        ++counts_.keyless_dropped;
        return false;
    }
    if (rules_.map.too_long(*record.key)) return true;
    if (record.offset < rules_.map.find(*record.key)) return false;
    return record.value.has_value() || !tombstones_may_go;
}

std::optional<BatchFilter::Verdict> BatchFilter::judge(const BatchView& batch, ByteView payload) {
    const auto horizon = batch.delete_horizon();
    const bool tombstones_may_go = horizon && rules_.now >= *horizon && !rules_.keep_tombstones;
    Verdict verdict;
    keep_.clear();
    RecordReader reader(batch, payload);
    while (reader.next()) {
        const Record& record = reader.record();
        const bool stays = keeps(record, tombstones_may_go);
        keep_.push_back(stays);
        if (!stays) continue;
        ++verdict.kept;
        verdict.any_tombstone |= record.value.is_null();
    }
    if (!reader.status()) return std::nullopt;
    counts_.records_read += keep_.size();
    counts_.records_kept += verdict.kept;
    return verdict;
}

bool BatchFilter::filter_data(const BatchHead& head, const BatchView& batch, Out& out) {
    if (transactions_.is_aborted(head)) {
        counts_.records_read += static_cast<std::uint64_t>(std::max(0, batch.record_count()));
        return drop_or_empty(head, batch, out);
    }
    const auto payload = payload_of(batch, codecs_, payload_, kMaxCleanedPayload);
    const auto verdict = payload ? judge(batch, *payload) : std::nullopt;
    if (!verdict) {
        ++counts_.damaged_batches;
        return copy(batch, out);
    }
    if (verdict->kept == 0) return drop_or_empty(head, batch, out);
    std::optional<TimestampMs> horizon;
    if (verdict->any_tombstone && !batch.delete_horizon()) {
        horizon = rules_.now + rules_.delete_retention.count();
    }
    if (verdict->kept == keep_.size() && !horizon) return copy(batch, out);
    return rewrite(batch, *payload, horizon, out);
}

bool BatchFilter::filter_control(const BatchHead& head, const BatchView& batch, Out& out) {
    const auto type = control_type(batch);
    const auto marker = transactions_.on_marker(head, type);
    if (marker.aborted) aborted_.push_back(*marker.aborted);
    counts_.records_read += type ? 1 : 0;
    if (!type) return drop_or_empty(head, batch, out);
    const auto horizon = batch.delete_horizon();
    if (marker.outlived && horizon && *horizon <= rules_.now && !is_last_of_producer(head)) {
        return drop_or_empty(head, batch, out);
    }
    counts_.records_kept += 1;
    if (!marker.outlived || horizon) return copy(batch, out);
    keep_.assign(static_cast<std::size_t>(std::max(0, batch.record_count())), true);
    return rewrite(batch, batch.records(), rules_.now + rules_.delete_retention.count(), out);
}

bool BatchFilter::copy(const BatchView& batch, Out& out) {
    out.insert(out.end(), batch.bytes().begin(), batch.bytes().end());
    return true;
}

bool BatchFilter::drop_or_empty(const BatchHead& head, const BatchView& batch, Out& out) {
    if (!must_leave_trace(head)) return false;
    if (batch.record_count() == 0) return copy(batch, out);
    const std::size_t begin = out.size();
    const ByteView header = batch.bytes().first(kBatchOverhead);
    out.insert(out.end(), header.begin(), header.end());
    const auto attributes = static_cast<std::int16_t>(
        batch.attributes() & ~(batch_layout::kCodecMask | batch_layout::kDeleteHorizonBit));
    finish_batch(MutableBytes(out).subspan(begin),
                 {attributes, kNoTimestamp, batch.max_timestamp(), 0});
    return false;
}

bool BatchFilter::rewrite(const BatchView& batch, ByteView payload,
                          std::optional<TimestampMs> horizon, Out& out) {
    NewHeader header;
    header.attributes = batch.attributes();
    if (horizon) {
        header.attributes =
            static_cast<std::int16_t>(header.attributes | batch_layout::kDeleteHorizonBit);
        header.base_timestamp = *horizon;
    } else if (batch.delete_horizon()) {
        header.base_timestamp = batch.base_timestamp();
    }
    const bool rebase = !horizon && !batch.delete_horizon();
    rebuilt_.clear();
    RecordReader reader(batch, payload);
    for (const bool stays : keep_) {
        reader.next();
        if (!stays) continue;
        const Record& record = reader.record();
        if (rebase && header.record_count == 0) header.base_timestamp = record.timestamp;
        header.max_timestamp = std::max(header.max_timestamp, record.timestamp);
        ++header.record_count;
        headers_.clear();
        for (const RecordHeader one : record.headers) headers_.push_back(one);
        append_record({record.timestamp - header.base_timestamp, record.offset_delta, record.key,
                       record.value, headers_},
                      rebuilt_);
    }
    const std::size_t begin = out.size();
    const ByteView old = batch.bytes().first(kBatchOverhead);
    out.insert(out.end(), old.begin(), old.end());
    if (!codecs_.compress(Compression::standard(batch.codec()), rebuilt_, out)) {
        out.resize(begin);
        return copy(batch, out);
    }
    if (batch.timestamp_type() == TimestampType::log_append_time) {
        header.max_timestamp = batch.max_timestamp();
    }
    finish_batch(MutableBytes(out).subspan(begin), header);
    return false;
}

}  // namespace milena::log
