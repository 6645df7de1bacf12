// The rows of the table of settings as data: what a setting is called, what it may hold, where it
// comes from. The table itself is options.def.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace milena::config {

// Numbers are those of DescribeConfigs (clients/.../requests/DescribeConfigsResponse.java).
enum class Type : std::uint8_t {
    Boolean = 1,
    String = 2,
    Int = 3,
    Short = 4,
    Long = 5,
    Double = 6,
    List = 7,
    Class = 8,
    Password = 9,
};

// What a setting belongs to.
enum class Scope : std::uint8_t { Broker, Topic, Group, ClientMetrics };

// May it be changed while the node runs, and for whom? DynamicOnly rows may not stand in a file.
enum class Update : std::uint8_t { ReadOnly, PerBroker, ClusterWide, DynamicOnly };

enum class Importance : std::uint8_t { High, Medium, Low };

// Bits of Option::flags; options.def explains them.
enum Flag : std::uint8_t { used = 1, accepted = 2, hidden = 4, ours = 8, differs = 16 };

// What a value must be. Only the members that belong to the kind are set.
struct Valid {
    enum class Kind : std::uint8_t {
        Any,
        Range,             // low <= value <= high, or value == exception
        Word,              // one of words
        WordIgnoringCase,  //
        Words,             // a list of some of words, or none
        SomeWords,         // a list of at least one of words
        NonEmpty,          // a string or list that is not empty
        ReplicaList,       // partition:broker,... or *
        VoterList,         // id@host:port,...
        AddressList,       // host:port,...
        AddressLimits,     // host:count,...
        OffsetReset,       // earliest, latest, by_duration:<ISO 8601>
        ClientMatch,       // attribute=pattern,...
    };
    Kind kind = Kind::Any;
    double low = 0;
    double high = 0;
    std::optional<double> exception = {};
    std::string_view words = {};  // separated by ", "
};

// Where the value comes from when nobody set one: `text`, or the settings listed in `from`, or
// nothing at all when both are null.
struct Default {
    const char* text = nullptr;
    const char* from = nullptr;
};

// A property name, kept in the row: spelled with _ in the table, with dots everywhere else.
struct OptionName {
    char text[64] = {};
    std::uint8_t size = 0;
};

struct Option {
    OptionName dotted;
    Type type;
    Default fallback;
    Valid valid;
    Update update;
    Importance importance;
    std::uint8_t flags;
    std::string_view text;
    std::string_view section;

    constexpr std::string_view name() const { return {dotted.text, dotted.size}; }
    constexpr bool has(Flag flag) const { return (flags & flag) != 0; }
    constexpr bool sensitive() const { return type == Type::Password; }
};

// One link of a `from` list: the broker's setting and what its value is multiplied by.
struct Ancestor {
    const Option* option = nullptr;
    std::int64_t factor = 1;
};

// All rows of a scope, in table order. The position of a row is its index everywhere.
std::span<const Option> options(Scope scope);

// The row of that name, or null.
const Option* find_option(Scope scope, std::string_view name);
std::size_t index_of(Scope scope, const Option& option);

// The broker's settings that `option` (of any scope) takes its default from, strongest first;
// empty when its row has no `from`.
std::span<const Ancestor> ancestors(const Option& option);

// The broker's settings that stand in for `option` of the broker's scope: itself, then weaker ones
// (log.retention.ms, log.retention.minutes, log.retention.hours).
std::span<const Ancestor> synonyms(const Option& option);

// The name of that scope that a person most likely meant, if any is near enough.
std::optional<std::string_view> did_you_mean(Scope scope, std::string_view name);

}  // namespace milena::config
