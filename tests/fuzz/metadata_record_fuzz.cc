// The value of a record of the metadata log, frame and body.
#include "protocol/wire/metadata_record.h"
#include "tests/fuzz/allocation_cap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace milena;
    const ByteView value(data, size);
    // Records are ours or those of a Kafka that we took over: their limits are wider.
    const AllocationCap cap(kTrustedLimits.arena_multiple * size + kTrustedLimits.arena_slack +
                            8 * 1024);
    Arena arena;
    const auto record = decode_metadata_record(value, arena);
    if (!record) return 0;
    std::vector<std::uint8_t> bytes;
    MILENA_ASSERT(append_metadata_record(record->record, record->version, bytes).has_value());
    // Roundabout varints and unknown tagged fields are gone.
    MILENA_ASSERT(bytes.size() <= size);
    Arena again;
    const auto back = decode_metadata_record(bytes, again);
    MILENA_ASSERT(back && back->version == record->version);
    // By their bytes: a quota may be a NaN, which equals nothing.
    std::vector<std::uint8_t> bytes_again;
    MILENA_ASSERT(append_metadata_record(back->record, back->version, bytes_again).has_value());
    MILENA_ASSERT(bytes_again == bytes);
    return 0;
}
