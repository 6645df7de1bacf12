#include "tools/kafka/groups_print.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

constexpr std::size_t kLeastWidth = 15;

template <class T>
std::string or_dash(const std::optional<T>& value) {
    return value ? fmt::format("{}", *value) : "-";
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

struct Widest {
    std::size_t width = kLeastWidth;
    void add(std::string_view text) { width = std::max(width, text.size()); }
};

// "topic:0,1;other:2"
std::string assignment_text(const client::TopicPartitions& assignment) {
    std::string out;
    for (const auto& [topic, partitions] : assignment) {
        if (!out.empty()) out += ';';
        out += topic + ":";
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            out += (i == 0 ? "" : ",") + std::to_string(partitions[i].value());
        }
    }
    return or_dash(out);
}

std::size_t partition_count(const client::TopicPartitions& assignment) {
    std::size_t count = 0;
    for (const auto& [topic, partitions] : assignment) count += partitions.size();
    return count;
}

}  // namespace

std::string java_error(ErrorCode code) {
    const auto words = [](std::string_view name, std::string_view text) {
        return fmt::format("org.apache.kafka.common.errors.{}: {}", name, text);
    };
    switch (code) {
        case ErrorCode::GROUP_ID_NOT_FOUND:
            return words("GroupIdNotFoundException", "The group id does not exist.");
        case ErrorCode::NON_EMPTY_GROUP:
            return words("GroupNotEmptyException", "The group is not empty.");
        case ErrorCode::INVALID_GROUP_ID:
            return words("InvalidGroupIdException", "The group id is invalid.");
        case ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC:
            return words("GroupSubscribedToTopicException",
                         "Deleting offsets of a topic is forbidden while the consumer group is "
                         "actively subscribed to it.");
        case ErrorCode::UNKNOWN_TOPIC_OR_PARTITION:
            return words("UnknownTopicOrPartitionException",
                         "This server does not host this topic-partition.");
        case ErrorCode::UNKNOWN_MEMBER_ID:
            return words("UnknownMemberIdException",
                         "The coordinator is not aware of this member.");
        default:
            return error_name(code);
    }
}

std::string list_text(const std::vector<client::GroupListing>& groups, ListColumns columns) {
    std::string out;
    if (!columns.type && !columns.state) {
        for (const auto& group : groups) out += (out.empty() ? "" : "\n") + group.id;
        return out + "\n";
    }
    Widest names;
    for (const auto& group : groups) names.add(group.id);
    const auto row = [&](std::string_view id, std::string_view type, std::string_view state) {
        out += fmt::format("{:<{}}", id, names.width + 10);
        if (columns.type) out += fmt::format(" {:<20}", type);
        if (columns.state) out += fmt::format(" {:<20}", state);
        out += '\n';
    };
    row("GROUP", "TYPE", "STATE");
    for (const auto& group : groups) row(group.id, group.type, group.state);
    return out;
}

std::string state_remark(const client::GroupDescription& group) {
    if (group.state == "Empty") {
        return fmt::format("\nConsumer group '{}' has no active members.\n", group.id);
    }
    if (group.state != "Stable" && group.state != "Dead") {
        return fmt::format("\nWarning: Consumer group '{}' is rebalancing.\n", group.id);
    }
    return {};
}

std::string positions_text(const std::string& group, const std::vector<PositionRow>& rows,
                           bool verbose) {
    Widest groups, topics, members, hosts;
    groups.add(group);
    for (const auto& row : rows) {
        topics.add(row.topic);
        if (row.owner == nullptr) continue;
        members.add(row.owner->id);
        hosts.add(row.owner->host);
    }
    std::string out;
    const auto line = [&](std::string_view id, std::string_view topic, std::string_view partition,
                          std::string_view epoch, std::string_view current, std::string_view end,
                          std::string_view lag, std::string_view member, std::string_view host,
                          std::string_view client) {
        out += fmt::format("\n{:<{}} {:<{}} {:<10} ", id, groups.width, topic, topics.width,
                           partition);
        if (verbose) out += fmt::format("{:<15} ", epoch);
        out += fmt::format("{:<15} {:<15} {:<15} {:<{}} {:<{}} {}", current, end, lag, member,
                           members.width, host, hosts.width, client);
    };
    line("GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG",
         "CONSUMER-ID", "HOST", "CLIENT-ID");
    for (const auto& row : rows) {
        std::optional<std::int64_t> lag;
        if (row.current && row.end) lag = *row.end - *row.current;
        const auto* owner = row.owner;
        line(group, row.topic, std::to_string(row.partition), or_dash(row.leader_epoch),
             or_dash(row.current), or_dash(row.end), or_dash(lag), owner ? or_dash(owner->id) : "-",
             owner ? or_dash(owner->host) : "-", owner ? or_dash(owner->client_id) : "-");
    }
    return out + "\n";
}

std::string members_text(const client::GroupDescription& group, bool verbose) {
    Widest groups, ids, hosts, clients;
    if (!group.members.empty()) groups.add(group.id);
    bool any_static = false;
    std::size_t instances = 17;
    for (const auto& member : group.members) {
        ids.add(member.id);
        hosts.add(member.host);
        clients.add(member.client_id);
        if (!member.instance_id) continue;
        any_static = true;
        instances = std::max(instances, member.instance_id->size());
    }
    std::string out;
    const auto line = [&](std::string_view id, std::string_view member, std::string_view instance,
                          std::string_view host, std::string_view client,
                          std::string_view partitions) {
        out += fmt::format("\n{:<{}} {:<{}} ", id, groups.width, member, ids.width);
        if (any_static) out += fmt::format("{:<{}} ", instance, instances);
        out += fmt::format("{:<{}} {:<{}} {:<15} ", host, hosts.width, client, clients.width,
                           partitions);
    };
    const auto more = [&](std::string_view epoch, std::string_view current, std::string_view target,
                          std::string_view assignment) {
        if (!verbose) return;
        out += fmt::format("{:<15} {:<20} {:<15} {:<20}", epoch, current, target, assignment);
    };
    line("GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS");
    more("CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT");
    for (const auto& member : group.members) {
        line(group.id, member.id, member.instance_id.value_or(""), member.host, member.client_id,
             std::to_string(partition_count(member.assignment)));
        more(or_dash(member.epoch), assignment_text(member.assignment), or_dash(group.target_epoch),
             assignment_text(member.target_assignment));
    }
    return out + "\n";
}

std::string state_text(const client::GroupDescription& group, bool verbose) {
    const auto coordinator =
        fmt::format("{}:{}  ({})", group.coordinator_endpoint.host, group.coordinator_endpoint.port,
                    group.coordinator.value());
    Widest groups;
    groups.add(group.id);
    const auto place = std::max<std::size_t>(25, coordinator.size());
    std::string out;
    const auto line = [&](std::string_view id, std::string_view where, std::string_view strategy,
                          std::string_view state, std::string_view epoch, std::string_view target,
                          std::string_view members) {
        out += fmt::format("\n{:<{}} {:<{}} {:<20} {:<20} ", id, groups.width, where, place,
                           strategy, state);
        if (verbose) out += fmt::format("{:<15} {:<25} ", epoch, target);
        out += members;
    };
    line("GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "GROUP-EPOCH",
         "TARGET-ASSIGNMENT-EPOCH", "#MEMBERS");
    line(group.id, coordinator, or_dash(group.assignor), group.state, or_dash(group.epoch),
         or_dash(group.target_epoch), std::to_string(group.members.size()));
    return out + "\n";
}

std::string new_offsets_text(const GroupOffsets& groups) {
    Widest names, topics;
    for (const auto& [group, offsets] : groups) {
        names.add(group);
        for (const auto& [where, offset] : offsets) topics.add(where.first);
    }
    std::string out = fmt::format("\n{:<{}} {:<{}} {:<10} NEW-OFFSET", "GROUP", names.width,
                                  "TOPIC", topics.width, "PARTITION");
    for (const auto& [group, offsets] : groups) {
        for (const auto& [where, committed] : offsets) {
            out += fmt::format("\n{:<{}} {:<{}} {:<10} {}", group, names.width, where.first,
                               topics.width, where.second.value(), committed.offset.value());
        }
    }
    return out + "\n";
}

std::string new_offsets_csv(const GroupOffsets& groups) {
    std::string out;
    for (const auto& [group, offsets] : groups) {
        for (const auto& [where, committed] : offsets) {
            if (groups.size() > 1) out += group + ",";
            out += fmt::format("{},{},{}\n", where.first, where.second.value(),
                               committed.offset.value());
        }
    }
    return out;
}

std::string deleted_offsets_text(const client::PartitionErrors& errors) {
    Widest topics;
    for (const auto& [where, code] : errors) topics.add(where.first);
    std::string out =
        fmt::format("\n{:<{}} {:<10} {:<15}", "TOPIC", topics.width, "PARTITION", "STATUS");
    for (const auto& [where, code] : errors) {
        const auto status =
            code == ErrorCode::NONE ? std::string("Successful") : "Error: " + java_error(code);
        const auto index = where.second.value();
        out += fmt::format("\n{:<{}} {:<10} {:<15}", where.first, topics.width,
                           index < 0 ? std::string("-") : std::to_string(index), status);
    }
    return out + "\n";
}

}  // namespace milena::kafka_tools
