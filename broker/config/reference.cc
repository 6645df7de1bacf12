#include "broker/config/reference.h"

#include "broker/config/value.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace milena::config {
namespace {

constexpr std::size_t kColumns = 100;

// `text` in lines of at most kColumns, each behind `indent`.
std::string wrapped(std::string_view text, std::string_view indent) {
    std::string result;
    std::string line(indent);
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, space);
        if (line.size() > indent.size() && line.size() + 1 + word.size() > kColumns) {
            result += line + "\n";
            line = indent;
        }
        if (line.size() > indent.size()) line += ' ';
        line += word;
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return result + line + "\n";
}

std::string_view update_text(Scope scope, Update update) {
    if (scope != Scope::Broker) return "";
    switch (update) {
        case Update::ReadOnly:
            return "needs a restart";
        case Update::PerBroker:
            return "changes while running, broker by broker";
        case Update::ClusterWide:
            return "changes while running";
        case Update::DynamicOnly:
            return "changes while running, not in this file";
    }
    return "";
}

// "int, at least 1, changes while running": what is known of a value in one line.
std::string facts(Scope scope, const Option& option) {
    std::string text(type_name(option.type));
    const auto add = [&text](std::string_view fact) {
        if (!fact.empty()) text += fmt::format("; {}", fact);
    };
    add(allowed_text(option));
    add(update_text(scope, option.update));
    if (option.fallback.from != nullptr) add(fmt::format("from {}", option.fallback.from));
    if (option.has(ours)) add("Milena's own");
    if (option.has(accepted)) add("accepted, no effect yet");
    return text;
}

void add_scope(Scope scope, std::string& result) {
    std::string_view section;
    for (const Option& option : options(scope)) {
        if (option.has(hidden)) continue;
        if (option.section != section) {
            section = option.section;
            result += fmt::format("\n######## {} ########\n", section);
        }
        result += '\n';
        result += wrapped(option.text, "# ");
        result += wrapped(facts(scope, option), "#   ");
        result += fmt::format("#{}={}\n", option.name(),
                              option.fallback.text == nullptr ? "" : option.fallback.text);
    }
}

}  // namespace

std::string reference_properties() {
    std::string result =
        "# Every setting of Milena, with its default. Printed from the table of settings by\n"
        "# 'milena serve --print-reference'; do not edit. To use one, copy its line, without the\n"
        "# #, to your own file and start 'milena serve --config FILE'.\n";
    add_scope(Scope::Broker, result);
    result +=
        "\n\n# The settings below belong to single topics, groups and client metrics "
        "subscriptions. They\n# do not stand in a file: set them with 'kafka-configs --alter' or "
        "when a topic is created.\n";
    add_scope(Scope::Topic, result);
    add_scope(Scope::Group, result);
    add_scope(Scope::ClientMetrics, result);
    return result;
}

std::string settings_help() {
    std::string result;
    std::string_view section;
    for (const Option& option : options(Scope::Broker)) {
        if (!option.has(used) || option.has(hidden)) continue;
        if (option.section != section) {
            section = option.section;
            result += fmt::format("\n{}:\n", section);
        }
        result += fmt::format("  {}={}\n", option.name(),
                              option.fallback.text == nullptr ? "" : option.fallback.text);
        result += wrapped(option.text, "      ");
    }
    return result;
}

}  // namespace milena::config
