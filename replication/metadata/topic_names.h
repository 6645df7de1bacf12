// Which names a topic may have (clients/.../common/internals/Topic.java).
#pragma once

#include "protocol/base/error.h"

#include <string>
#include <string_view>

namespace milena::metadata {

inline constexpr std::size_t kMaxTopicNameLength = 249;
// Its partition 0 is the metadata log itself; it is no topic of the cluster.
inline constexpr std::string_view kClusterMetadataTopic = "__cluster_metadata";

// 1 to 249 of letters, digits, '.', '_' and '-', but not "." or "..". INVALID_TOPIC_EXCEPTION.
Status check_topic_name(std::string_view name);

// Metric names hold '_' where a topic name holds '.', so two names that differ only in those
// cannot live together: their folded names are the same.
std::string folded_name(std::string_view name);
bool may_collide(std::string_view name);

}  // namespace milena::metadata
