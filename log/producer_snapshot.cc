#include "log/producer_snapshot.h"

#include "protocol/base/crc32c.h"

#include <algorithm>

namespace milena::log {
namespace {

constexpr std::int16_t kVersion = 1;
constexpr std::size_t kCrcAt = 2;
constexpr std::size_t kCoveredAt = 6;
constexpr std::size_t kHeaderBytes = 10;
constexpr std::size_t kEntryBytes = 46;

void encode_entry(ProducerId id, const ProducerEntry& entry, std::uint8_t* to) {
    const ProducerEntry::Remembered* last = entry.last_batch();
    store_be(to, id.value());
    store_be(to + 8, entry.epoch.value());
    store_be(to + 10, entry.last_sequence().value());
    store_be(to + 14, last == nullptr ? std::int64_t{-1} : last->last_offset.value());
    store_be(to + 22, last == nullptr ? std::int32_t{0} : last->offset_delta);
    store_be(to + 26, entry.last_timestamp.value());
    store_be(to + 34, entry.coordinator_epoch);
    store_be(to + 38, entry.current_txn_first_offset.value());
}

ProducerEntry decode_entry(const std::uint8_t* at) {
    ProducerEntry entry;
    entry.epoch = ProducerEpoch{load_be<std::int16_t>(at + 8)};
    entry.last_timestamp = TimestampMs{load_be<std::int64_t>(at + 26)};
    entry.coordinator_epoch = load_be<std::int32_t>(at + 34);
    entry.current_txn_first_offset = Offset{load_be<std::int64_t>(at + 38)};
    const Offset last_offset{load_be<std::int64_t>(at + 14)};
    if (last_offset >= Offset{0}) {
        entry.remember({.last_offset = last_offset,
                        .timestamp = entry.last_timestamp,
                        .last_sequence = Sequence{load_be<std::int32_t>(at + 10)},
                        .offset_delta = load_be<std::int32_t>(at + 22)});
    }
    return entry;
}

}  // namespace

std::vector<std::uint8_t> encode_producer_snapshot(const ProducerState& state) {
    std::vector<std::uint8_t> bytes(kHeaderBytes + state.size() * kEntryBytes);
    store_be(bytes.data(), kVersion);
    store_be(bytes.data() + kCoveredAt, static_cast<std::int32_t>(state.size()));
    std::vector<ProducerId> ids;
    ids.reserve(state.size());
    for (const auto& [id, entry] : state.entries()) ids.push_back(id);
    std::ranges::sort(ids);
    std::uint8_t* to = bytes.data() + kHeaderBytes;
    for (const ProducerId id : ids) {
        encode_entry(id, *state.find(id), to);
        to += kEntryBytes;
    }
    store_be(bytes.data() + kCrcAt, crc32c(ByteView(bytes).subspan(kCoveredAt)));
    return bytes;
}

Status decode_producer_snapshot(ByteView bytes, ProducerState& into) {
    into.clear();
    if (bytes.size() < kHeaderBytes) {
        return fail(ErrorCode::CORRUPT_MESSAGE, "producer snapshot is cut short");
    }
    if (const auto version = load_be<std::int16_t>(bytes.data()); version != kVersion) {
        return fail(ErrorCode::CORRUPT_MESSAGE,
                    "producer snapshot has version " + std::to_string(version) + ", not 1");
    }
    if (load_be<std::uint32_t>(bytes.data() + kCrcAt) != crc32c(bytes.subspan(kCoveredAt))) {
        return fail(ErrorCode::CORRUPT_MESSAGE, "producer snapshot does not match its checksum");
    }
    const auto count = load_be<std::int32_t>(bytes.data() + kCoveredAt);
    if (count < 0 || bytes.size() != kHeaderBytes + static_cast<std::size_t>(count) * kEntryBytes) {
        return fail(ErrorCode::CORRUPT_MESSAGE,
                    "producer snapshot has another length than it says");
    }
    for (std::int32_t i = 0; i < count; ++i) {
        const std::uint8_t* at =
            bytes.data() + kHeaderBytes + static_cast<std::size_t>(i) * kEntryBytes;
        into.restore(ProducerId{load_be<std::int64_t>(at)}, decode_entry(at));
    }
    return {};
}

}  // namespace milena::log
