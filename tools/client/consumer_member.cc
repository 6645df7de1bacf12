#include "tools/client/consumer_member.h"

#include "tools/client/interrupt.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::client {
namespace {

constexpr std::int32_t kJoin = 0;
constexpr std::int32_t kLeave = -1;
constexpr std::int32_t kLeaveForNow = -2;  // a static member

}  // namespace

ConsumerMember::ConsumerMember(Cluster& cluster, MemberSettings settings, Random& random)
    : Membership(cluster, std::move(settings)), member_id_(random.uuid().to_string()) {}

void ConsumerMember::subscribe(std::span<const TopicInfo> topics) {
    std::vector<std::string> names;
    for (const auto& topic : topics) {
        names.push_back(topic.name);
        ids_[topic.name] = topic.id;
        names_[topic.id] = topic.name;
    }
    std::ranges::sort(names);
    if (names == topics_) return;
    topics_ = std::move(names);
    must_report_ = true;
}

Status ConsumerMember::take_failure(const Error& error) {
    if (interrupted_by() != 0) return {};
    if (!is_retriable(error.code)) return std::unexpected(error);
    must_report_ = true;
    cluster_.pause_after(error);
    return {};
}

Status ConsumerMember::take_error(ErrorCode code, std::string_view message) {
    if (code == ErrorCode::UNKNOWN_MEMBER_ID || code == ErrorCode::FENCED_MEMBER_EPOCH) {
        // The group has gone on without it.
        owned_.clear();
        epoch_ = kJoin;
        must_report_ = true;
        return {};
    }
    const Error error{
        code, fmt::format("group '{}': {}: {}", settings_.group, error_name(code), message)};
    if (!has_moved(code)) return std::unexpected(error);
    forget_coordinator();
    return take_failure(error);
}

void ConsumerMember::take_assignment(
    const msg::ConsumerGroupHeartbeatResponse::Assignment& assignment) {
    std::set<TopicPartition> now;
    for (const auto& topic : assignment.topic_partitions) {
        const auto name = names_.find(topic.topic_id);
        if (name == names_.end()) continue;  // made anew since it was subscribed to
        for (const auto index : topic.partitions) now.emplace(name->second, index);
    }
    // The coordinator waits to hear what is owned now.
    must_report_ = now != owned_;
    owned_ = std::move(now);
}

Status ConsumerMember::attend() {
    if (cluster_.clock().now() < due()) return {};
    std::vector<std::string_view> topics(topics_.begin(), topics_.end());
    std::map<std::string, std::vector<PartitionIndex>> by_topic;
    for (const auto& [topic, index] : owned_) by_topic[topic].push_back(index);
    std::vector<Request::TopicPartitions> owned;
    for (auto& [topic, indexes] : by_topic) {
        owned.push_back({ids_.at(topic), Array<PartitionIndex>(indexes)});
    }
    Request request;
    request.group_id = settings_.group;
    request.member_id = member_id_;
    request.member_epoch = epoch_;
    request.instance_id = instance_id();
    if (must_report_) {
        request.rebalance_timeout_ms = settings_.rebalance_timeout;
        request.subscribed_topic_names = Array<std::string_view>(topics);
        if (epoch_ == kJoin) owned.clear();
        request.topic_partitions = Array<Request::TopicPartitions>(owned);
    }
    const auto reply = ask(request, cluster_.settings().request_timeout);
    if (!reply) return take_failure(reply.error());
    const auto& message = (*reply)->message;
    if (message.error_code != ErrorCode::NONE) {
        return take_error(message.error_code, message.error_message.value_or_empty());
    }
    must_report_ = false;
    epoch_ = message.member_epoch;
    next_beat_ = cluster_.clock().now() + message.heartbeat_interval_ms;
    if (message.assignment) take_assignment(*message.assignment);
    return {};
}

Status ConsumerMember::leave() {
    if (epoch_ == kJoin) return {};
    Request request;
    request.group_id = settings_.group;
    request.member_id = member_id_;
    request.member_epoch = settings_.instance_id ? kLeaveForNow : kLeave;
    request.instance_id = instance_id();
    MILENA_ASSIGN(const auto coordinator, find_coordinator(cluster_, settings_.group));
    MILENA_ASSIGN(Connection* const connection, cluster_.broker(coordinator.id));
    MILENA_ASSIGN(const auto reply, connection->call(request, cluster_.request_deadline()));
    owned_.clear();
    epoch_ = kJoin;
    const auto code = reply->message.error_code;
    if (code == ErrorCode::NONE || code == ErrorCode::UNKNOWN_MEMBER_ID) return {};
    return std::unexpected(refused("it cannot be left", code));
}

}  // namespace milena::client
