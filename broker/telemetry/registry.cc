#include "broker/telemetry/registry.h"

#include <fmt/format.h>

namespace milena::telemetry {
namespace {

// Backslash and newline have escapes everywhere, quotes inside quotes only.
void append_escaped(std::string& to, std::string_view text, bool quoted) {
    for (const char c : text) {
        if (c == '\\') {
            to += "\\\\";
        } else if (c == '\n') {
            to += "\\n";
        } else if (c == '"' && quoted) {
            to += "\\\"";
        } else {
            to += c;
        }
    }
}

}  // namespace

void Exposition::family(Kind kind, std::string_view name, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} ", name);
    append_escaped(text_, help, false);
    text_ += fmt::format("\n# TYPE {} {}\n", name, kind == Kind::counter ? "counter" : "gauge");
}

void Exposition::value(double value, Labels labels) {
    line(fmt::format("{}", value), labels);
}

void Exposition::line(std::string_view number, Labels labels) {
    text_ += name_;
    char before = '{';
    for (const auto& [label, text] : labels) {
        text_ += before;
        text_ += label;
        text_ += "=\"";
        append_escaped(text_, text, true);
        text_ += '"';
        before = ',';
    }
    if (labels.size() > 0) text_ += '}';
    text_ += ' ';
    text_ += number;
    text_ += '\n';
}

}  // namespace milena::telemetry
