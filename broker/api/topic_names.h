// Names with a meaning of their own.
#pragma once

#include <string_view>

namespace milena::api {

inline constexpr std::string_view kGroupTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionTopic = "__transaction_state";
inline constexpr std::string_view kShareGroupTopic = "__share_group_state";

// Written by the brokers themselves (Kafka: Topic.INTERNAL_TOPICS).
inline bool is_internal_topic(std::string_view name) {
    return name == kGroupTopic || name == kTransactionTopic || name == kShareGroupTopic;
}

}  // namespace milena::api
