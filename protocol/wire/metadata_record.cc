#include "protocol/wire/metadata_record.h"

#include <limits>

#include <fmt/format.h>

namespace milena {

namespace {

constexpr std::uint32_t kFrameVersion = 1;

}  // namespace

Result<DecodedMetadataRecord> decode_metadata_record(ByteView value, Arena& arena) {
    Reader reader(value, arena, kTrustedLimits);
    const auto frame_version = reader.uvarint();
    const auto type = reader.uvarint();
    const auto version = reader.uvarint();
    constexpr auto kMax = static_cast<std::uint32_t>(std::numeric_limits<std::int16_t>::max());
    if (!reader.ok() || frame_version != kFrameVersion || type > kMax || version > kMax) {
        return fail(ErrorCode::INVALID_RECORD,
                    fmt::format("a metadata record of {} bytes has no valid frame: frame version "
                                "{}, type {}, version {}",
                                value.size(), frame_version, type, version));
    }
    const ApiVersion record_version{static_cast<std::int16_t>(version)};
    auto record = msg::decode_metadata_record(static_cast<std::int16_t>(type), record_version,
                                              value.subspan(reader.position()), arena);
    if (!record) {
        auto error = std::move(record).error();
        if (error.code == ErrorCode::INVALID_REQUEST) error.code = ErrorCode::INVALID_RECORD;
        return std::unexpected(std::move(error));
    }
    return DecodedMetadataRecord{record_version, *record};
}

void wire_detail::append_metadata_frame(std::int16_t type, ApiVersion version,
                                        std::vector<std::uint8_t>& out) {
    const std::uint32_t parts[] = {kFrameVersion, static_cast<std::uint32_t>(type),
                                   static_cast<std::uint32_t>(version.value())};
    std::size_t size = 0;
    for (const auto part : parts) size += wire_size::uvarint(part);
    const auto at = out.size();
    out.resize(at + size);
    Writer writer(MutableBytes(out).subspan(at));
    for (const auto part : parts) writer.uvarint(part);
}

Status append_metadata_record(const msg::MetadataRecord& record, ApiVersion version,
                              std::vector<std::uint8_t>& out) {
    return std::visit(
        [&](const auto& typed) { return append_metadata_record(typed, version, out); }, record);
}

}  // namespace milena
