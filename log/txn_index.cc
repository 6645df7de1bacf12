#include "log/txn_index.h"

#include <array>

namespace milena::log {
namespace {

constexpr KeyColumn kLastOffsetColumn{18, 8};
constexpr std::int16_t kVersion = 0;

}  // namespace

TxnIndex::TxnIndex(const LogPlace& place, Offset base, std::uint64_t file_bytes)
    : base_(base),
      file_(place, {base, FileKind::txn_index, FileSuffix::none}, kEntryBytes,
            file_bytes / kEntryBytes) {}

void TxnIndex::append(const AbortedTransaction& aborted) {
    std::array<std::uint8_t, kEntryBytes> bytes;
    store_be(bytes.data(), kVersion);
    store_be(bytes.data() + 2, aborted.producer_id.value());
    store_be(bytes.data() + 10, aborted.first_offset.value());
    store_be(bytes.data() + 18, aborted.last_offset.value());
    store_be(bytes.data() + 26, aborted.last_stable_offset.value());
    file_.append(bytes);
}

Result<AbortedTransaction> TxnIndex::entry(std::size_t index) const {
    std::array<std::uint8_t, kEntryBytes> bytes;
    MILENA_TRY(file_.read(index, bytes));
    if (load_be<std::int16_t>(bytes.data()) != kVersion) {
        return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                    file_.handle().path() + ": entry " + std::to_string(index) +
                        " has an unknown version; remove the file and restart to rebuild it");
    }
    return AbortedTransaction{ProducerId{load_be<std::int64_t>(bytes.data() + 2)},
                              Offset{load_be<std::int64_t>(bytes.data() + 10)},
                              Offset{load_be<std::int64_t>(bytes.data() + 18)},
                              Offset{load_be<std::int64_t>(bytes.data() + 26)}};
}

Result<bool> TxnIndex::collect(Offset from, Offset bound,
                               std::vector<AbortedTransaction>& into) const {
    MILENA_ASSIGN(std::size_t i, file_.count_up_to(kLastOffsetColumn, from.value() - 1));
    for (; i < file_.size(); ++i) {
        MILENA_ASSIGN(const AbortedTransaction aborted, entry(i));
        if (aborted.first_offset < bound) into.push_back(aborted);
        if (aborted.last_stable_offset >= bound) return true;
    }
    return false;
}

Status TxnIndex::truncate_to(Offset offset) {
    MILENA_ASSIGN(const std::size_t kept, file_.count_up_to(kLastOffsetColumn, offset.value() - 1));
    return file_.truncate(kept);
}

Result<bool> TxnIndex::looks_sane(std::uint64_t file_bytes) const {
    if (file_bytes % kEntryBytes != 0) return false;
    for (std::size_t i = 0; i < file_.size(); ++i) {
        const auto aborted = entry(i);
        if (!aborted && aborted.error().io != IoCause::none)
            return std::unexpected(aborted.error());
        if (!aborted || aborted->last_offset < base_) return false;
    }
    return true;
}

}  // namespace milena::log
