// A typed key for every row of the table, so that reading a setting is checked by the compiler:
// settings.get(opt::broker::log_segment_bytes) is an int32_t.
//
// What get() gives: Boolean bool; Int int32_t; Short int16_t; Long int64_t; Double double; an Int
// or Long whose name ends in .ms Millis; String, Class and Password string_view; List a vector of
// strings. Rows without a default give an optional of it, except lists, which are empty.
#pragma once

#include "broker/config/option.h"
#include "broker/config/value.h"
#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace milena::config {

template <Scope S, class T>
struct Key {
    std::uint16_t index;
};

namespace detail {

template <Type T, bool IsMillis>
struct ReadAs;
// clang-format off
template <bool M> struct ReadAs<Type::Boolean, M> { using type = bool; };
template <bool M> struct ReadAs<Type::Short, M> { using type = std::int16_t; };
template <bool M> struct ReadAs<Type::Double, M> { using type = double; };
template <bool M> struct ReadAs<Type::String, M> { using type = std::string_view; };
template <bool M> struct ReadAs<Type::Class, M> { using type = std::string_view; };
template <bool M> struct ReadAs<Type::Password, M> { using type = std::string_view; };
template <bool M> struct ReadAs<Type::List, M> { using type = const std::vector<std::string>&; };
template <> struct ReadAs<Type::Int, false> { using type = std::int32_t; };
template <> struct ReadAs<Type::Long, false> { using type = std::int64_t; };
template <> struct ReadAs<Type::Int, true> { using type = Millis; };
template <> struct ReadAs<Type::Long, true> { using type = Millis; };
// clang-format on

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// The key type of a row; D is the type of its default column.
template <Scope S, Type T, class D, bool IsMillis>
struct KeyOf {
    using read = typename ReadAs<T, IsMillis>::type;
    static constexpr bool nullable = std::is_same_v<D, std::nullptr_t> && T != Type::List;
    using type = Key<S, std::conditional_t<nullable, std::optional<read>, read>>;
};

constexpr bool is_millis(std::string_view name) {
    return name.ends_with("_ms");
}
constexpr Default from(const char* list) {
    return {nullptr, list};
}

}  // namespace detail

// opt::broker::..., opt::topic::..., opt::group::..., opt::client_metrics::...
namespace opt {

using detail::from;

#define MILENA_OPTION_KEY(scope, name, t, fallback)                           \
    inline constexpr detail::KeyOf<Scope::scope, Type::t, decltype(fallback), \
                                   detail::is_millis(#name)>::type name{      \
        static_cast<std::uint16_t>(Index::name)};

namespace broker {
enum class Index : std::uint16_t {
#define OPTION(name, ...) name,
#include "broker/config/options.def"
#undef OPTION
};
#define OPTION(name, t, fallback, ...) MILENA_OPTION_KEY(Broker, name, t, fallback)
#include "broker/config/options.def"
#undef OPTION
}  // namespace broker

namespace topic {
enum class Index : std::uint16_t {
#define OPTION(name, ...) name,
#include "broker/config/options/topic.def"
#undef OPTION
};
#define OPTION(name, t, fallback, ...) MILENA_OPTION_KEY(Topic, name, t, fallback)
#include "broker/config/options/topic.def"
#undef OPTION
}  // namespace topic

namespace group {
enum class Index : std::uint16_t {
#define OPTION(name, ...) name,
#include "broker/config/options/group.def"
#undef OPTION
};
#define OPTION(name, t, fallback, ...) MILENA_OPTION_KEY(Group, name, t, fallback)
#include "broker/config/options/group.def"
#undef OPTION
}  // namespace group

namespace client_metrics {
enum class Index : std::uint16_t {
#define OPTION(name, ...) name,
#include "broker/config/options/client_metrics.def"
#undef OPTION
};
#define OPTION(name, t, fallback, ...) MILENA_OPTION_KEY(ClientMetrics, name, t, fallback)
#include "broker/config/options/client_metrics.def"
#undef OPTION
}  // namespace client_metrics

#undef MILENA_OPTION_KEY

}  // namespace opt

template <Scope S, class T>
std::string_view name_of(Key<S, T> key) {
    return options(S)[key.index].name();
}

// The values of all rows of a scope, each as its row says.
template <Scope S>
class Values {
  public:
    Values() = default;
    // One value for each row of the scope, in table order.
    explicit Values(std::vector<Value> values) : values_(std::move(values)) {}

    template <class T>
    T get(Key<S, T> key) const {
        return read<T>(values_[key.index]);
    }
    const Value& raw(std::size_t index) const { return values_[index]; }

  private:
    template <class T>
    static T read(const Value& value) {
        if constexpr (detail::kIsOptional<T>) {
            if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
            return read<typename T::value_type>(value);
        } else if constexpr (std::is_same_v<T, bool>) {
            return std::get<bool>(value);
        } else if constexpr (std::is_integral_v<T>) {
            return static_cast<T>(std::get<std::int64_t>(value));
        } else if constexpr (std::is_same_v<T, Millis>) {
            return Millis(std::get<std::int64_t>(value));
        } else if constexpr (std::is_same_v<T, double>) {
            return std::get<double>(value);
        } else if constexpr (std::is_same_v<T, std::string_view>) {
            return std::get<std::string>(value);
        } else {
            return std::get<std::vector<std::string>>(value);
        }
    }

    std::vector<Value> values_;
};

}  // namespace milena::config
