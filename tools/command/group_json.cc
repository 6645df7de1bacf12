#include "tools/command/group_json.h"

#include <boost/json.hpp>

namespace milena::cli {
namespace {

namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::array assignment(const client::TopicPartitions& from) {
    json::array out;
    for (const auto& [topic, partitions] : from) {
        json::array indexes;
        for (const auto index : partitions) indexes.push_back(index.value());
        out.push_back(json::object{{"topic", topic}, {"partitions", std::move(indexes)}});
    }
    return out;
}

}  // namespace

std::string groups_json(const std::vector<client::GroupListing>& groups) {
    json::array out;
    for (const auto& group : groups) {
        out.push_back(json::object{{"group", group.id},
                                   {"type", group.type},
                                   {"state", group.state},
                                   {"protocol_type", group.protocol_type}});
    }
    return json::serialize(json::object{{"groups", std::move(out)}});
}

std::string group_json(const client::GroupDescription& group,
                       const std::vector<kafka_tools::PositionRow>& rows) {
    json::array members;
    for (const auto& member : group.members) {
        members.push_back(json::object{{"id", member.id},
                                       {"instance_id", or_null(member.instance_id)},
                                       {"client_id", member.client_id},
                                       {"host", member.host},
                                       {"epoch", or_null(member.epoch)},
                                       {"assignment", assignment(member.assignment)}});
    }
    json::array offsets;
    for (const auto& row : rows) {
        std::optional<std::int64_t> lag;
        if (row.current && row.end) lag = *row.end - *row.current;
        offsets.push_back(json::object{
            {"topic", row.topic},
            {"partition", row.partition},
            {"offset", or_null(row.current)},
            {"end", or_null(row.end)},
            {"lag", or_null(lag)},
            {"member", row.owner ? json::value(row.owner->id) : json::value(nullptr)}});
    }
    return json::serialize(json::object{{"group", group.id},
                                        {"type", group.type},
                                        {"state", group.state},
                                        {"assignor", group.assignor},
                                        {"epoch", or_null(group.epoch)},
                                        {"coordinator", group.coordinator.value()},
                                        {"members", std::move(members)},
                                        {"offsets", std::move(offsets)}});
}

std::string reset_json(const std::string& group, const client::CommittedOffsets& offsets,
                       bool executed) {
    json::array out;
    for (const auto& [where, committed] : offsets) {
        out.push_back(json::object{{"topic", where.first},
                                   {"partition", where.second.value()},
                                   {"offset", committed.offset.value()}});
    }
    return json::serialize(
        json::object{{"group", group}, {"executed", executed}, {"offsets", std::move(out)}});
}

}  // namespace milena::cli
