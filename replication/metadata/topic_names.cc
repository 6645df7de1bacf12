#include "replication/metadata/topic_names.h"

#include <algorithm>

namespace milena::metadata {
namespace {

bool is_allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

Status check_topic_name(std::string_view name) {
    const auto invalid = [](std::string why) {
        return fail(ErrorCode::INVALID_TOPIC_EXCEPTION, std::move(why));
    };
    if (name.empty()) return invalid("a topic name cannot be empty");
    if (name == "." || name == "..") {
        return invalid("a topic cannot be named '" + std::string(name) + "'");
    }
    if (name.size() > kMaxTopicNameLength) {
        return invalid("topic name of " + std::to_string(name.size()) + " characters ('" +
                       std::string(name.substr(0, 40)) + "...'); at most " +
                       std::to_string(kMaxTopicNameLength) + " are allowed");
    }
    if (!std::all_of(name.begin(), name.end(), is_allowed)) {
        return invalid("topic name '" + std::string(name) +
                       "' has a character other than ASCII letters, digits, '.', '_' and '-'");
    }
    return {};
}

std::string folded_name(std::string_view name) {
    std::string folded(name);
    std::replace(folded.begin(), folded.end(), '.', '_');
    return folded;
}

bool may_collide(std::string_view name) {
    return name.find_first_of("._") != std::string_view::npos;
}

}  // namespace milena::metadata
