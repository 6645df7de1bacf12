// The production source of randomness: getrandom(2), good enough for ids and secrets.
#pragma once

#include "protocol/base/random.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace milena::net {

// Safe to use from several threads. The kernel is asked for a block at a time; bytes are handed out
// once and wiped from the block.
class KernelRandom final : public Random {
  public:
    std::uint64_t next() override;

  private:
    std::mutex mutex_;
    std::array<std::uint64_t, 64> block_{};
    std::size_t left_ = 0;
};

}  // namespace milena::net
