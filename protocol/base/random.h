// The only source of randomness. The production body is seeded from the kernel, tests from a
// number.
#pragma once

#include "protocol/base/uuid.h"

#include <cstdint>

namespace milena {

class Random {
  public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;

    // Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

    // A fresh random (version 4) id whose text form does not begin with '-', so that it can be a
    // command-line argument (clients/.../common/Uuid.java).
    Uuid uuid() {
        for (;;) {
            Uuid id{next(), next()};
            id.high = (id.high & ~0xf000ULL) | 0x4000ULL;
            id.low = (id.low & ~(3ULL << 62)) | (2ULL << 62);
            if (!id.is_reserved() && (id.high >> 58) != 62) return id;
        }
    }
};

// SplitMix64: small, fast, good enough for everything that is not a secret.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

  private:
    std::uint64_t state_;
};

}  // namespace milena
