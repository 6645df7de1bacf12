// Which topics a regular expression on a command line means.
#pragma once

#include "protocol/base/error.h"

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace milena::kafka_tools {

class TopicFilter {
  public:
    // A pattern as kafka-topics reads it: blanks and quotes around it do not count, a comma means
    // "or". The whole name must match. (Java's look-around and back references are not there.)
    static Result<TopicFilter> from_list(std::string_view text);
    // A pattern as kafka-console-consumer --include reads it.
    static Result<TopicFilter> from_pattern(std::string_view pattern);

    TopicFilter(TopicFilter&&) noexcept;
    TopicFilter& operator=(TopicFilter&&) noexcept;
    ~TopicFilter();

    bool matches(std::string_view topic) const;

  private:
    explicit TopicFilter(std::unique_ptr<re2::RE2> pattern);

    std::unique_ptr<re2::RE2> pattern_;
};

// The topics that Kafka keeps for itself.
bool is_internal_topic(std::string_view topic);

}  // namespace milena::kafka_tools
