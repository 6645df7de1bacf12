// What `milena group --json` prints.
#pragma once

#include "tools/client/groups.h"
#include "tools/kafka/groups_print.h"

#include <string>
#include <vector>

namespace milena::cli {

std::string groups_json(const std::vector<client::GroupListing>& groups);
std::string group_json(const client::GroupDescription& group,
                       const std::vector<kafka_tools::PositionRow>& rows);
std::string reset_json(const std::string& group, const client::CommittedOffsets& offsets,
                       bool executed);

}  // namespace milena::cli
