// What a command may touch: its streams, the clock, randomness. Tests hand in their own.
#pragma once

#include "protocol/base/random.h"
#include "protocol/base/time.h"

#include <cstdio>

namespace milena::cli {

struct Io {
    int in = 0;  // a descriptor, because producers wait for input with a deadline
    std::FILE* out = stdout;
    std::FILE* err = stderr;
    const Clock& clock;
    Random& random;
};

}  // namespace milena::cli
