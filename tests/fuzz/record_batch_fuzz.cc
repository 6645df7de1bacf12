// Everything that reads record batches from strangers: the check with every codec and rule, the
// reader behind it, the splitter, control records.
//
// Input: 4 bytes choose the rules, the rest is the `records` field. Unless the rules say otherwise
// length, base offset and CRC are made right, or no mutation would get past them.
#include "protocol/base/assert.h"
#include "protocol/record/batch_check.h"
#include "protocol/record/compress.h"
#include "protocol/record/control_record.h"
#include "protocol/record/record_reader.h"
#include "tests/fuzz/allocation_cap.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena {
namespace {

constexpr std::size_t kChoices = 4;

struct Choices {
    BatchRules rules;
    BatchContext context{TimestampMs{1'700'000'000'000}, ApiVersion{13}};
    bool as_it_is = false;
};

Choices choose(const std::uint8_t* bytes, std::size_t size) {
    Choices chosen;
    // The output may be four times the input, so that an allocation beyond that is seen.
    chosen.rules.max_decompressed_bytes = size * 4 + 64 * 1024;
    chosen.rules.compacted = (bytes[0] & 1) != 0;
    if ((bytes[0] & 2) != 0) chosen.rules.timestamp_type = TimestampType::log_append_time;
    if ((bytes[0] & 4) != 0) chosen.context.origin = BatchOrigin::coordinator;
    if ((bytes[0] & 8) != 0) chosen.context.produce_version = ApiVersion{5};
    chosen.as_it_is = (bytes[0] & 16) != 0;
    if (bytes[1] < 5)
        chosen.rules.compression = Compression::standard(static_cast<Codec>(bytes[1]));
    if (bytes[2] != 0) chosen.rules.timestamp_before_max = Millis{bytes[2] * 1000};
    if (bytes[3] != 0) chosen.rules.max_message_bytes = bytes[3] * 100U;
    return chosen;
}

void make_right(std::vector<std::uint8_t>& records) {
    if (records.size() < kBatchOverhead) return;
    store_be(records.data(), std::int64_t{0});
    store_be(records.data() + batch_layout::kLength,
             static_cast<std::int32_t>(records.size() - batch_layout::kLengthEnd));
    records[batch_layout::kMagic] = batch_layout::kMagicValue;
    update_crc(records);
}

bool is_compressed(ByteView records) {
    return records.size() < kBatchOverhead || BatchView(records).codec() != Codec::none;
}

std::size_t read_everything(const BatchView& batch, ByteView payload) {
    RecordReader reader(batch, payload);
    std::size_t bytes = 0;
    while (reader.next()) {
        const auto& record = reader.record();
        bytes += record.key.value_or_empty().size() + record.value.value_or_empty().size();
        for (const auto& header : record.headers) {
            bytes += header.key.size() + header.value.value_or_empty().size();
        }
        if (batch.is_control()) (void)parse_transaction_marker(record);
    }
    MILENA_ASSERT(bytes <= payload.size());
    return reader.status() ? bytes : 0;
}

void run(const std::uint8_t* data, std::size_t size) {
    if (size < kChoices) return;
    static Codecs codecs;
    const auto chosen = choose(data, size);
    std::vector<std::uint8_t> records(data + kChoices, data + size);
    if (!chosen.as_it_is) make_right(records);

    // What the log's recovery and a follower do with bytes that no check has seen.
    std::vector<std::uint8_t> buffer;
    const auto limit = chosen.rules.max_decompressed_bytes;
    BatchSplitter split(records);
    while (split.next()) {
        const auto payload = payload_of(split.batch(), codecs, buffer, limit);
        if (payload) read_everything(split.batch(), *payload);
        MILENA_ASSERT(buffer.capacity() <= 2 * limit);
    }

    std::vector<std::uint8_t> rebuilt;
    const auto checked = [&] {
        // The working memory of the codecs is theirs; all else is ours to bound.
        std::optional<AllocationCap> cap;
        if (!is_compressed(records) && !chosen.rules.compression) {
            cap.emplace(AllocationCap::for_input(size));
        }
        return check_batch(records, chosen.rules, chosen.context, codecs, rebuilt);
    }();
    if (!checked) {
        MILENA_ASSERT(!checked.error().error.detail.empty());
        return;
    }
    MILENA_ASSERT(checked->view().crc_matches());
    const auto payload = payload_of(checked->view(), codecs, buffer, limit);
    MILENA_ASSERT(payload.has_value());
    RecordReader reader(checked->view(), *payload);
    while (reader.next()) {
    }
    MILENA_ASSERT(reader.status().has_value());
}

}  // namespace
}  // namespace milena

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    milena::run(data, size);
    return 0;
}
