// Our side of tests/conformance/config/run: prints the table of settings, and what texts are read
// as, in the form of ConfigOracle.java.
#include "broker/config/value.h"

#include <array>
#include <iostream>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace {

using namespace milena::config;

struct NamedScope {
    Scope scope;
    std::string_view name;
};
constexpr NamedScope kScopes[] = {{Scope::Broker, "broker"},
                                  {Scope::ClientMetrics, "client-metrics"},
                                  {Scope::Group, "group"},
                                  {Scope::Topic, "topic"}};

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::toupper(c));
    return result;
}

std::string_view mode_text(Update update) {
    constexpr std::string_view kModes[] = {"read-only", "per-broker", "cluster-wide",
                                           "cluster-wide"};
    return kModes[static_cast<std::size_t>(update)];
}

std::string_view importance_text(Importance importance) {
    constexpr std::string_view kTexts[] = {"HIGH", "MEDIUM", "LOW"};
    return kTexts[static_cast<std::size_t>(importance)];
}

std::string default_text(const Option& option) {
    // Rows that inherit have their broker's default, times the factor.
    std::string result = option.fallback.text == nullptr ? "(null)" : option.fallback.text;
    for (const Ancestor& link : ancestors(option)) {
        if (link.option->fallback.text == nullptr) continue;
        result = link.option->fallback.text;
        if (link.factor != 1) result = std::to_string(std::stoll(result) * link.factor);
        break;
    }
    return result;
}

void print_table() {
    for (const NamedScope& scope : kScopes) {
        for (const Option& option : options(scope.scope)) {
            std::string links;
            for (const Ancestor& link : ancestors(option)) {
                links += fmt::format("{}{}*{}", links.empty() ? "" : "|", link.option->name(),
                                     link.factor);
            }
            const bool broker = scope.scope == Scope::Broker;
            fmt::print("{}\n",
                       fmt::join(
                           std::array<std::string, 9>{
                               std::string(scope.name), std::string(option.name()),
                               upper(type_name(option.type)), default_text(option),
                               std::string(broker ? mode_text(option.update) : "-"),
                               std::string(broker ? importance_text(option.importance) : "-"),
                               option.has(hidden) ? "hidden" : "-",
                               scope.scope != Scope::Topic || links.empty() ? "-" : links,
                               option.has(ours)                                 ? "ours"
                               : option.has(differs)                            ? "differs"
                               : option.update == Update::DynamicOnly && broker ? "dynamic"
                                                                                : "-"},
                           "\t"));
        }
    }
}

void print_values() {
    for (std::string line; std::getline(std::cin, line);) {
        const auto first = line.find('\t');
        const auto second = line.find('\t', first + 1);
        const std::string_view scope_name = std::string_view(line).substr(0, first);
        const std::string name = line.substr(first + 1, second - first - 1);
        for (const NamedScope& scope : kScopes) {
            if (scope.name != scope_name) continue;
            const auto value = parse_value(*find_option(scope.scope, name),
                                           std::string_view(line).substr(second + 1));
            fmt::print("{}\t{}\n", line, value ? "= " + to_text(*value) : "refused");
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc == 2 ? argv[1] : "";
    if (what == "table") {
        print_table();
    } else if (what == "values") {
        print_values();
    } else {
        fmt::print(stderr, "usage: config_oracle table|values\n");
        return 2;
    }
    return 0;
}
