#include "log/layout.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace milena::log {
namespace {

constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kUniqueDigits = 32;

template <class Value>
using NameTable = std::array<std::pair<Value, std::string_view>, 5>;

constexpr NameTable<FileKind> kKinds{{{FileKind::log, ".log"},
                                      {FileKind::offset_index, ".index"},
                                      {FileKind::time_index, ".timeindex"},
                                      {FileKind::txn_index, ".txnindex"},
                                      {FileKind::snapshot, ".snapshot"}}};

constexpr std::array<std::pair<FileSuffix, std::string_view>, 3> kSuffixes{
    {{FileSuffix::deleted, ".deleted"},
     {FileSuffix::cleaned, ".cleaned"},
     {FileSuffix::swap, ".swap"}}};

constexpr std::array<std::pair<DirectoryState, std::string_view>, 3> kStates{
    {{DirectoryState::to_delete, "-delete"},
     {DirectoryState::stray, "-stray"},
     {DirectoryState::future, "-future"}}};

template <class Number>
std::optional<Number> parse_digits(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || text.front() == '-' || error != std::errc{} ||
        end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool is_unique_part(std::string_view text) {
    return text.size() == kUniqueDigits && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::optional<TopicPartition> split_topic_partition(std::string_view name) {
    const auto dash = name.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return std::nullopt;
    const auto partition = parse_digits<std::int32_t>(name.substr(dash + 1));
    if (!partition) return std::nullopt;
    return TopicPartition{std::string(name.substr(0, dash)), PartitionIndex{*partition}};
}

}  // namespace

std::string to_string(const SegmentFileName& name) {
    const std::string digits = std::to_string(name.offset.value());
    std::string text(digits.size() < kOffsetDigits ? kOffsetDigits - digits.size() : 0, '0');
    text += digits;
    for (const auto& [kind, extension] : kKinds) {
        if (kind == name.kind) text += extension;
    }
    for (const auto& [suffix, extension] : kSuffixes) {
        if (suffix == name.suffix) text += extension;
    }
    return text;
}

std::optional<SegmentFileName> parse_segment_file(std::string_view name) {
    SegmentFileName parsed;
    for (const auto& [suffix, extension] : kSuffixes) {
        if (!name.ends_with(extension)) continue;
        parsed.suffix = suffix;
        name.remove_suffix(extension.size());
        break;
    }
    const auto dot = name.find('.');
    if (dot != kOffsetDigits) return std::nullopt;
    const auto offset = parse_digits<std::int64_t>(name.substr(0, dot));
    if (!offset) return std::nullopt;
    parsed.offset = Offset{*offset};
    for (const auto& [kind, extension] : kKinds) {
        if (name.substr(dot) != extension) continue;
        parsed.kind = kind;
        return parsed;
    }
    return std::nullopt;
}

std::optional<PartitionDirectoryName> parse_partition_directory(std::string_view name) {
    PartitionDirectoryName parsed;
    for (const auto& [state, extension] : kStates) {
        if (!name.ends_with(extension)) continue;
        std::string_view rest = name.substr(0, name.size() - extension.size());
        const auto dot = rest.rfind('.');
        // A topic may be called "orders-delete": then what stands before is no marked directory.
        if (dot == std::string_view::npos || !is_unique_part(rest.substr(dot + 1))) continue;
        parsed.state = state;
        name = rest.substr(0, dot);
        break;
    }
    auto id = split_topic_partition(name);
    if (!id) return std::nullopt;
    parsed.id = std::move(*id);
    return parsed;
}

std::string partition_directory(const TopicPartition& id) {
    return id.topic + "-" + std::to_string(id.partition.value());
}

std::string marked_directory(const TopicPartition& id, Uuid unique, DirectoryState state) {
    MILENA_ASSERT(state != DirectoryState::live);
    std::string end = "-" + std::to_string(id.partition.value()) + ".";
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const std::uint8_t byte : unique.bytes()) {
        end += kHex[byte >> 4];
        end += kHex[byte & 15];
    }
    for (const auto& [marked, extension] : kStates) {
        if (marked == state) end += extension;
    }
    // A directory being moved must keep its whole topic name: it will be a live one again.
    const std::size_t room =
        state == DirectoryState::future ? id.topic.size() : kMaxNameBytes - end.size();
    return id.topic.substr(0, room) + end;
}

}  // namespace milena::log
