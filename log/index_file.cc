#include "log/index_file.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <array>

namespace milena::log {
namespace {

std::int64_t key_of(KeyColumn column, const std::uint8_t* entry) {
    if (column.width == 4) return load_be<std::int32_t>(entry + column.at);
    return load_be<std::int64_t>(entry + column.at);
}

std::size_t count_in(KeyColumn column, std::int64_t target, ByteView entries,
                     std::size_t entry_bytes) {
    std::size_t low = 0;
    std::size_t high = entries.size() / entry_bytes;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (key_of(column, entries.data() + middle * entry_bytes) <= target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

}  // namespace

void IndexFile::append(ByteView entry) {
    MILENA_ASSERT(entry.size() == entry_bytes_);
    buffer_.insert(buffer_.end(), entry.begin(), entry.end());
    if (buffered() >= kBufferedEntries && !replacing_) static_cast<void>(flush());
}

Status IndexFile::flush() {
    if (replacing_) return replace();
    MILENA_ASSIGN(const auto file, handle_.get_or_create());
    if (buffer_.empty()) return {};
    MILENA_TRY(file->write_at(written_ * entry_bytes_, buffer_));
    written_ += buffered();
    buffer_.clear();
    return {};
}

Status IndexFile::give_back_memory() {
    if (!buffer_.empty()) MILENA_TRY(flush());
    buffer_.shrink_to_fit();
    return {};
}

Status IndexFile::read(std::size_t index, MutableBytes entry) const {
    MILENA_ASSERT(index < size() && entry.size() == entry_bytes_);
    if (index >= written_) {
        std::copy_n(
            buffer_.begin() + static_cast<std::ptrdiff_t>((index - written_) * entry_bytes_),
            entry_bytes_, entry.begin());
        return {};
    }
    MILENA_ASSIGN(const auto file, handle_.get());
    return file->read_at(index * entry_bytes_, entry);
}

Result<std::vector<std::uint8_t>> IndexFile::read_all() const {
    std::vector<std::uint8_t> bytes(written_ * entry_bytes_);
    if (bytes.empty()) return bytes;
    MILENA_ASSIGN(const auto file, handle_.get());
    MILENA_TRY(file->read_at(0, bytes));
    return bytes;
}

Result<std::size_t> IndexFile::count_up_to(KeyColumn column, std::int64_t target) const {
    if (!buffer_.empty() && key_of(column, buffer_.data()) <= target) {
        return written_ + count_in(column, target, buffer_, entry_bytes_);
    }
    return count_on_disk(column, target);
}

// Halves by single entries until the rest fits into one page, reads that in one piece.
Result<std::size_t> IndexFile::count_on_disk(KeyColumn column, std::int64_t target) const {
    if (written_ == 0) return 0;
    MILENA_ASSIGN(const auto file, handle_.get());
    std::array<std::uint8_t, 4096> page;
    const std::size_t entries_per_page = page.size() / entry_bytes_;
    std::size_t low = 0;
    std::size_t high = written_;
    while (high - low > entries_per_page) {
        const std::size_t middle = low + (high - low) / 2;
        const auto entry = MutableBytes(page).first(entry_bytes_);
        MILENA_TRY(file->read_at(middle * entry_bytes_, entry));
        if (key_of(column, entry.data()) <= target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const auto rest = MutableBytes(page).first((high - low) * entry_bytes_);
    MILENA_TRY(file->read_at(low * entry_bytes_, rest));
    return low + count_in(column, target, rest, entry_bytes_);
}

Status IndexFile::truncate(std::size_t entries) {
    MILENA_ASSERT(entries <= size());
    if (entries >= written_) {
        buffer_.resize((entries - written_) * entry_bytes_);
        return {};
    }
    buffer_.clear();
    MILENA_ASSIGN(const auto file, handle_.get());
    MILENA_TRY(file->truncate(entries * entry_bytes_));
    written_ = entries;
    return {};
}

Status IndexFile::reset() {
    MILENA_ASSIGN(const auto file, handle_.get_or_create());
    MILENA_TRY(file->truncate(0));
    written_ = 0;
    buffer_.clear();
    return {};
}

void IndexFile::begin_replacement() {
    replacing_ = true;
    written_ = 0;
    buffer_.clear();
}

Status IndexFile::replace() {
    MILENA_TRY(handle_.replace(buffer_));
    replacing_ = false;
    written_ = buffered();
    buffer_.clear();
    return {};
}

}  // namespace milena::log
