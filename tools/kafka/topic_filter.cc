#include "tools/kafka/topic_filter.h"

#include "tools/kafka/java_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

namespace milena::kafka_tools {

TopicFilter::TopicFilter(std::unique_ptr<re2::RE2> pattern) : pattern_(std::move(pattern)) {}
TopicFilter::TopicFilter(TopicFilter&&) noexcept = default;
TopicFilter& TopicFilter::operator=(TopicFilter&&) noexcept = default;
TopicFilter::~TopicFilter() = default;

Result<TopicFilter> TopicFilter::from_pattern(std::string_view pattern) {
    auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()),
                                               re2::RE2::Quiet);
    if (!compiled->ok()) {
        return fail(ErrorCode::INVALID_REGULAR_EXPRESSION,
                    fmt::format("{} is an invalid regex.", pattern));
    }
    return TopicFilter(std::move(compiled));
}

Result<TopicFilter> TopicFilter::from_list(std::string_view text) {
    std::string pattern(trim(text));
    std::ranges::replace(pattern, ',', '|');
    std::erase(pattern, ' ');
    const auto first = std::min(pattern.find_first_not_of("\"'"), pattern.size());
    pattern.erase(0, first);
    pattern.erase(pattern.find_last_not_of("\"'") + 1);
    return from_pattern(pattern);
}

bool TopicFilter::matches(std::string_view topic) const {
    return re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *pattern_);
}

bool is_internal_topic(std::string_view topic) {
    return topic == "__consumer_offsets" || topic == "__transaction_state" ||
           topic == "__share_group_state";
}

}  // namespace milena::kafka_tools
