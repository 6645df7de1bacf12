// Assertions for our own mistakes: always on, also in release. Bytes from disk or network are never
// asserted; they are checked and answered with an Error.
#pragma once

namespace milena {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line,
                                   const char* function);

}  // namespace milena

#define MILENA_ASSERT(expression)                       \
    (__builtin_expect(static_cast<bool>(expression), 1) \
         ? static_cast<void>(0)                         \
         : ::milena::assertion_failed(#expression, __FILE__, __LINE__, __PRETTY_FUNCTION__))

#define MILENA_UNREACHABLE() \
    ::milena::assertion_failed("unreachable", __FILE__, __LINE__, __PRETTY_FUNCTION__)
