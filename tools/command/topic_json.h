// The JSON forms of what `milena topic` prints.
#pragma once

#include "tools/client/admin.h"
#include "tools/client/cluster.h"
#include "tools/kafka/topics_describe.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milena::cli {

std::string created_json(std::string_view name, const client::CreatedTopic& created, bool existed);
std::string topics_json(std::span<const client::TopicInfo> topics);
std::string descriptions_json(const kafka_tools::TopicsReport& report);
// {"<verb>": [names]}
std::string done_json(std::string_view verb, const std::vector<std::string>& names);

}  // namespace milena::cli
