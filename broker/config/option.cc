#include "broker/config/option.h"

#include "broker/config/value.h"
#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace milena::config {
namespace {

// The words of the table's columns.
consteval OptionName dotted(const char* name) {
    OptionName result;
    for (; name[result.size] != '\0'; ++result.size) {
        result.text[result.size] = name[result.size] == '_' ? '.' : name[result.size];
    }
    return result;
}

constexpr Default from(const char* list) {
    return {nullptr, list};
}
constexpr Default fallback_of(Default given) {
    return given;
}
constexpr Default fallback_of(const char* text) {
    return {text, nullptr};
}
constexpr Default fallback_of(std::nullptr_t) {
    return {};
}

using Kind = Valid::Kind;
constexpr double kNoHigh = 1e300;
constexpr Valid any{};
constexpr Valid non_empty{.kind = Kind::NonEmpty};
constexpr Valid replica_list{.kind = Kind::ReplicaList};
constexpr Valid voter_list{.kind = Kind::VoterList};
constexpr Valid address_list{.kind = Kind::AddressList};
constexpr Valid address_limits{.kind = Kind::AddressLimits};
constexpr Valid offset_reset{.kind = Kind::OffsetReset};
constexpr Valid client_match{.kind = Kind::ClientMatch};
constexpr Valid range(double low, double high) {
    return {.kind = Kind::Range, .low = low, .high = high};
}
constexpr Valid real_range(double low, double high) {
    return range(low, high);
}
constexpr Valid at_least(double low) {
    return range(low, kNoHigh);
}
constexpr Valid range_or(double low, double high, double exception) {
    return {.kind = Kind::Range, .low = low, .high = high, .exception = exception};
}
constexpr Valid word(const char* words) {
    return {.kind = Kind::Word, .words = words};
}
constexpr Valid word_ignoring_case(const char* words) {
    return {.kind = Kind::WordIgnoringCase, .words = words};
}
constexpr Valid words(const char* list) {
    return {.kind = Kind::Words, .words = list};
}
constexpr Valid some_words(const char* list) {
    return {.kind = Kind::SomeWords, .words = list};
}

#define OPTION(name, t, fallback, valid, update, importance, flags, text) \
    {dotted(#name),                                                       \
     Type::t,                                                             \
     fallback_of(fallback),                                               \
     valid,                                                               \
     Update::update,                                                      \
     Importance::importance,                                              \
     static_cast<std::uint8_t>(flags),                                    \
     text,                                                                \
     OPTION_SECTION},
constexpr Option kBroker[] = {
#include "broker/config/options.def"
};
constexpr Option kTopic[] = {
#include "broker/config/options/topic.def"
};
constexpr Option kGroup[] = {
#include "broker/config/options/group.def"
};
constexpr Option kClientMetrics[] = {
#include "broker/config/options/client_metrics.def"
};
#undef OPTION

constexpr std::array kScopes{Scope::Broker, Scope::Topic, Scope::Group, Scope::ClientMetrics};

struct Indexes {
    std::unordered_map<std::string_view, const Option*> by_name[kScopes.size()];
    std::unordered_map<const Option*, std::vector<Ancestor>> ancestors;
    std::unordered_map<const Option*, std::vector<Ancestor>> synonyms;
};

Ancestor parse_link(std::string_view link, const Indexes& indexes) {
    Ancestor result;
    const auto star = link.find('*');
    const auto& broker = indexes.by_name[static_cast<std::size_t>(Scope::Broker)];
    const auto found = broker.find(trim(link.substr(0, star)));
    MILENA_ASSERT(found != broker.end());
    result.option = found->second;
    if (star != std::string_view::npos) {
        result.factor = 0;
        for (const char c : trim(link.substr(star + 1)))
            result.factor = result.factor * 10 + c - '0';
    }
    return result;
}

Indexes build_indexes() {
    Indexes result;
    for (const Scope scope : kScopes) {
        auto& by_name = result.by_name[static_cast<std::size_t>(scope)];
        for (const Option& option : options(scope)) by_name.emplace(option.name(), &option);
        MILENA_ASSERT(by_name.size() == options(scope).size());
    }
    for (const Scope scope : kScopes) {
        for (const Option& option : options(scope)) {
            if (option.fallback.from == nullptr) continue;
            std::vector<Ancestor>& chain = result.ancestors[&option];
            std::string_view rest = option.fallback.from;
            while (!rest.empty()) {
                const auto bar = std::min(rest.find('|'), rest.size());
                chain.push_back(parse_link(rest.substr(0, bar), result));
                rest.remove_prefix(std::min(bar + 1, rest.size()));
            }
            // Only topics' chains join the broker's own settings: a later link stands in for an
            // earlier one.
            if (scope != Scope::Topic) continue;
            for (std::size_t i = 0; i < chain.size(); ++i) {
                result.synonyms[chain[i].option] = {chain.begin() + static_cast<std::ptrdiff_t>(i),
                                                    chain.end()};
            }
        }
    }
    for (const Option& option : options(Scope::Broker)) {
        result.synonyms.try_emplace(&option, std::vector<Ancestor>{{&option, 1}});
    }
    return result;
}

const Indexes& indexes() {
    static const Indexes built = build_indexes();
    return built;
}

// Levenshtein distance; both are short.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::span<const Option> options(Scope scope) {
    switch (scope) {
        case Scope::Broker:
            return kBroker;
        case Scope::Topic:
            return kTopic;
        case Scope::Group:
            return kGroup;
        case Scope::ClientMetrics:
            return kClientMetrics;
    }
    MILENA_UNREACHABLE();
}

const Option* find_option(Scope scope, std::string_view name) {
    const auto& by_name = indexes().by_name[static_cast<std::size_t>(scope)];
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
}

std::size_t index_of(Scope scope, const Option& option) {
    return static_cast<std::size_t>(&option - options(scope).data());
}

std::span<const Ancestor> ancestors(const Option& option) {
    const auto found = indexes().ancestors.find(&option);
    if (found == indexes().ancestors.end()) return {};
    return found->second;
}

std::span<const Ancestor> synonyms(const Option& option) {
    const auto found = indexes().synonyms.find(&option);
    MILENA_ASSERT(found != indexes().synonyms.end());
    return found->second;
}

std::optional<std::string_view> did_you_mean(Scope scope, std::string_view name) {
    constexpr std::size_t kLongestWorthComparing = 100;
    if (name.size() > kLongestWorthComparing) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 4) + 1;
    for (const Option& option : options(scope)) {
        const std::size_t d = distance(name, option.name());
        if (d < best_distance) {
            best = option.name();
            best_distance = d;
        }
    }
    return best;
}

}  // namespace milena::config
