#include "log/byte_ranges.h"

#include <algorithm>

namespace milena::log {

bool ByteRanges::covers(std::uint64_t begin, std::uint64_t end) const {
    if (begin >= end) return true;
    return std::ranges::any_of(
        ranges_, [&](const Range& range) { return range.begin <= begin && end <= range.end; });
}

void ByteRanges::add(std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    std::erase_if(ranges_, [&](const Range& range) {
        if (range.end < begin || range.begin > end) return false;
        begin = std::min(begin, range.begin);
        end = std::max(end, range.end);
        return true;
    });
    const auto at = std::ranges::lower_bound(ranges_, begin, {}, &Range::begin);
    ranges_.insert(at, {begin, end});
}

void ByteRanges::cut(std::uint64_t position) {
    std::erase_if(ranges_, [position](const Range& range) { return range.begin >= position; });
    if (!ranges_.empty()) ranges_.back().end = std::min(ranges_.back().end, position);
}

void ByteRanges::limit(std::size_t most) {
    while (ranges_.size() > most) {
        ranges_.erase(std::ranges::min_element(
            ranges_, {}, [](const Range& range) { return range.end - range.begin; }));
    }
}

std::uint64_t ByteRanges::behind(std::uint64_t position) const {
    for (const Range& range : ranges_) {
        if (range.begin <= position && position < range.end) return range.end;
    }
    return position;
}

std::optional<std::uint64_t> ByteRanges::next_from(std::uint64_t position) const {
    const auto at = std::ranges::upper_bound(ranges_, position, {}, &Range::end);
    if (at == ranges_.end()) return std::nullopt;
    return at->begin;
}

bool ByteRanges::ends_at(std::uint64_t position) const {
    return std::ranges::any_of(ranges_,
                               [position](const Range& range) { return range.end == position; });
}

}  // namespace milena::log
