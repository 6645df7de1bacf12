// The tables of kafka-consumer-groups (ConsumerGroupCommand of Kafka 4.2).
#pragma once

#include "tools/client/groups.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace milena::kafka_tools {

// "org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist."
std::string java_error(ErrorCode code);

struct ListColumns {
    bool type = false;
    bool state = false;
};
std::string list_text(const std::vector<client::GroupListing>& groups, ListColumns columns);

// One partition that the group has a position in, or that a member owns.
struct PositionRow {
    std::string topic;
    std::int32_t partition = 0;
    std::optional<std::int32_t> leader_epoch;
    std::optional<std::int64_t> current;
    std::optional<std::int64_t> end;
    const client::GroupMember* owner = nullptr;
};
std::string positions_text(const std::string& group, const std::vector<PositionRow>& rows,
                           bool verbose);
std::string members_text(const client::GroupDescription& group, bool verbose);
std::string state_text(const client::GroupDescription& group, bool verbose);
// What stands above the tables when the group has no members or is on the move; may be empty.
std::string state_remark(const client::GroupDescription& group);

using GroupOffsets = std::map<std::string, client::CommittedOffsets>;
std::string new_offsets_text(const GroupOffsets& groups);
// "topic,partition,offset", with the group in front when there are several.
std::string new_offsets_csv(const GroupOffsets& groups);
std::string deleted_offsets_text(const client::PartitionErrors& errors);

}  // namespace milena::kafka_tools
