#include "protocol/record/control_record.h"

#include "protocol/base/bytes.h"

#include <fmt/format.h>

namespace milena {

namespace {

constexpr std::int16_t kKeyVersion = 0;
constexpr std::int16_t kMarkerVersion = 0;

}  // namespace

std::array<std::uint8_t, 4> control_key(ControlType type) {
    std::array<std::uint8_t, 4> key{};
    store_be(key.data(), kKeyVersion);
    store_be(key.data() + 2, static_cast<std::int16_t>(type));
    return key;
}

Result<ControlType> parse_control_key(NullableBytes key) {
    const auto bytes = key.value_or_empty();
    if (bytes.size() < 4) {
        return fail(ErrorCode::INVALID_RECORD,
                    fmt::format("the key of a control record has {} bytes, not 4", bytes.size()));
    }
    const auto version = load_be<std::int16_t>(bytes.data());
    if (version < 0) {
        return fail(ErrorCode::INVALID_RECORD,
                    fmt::format("the key of a control record has version {}", version));
    }
    return static_cast<ControlType>(load_be<std::int16_t>(bytes.data() + 2));
}

std::array<std::uint8_t, 6> transaction_marker_value(const TransactionMarker& marker) {
    std::array<std::uint8_t, 6> value{};
    store_be(value.data(), kMarkerVersion);
    store_be(value.data() + 2, marker.coordinator_epoch);
    return value;
}

Result<TransactionMarker> parse_transaction_marker(const Record& record) {
    MILENA_ASSIGN(const auto type, parse_control_key(record.key));
    if (type != ControlType::abort && type != ControlType::commit) {
        return fail(ErrorCode::INVALID_RECORD,
                    fmt::format("the control record at offset {} is of type {}, not a transaction "
                                "marker",
                                record.offset.value(), static_cast<int>(type)));
    }
    const auto value = record.value.value_or_empty();
    if (value.size() < 6 || load_be<std::int16_t>(value.data()) < kMarkerVersion) {
        return fail(ErrorCode::INVALID_RECORD,
                    fmt::format("the transaction marker at offset {} has a value that is no marker",
                                record.offset.value()));
    }
    return TransactionMarker{type, load_be<std::int32_t>(value.data() + 2)};
}

std::vector<std::uint8_t> build_control_batch(BatchTraits traits, TimestampMs timestamp,
                                              std::span<const ControlRecord> records) {
    traits.control = true;
    traits.compression = {};
    BatchBuilder builder(traits);
    for (const auto& record : records) {
        builder.add(timestamp, ByteView(control_key(record.type)), record.value);
    }
    const auto batch = builder.finish();
    return {batch.begin(), batch.end()};
}

}  // namespace milena
