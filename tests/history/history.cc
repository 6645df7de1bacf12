#include "tests/history/history.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace milena::history {

namespace {

constexpr std::array<std::string_view, 18> kVerbs = {
    "send",         "poll",           "assign",       "seek",           "subscribe",
    "assigned",     "revoked",        "lost",         "crash",          "begin_txn",
    "commit_txn",   "abort_txn",      "send_offsets", "commit_offsets", "fetch_offsets",
    "list_offsets", "delete_records", "final"};

constexpr std::size_t kPlacesDescribed = 4;

template <typename Names>
std::pair<std::uint32_t, bool> number(Names& names, std::string_view name) {
    const auto found = names.find(name);
    if (found != names.end()) return {found->second, false};
    const auto id = static_cast<std::uint32_t>(names.size());
    names.emplace(std::string(name), id);
    return {id, true};
}

}  // namespace

std::uint32_t History::process(std::string_view name) {
    const auto [id, fresh] = number(process_ids_, name);
    if (fresh) processes.push_back({.name = std::string(name)});
    return id;
}

std::uint32_t History::topic(std::string_view name) {
    const auto [id, fresh] = number(topic_ids_, name);
    if (fresh) topics.push_back({.name = std::string(name)});
    return id;
}

std::uint32_t History::group(std::string_view name) {
    const auto [id, fresh] = number(group_ids_, name);
    if (fresh) groups.emplace_back(name);
    return id;
}

std::uint32_t History::partition(std::uint32_t topic, std::int32_t index) {
    const auto [found, fresh] =
        partition_ids_.try_emplace({topic, index}, static_cast<std::uint32_t>(partitions.size()));
    if (fresh) partitions.push_back({.topic = topic, .index = index});
    return found->second;
}

void History::add(Operation operation, std::span<const At> places) {
    operation.first = static_cast<std::uint32_t>(places_.size());
    operation.count = static_cast<std::uint32_t>(places.size());
    places_.insert(places_.end(), places.begin(), places.end());
    operations_.push_back(operation);
}

void History::sort() {
    std::ranges::stable_sort(operations_, {}, &Operation::begin);
}

std::string History::name(std::uint32_t partition) const {
    return fmt::format("{}/{}", topic_of(partition).name, partitions[partition].index);
}

std::string_view name_of(Verb verb) {
    return kVerbs[static_cast<std::size_t>(verb)];
}

std::string describe(const History& history, const Operation& op) {
    std::string text = fmt::format("line {}: {} {}", op.line, history.processes[op.process].name,
                                   name_of(op.verb));
    if (op.group != kNone) text += " " + history.groups[op.group];
    std::size_t left = kPlacesDescribed;
    for (const At& at : history.places(op)) {
        if (left-- == 0) {
            text += " ...";
            break;
        }
        text += " " + history.name(at.partition);
        if (at.offset != kUnknownOffset) text += fmt::format("@{}", at.offset);
        if (at.value != 0) text += fmt::format("={}", at.value);
    }
    if (op.outcome != Outcome::ok) text += op.outcome == Outcome::fail ? " fail" : " unknown";
    return text;
}

}  // namespace milena::history
