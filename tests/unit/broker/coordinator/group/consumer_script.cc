#include "tests/unit/broker/coordinator/group/consumer_script.h"

#include "broker/coordinator/group/consumer/records.h"
#include "protocol/wire/versioned.h"

#include <sstream>

namespace milena::coordinator::group {
namespace {

std::vector<std::string> listed(const std::string& text) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
    return parts;
}

const char* state_text(consumer::MemberState state) {
    switch (state) {
        case consumer::MemberState::stable:
            return "stable";
        case consumer::MemberState::unrevoked:
            return "unrevoked";
        case consumer::MemberState::unreleased:
            return "unreleased";
        case consumer::MemberState::unknown:
            break;
    }
    return "unknown";
}

}  // namespace

std::optional<std::string> ConsumerScript::perform(
    const std::vector<std::string>& plain, const std::map<std::string, std::string>& named) {
    const auto get = [&](const char* name) -> std::optional<std::string> {
        const auto found = named.find(name);
        return found == named.end() ? std::nullopt : std::optional(found->second);
    };
    const auto& verb = plain.at(0);
    if (verb == "topics") {
        for (const auto& [name, count] : named) {
            set_topic(shard_.image, name, std::stoi(count));
            topics_[test_topic_id(name)] = name;
        }
        return "";
    }
    if (verb != "consume" && verb != "report" && verb != "quit") return std::nullopt;
    const auto& name = plain.at(1);
    Client& client = clients_[name];
    ConsumerGroupHeartbeat& join = client.join;
    if (verb == "consume") {
        if (join.member_id.empty()) join = join_consumer("g", name, {});
        if (get("group")) join.group_id = *get("group");
        if (get("topics")) join.subscribed_topics = listed(*get("topics"));
        if (get("regex")) join.subscribed_regex = get("regex");
        if (get("instance")) join.instance_id = get("instance");
        if (get("assignor")) join.server_assignor = get("assignor");
        if (get("rebalance")) join.rebalance_timeout = Millis(std::stoll(*get("rebalance")));
        client.owned = {};
        return tell(name, join);
    }
    const bool has_word = plain.size() > 2;
    auto request = report(join.group_id, name, client.epoch);
    request.instance_id = join.instance_id;
    if (verb == "quit") {
        request.member_epoch = has_word ? -2 : -1;
        return tell(name, request);
    }
    if (get("epoch")) request.member_epoch = std::stoi(*get("epoch"));
    if (get("topics")) request.subscribed_topics = listed(*get("topics"));
    if (!has_word) request.owned = as_topics(client.owned);
    return tell(name, request);
}

std::string ConsumerScript::tell(const std::string& name, const ConsumerGroupHeartbeat& request) {
    const auto reply = shard_.now(request);
    if (reply.error.code != ErrorCode::NONE) return name + " <- " + error_name(reply.error.code);
    Client& client = clients_[name];
    client.epoch = reply.member_epoch;
    std::string line = name + " <- epoch " + std::to_string(reply.member_epoch);
    if (!reply.assignment) return line;
    client.owned = partitions_of(*reply.assignment);
    return line + ", has " + text_of(client.owned);
}

std::string ConsumerScript::text_of(const PartitionSet& set) const {
    std::map<std::string, std::string> by_name;
    for (const auto& item : set) {
        auto& text = by_name[topics_.at(item.topic)];
        text += (text.empty() ? "" : ".") + std::to_string(item.partition.value());
    }
    std::string text;
    for (const auto& [name, indices] : by_name)
        text += (text.empty() ? "" : " ") + name + ":" + indices;
    return text.empty() ? "nothing" : text;
}

std::optional<std::string> ConsumerScript::record_text(const TestShard::Entry& entry) const {
    const KeyedRecord record{entry.key,
                             entry.value ? std::optional<ByteView>(*entry.value) : std::nullopt};
    const auto id = consumer::group_of(record);
    if (!id) return std::nullopt;
    const auto type = leading_int16(record.key).value_or(0);
    if (!entry.value) return "log: removes a record of type " + std::to_string(type);
    consumer::Group one;
    consumer::apply(one, record);
    const std::string where = "log: " + *id;
    if (!one.targets.empty()) {
        const auto& [member, target] = *one.targets.begin();
        return where + ": " + member + " is to have " + text_of(target);
    }
    if (!one.regexes.empty()) {
        const auto& [regex, resolved] = *one.regexes.begin();
        return where + ": " + regex + " matches " + std::to_string(resolved.topics.size());
    }
    if (one.members.empty()) {
        return where + (type == 3
                            ? " is at epoch " + std::to_string(one.epoch.value())
                            : " assigned epoch " + std::to_string(one.assignment_epoch.value()));
    }
    const auto& member = one.members.begin()->second;
    if (type == 5) return where + ": " + member.id + " subscribes";
    std::string line = where + ": " + member.id + " is " + state_text(member.state) + " at epoch " +
                       std::to_string(member.epoch.value()) + ", has " + text_of(member.assigned);
    if (!member.pending_revocation.empty())
        line += ", gives up " + text_of(member.pending_revocation);
    return line;
}

}  // namespace milena::coordinator::group
