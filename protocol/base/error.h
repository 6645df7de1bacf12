// Expected failures are values: Result<T> is std::expected<T, Error>. Our own code does not throw.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace milena {

// The numbers of the wire protocol, so that an error found anywhere can be answered as it is.
enum class ErrorCode : std::int16_t {
#define E(number, name, retriable) name = number,
#include "protocol/base/error_codes.def"
#undef E
};

// Kafka's constant name, "UNKNOWN_TOPIC_OR_PARTITION"; "ERROR_<n>" for a number it does not have.
std::string error_name(ErrorCode code);
// May the same request succeed later without anybody changing anything?
bool is_retriable(ErrorCode code);

// Why the operating system refused, where that decides what to do next.
enum class IoCause : std::uint8_t {
    none,         // not a refusal of the operating system
    not_found,    // no such file or directory
    exists,       // already there, or a directory that is not empty
    no_space,     // disk or quota full: heals when space is freed
    too_many,     // out of descriptors
    denied,       // permissions, read-only file system
    locked,       // another process holds the lock
    end_of_file,  // fewer bytes there than asked for
    broken,       // everything else; the device is not to be trusted
};

// What failed, on what, why, and what to do: `detail` is for a person and may go to a client.
struct Error {
    ErrorCode code = ErrorCode::UNKNOWN_SERVER_ERROR;
    std::string detail;
    IoCause io = IoCause::none;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
    return std::unexpected(Error{code, std::move(detail)});
}

}  // namespace milena

// MILENA_TRY(expression): leaves the function with the expression's error, if it has one.
#define MILENA_TRY(expression)                                              \
    do {                                                                    \
        if (auto milena_status = (expression); !milena_status) [[unlikely]] \
            return std::unexpected(std::move(milena_status).error());       \
    } while (false)

// MILENA_ASSIGN(auto x, expression): declares x from the value, or leaves with the error.
#define MILENA_ASSIGN(declaration, expression) \
    MILENA_ASSIGN_(declaration, expression, MILENA_CONCAT_(milena_result_, __LINE__))
#define MILENA_CONCAT_(a, b) MILENA_CONCAT2_(a, b)
#define MILENA_CONCAT2_(a, b) a##b
#define MILENA_ASSIGN_(declaration, expression, result)    \
    auto result = (expression);                            \
    if (!result) [[unlikely]]                              \
        return std::unexpected(std::move(result).error()); \
    declaration = std::move(*result)
