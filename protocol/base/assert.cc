#include "protocol/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace milena {

void assertion_failed(const char* expression, const char* file, int line, const char* function) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n  in %s\n", file, line, expression,
                 function);
    std::fflush(stderr);
    std::abort();
}

}  // namespace milena
