#include "broker/replica/throttled_replicas.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace milena::replica {
namespace {

std::optional<std::int32_t> number(std::string_view text) {
    std::int32_t value = 0;
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return value;
}

}  // namespace

ThrottledReplicas::ThrottledReplicas(const std::vector<std::string>& words) {
    for (const std::string_view word : words) {
        if (word == "*") all_ = true;
        const auto colon = word.find(':');
        if (colon == std::string_view::npos) continue;
        const auto partition = number(word.substr(0, colon));
        const auto broker = number(word.substr(colon + 1));
        if (partition && broker) named_.emplace_back(*partition, *broker);
    }
}

bool ThrottledReplicas::contains(PartitionIndex partition, BrokerId replica) const {
    if (all_) return true;
    return std::find(named_.begin(), named_.end(), std::pair(partition, replica)) != named_.end();
}

}  // namespace milena::replica
