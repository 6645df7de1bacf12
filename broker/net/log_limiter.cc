#include "broker/net/log_limiter.h"

namespace milena::net {

std::optional<std::uint64_t> LogLimiter::admit(std::string_view kind, std::string_view address,
                                               MonoTime now) {
    std::string key(kind);
    key += '\n';
    key += address;
    if (entries_.size() >= kKeysMax && !entries_.contains(key)) {
        if (now >= next_purge_) {
            std::erase_if(entries_,
                          [&](const auto& entry) { return entry.second.last + kInterval <= now; });
            next_purge_ = now + kInterval;
        }
        // A shared key: one more per kind of event, of which there are few.
        if (entries_.size() >= kKeysMax) key = kind;
    }
    const auto [at, added] = entries_.try_emplace(std::move(key), Entry{now, 0});
    auto& entry = at->second;
    if (!added && now < entry.last + kInterval) {
        ++entry.suppressed;
        return std::nullopt;
    }
    const auto suppressed = entry.suppressed;
    entry = {now, 0};
    return suppressed;
}

}  // namespace milena::net
