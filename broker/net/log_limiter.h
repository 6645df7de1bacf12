// Keeps clients from filling the log: one line per second and kind of event and address.
#pragma once

#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace milena::net {

// Of one thread. Remembers a bounded number of keys; when more are active in one second, the rest
// share one line.
class LogLimiter {
  public:
    static constexpr std::size_t kKeysMax = 1024;
    static constexpr Millis kInterval{1000};

    // May a line about `kind` from `address` be written now? Then: how many were not written since
    // the last one that was.
    std::optional<std::uint64_t> admit(std::string_view kind, std::string_view address,
                                       MonoTime now);

  private:
    struct Entry {
        MonoTime last;
        std::uint64_t suppressed = 0;
    };

    std::unordered_map<std::string, Entry> entries_;
    MonoTime next_purge_;
};

}  // namespace milena::net
