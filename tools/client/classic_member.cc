#include "tools/client/classic_member.h"

#include "tools/client/interrupt.h"

#include <algorithm>

namespace milena::client {
namespace {

constexpr std::string_view kProtocolType = "consumer";
constexpr std::string_view kRange = "range";
// The answer to JoinGroup comes when the slowest member has joined; the network has some more time.
constexpr Millis kJoinMargin{5'000};
constexpr ApiVersion kSeveralLeave{3};

std::set<TopicPartition> flat(const TopicPartitions& partitions) {
    std::set<TopicPartition> out;
    for (const auto& [topic, indexes] : partitions) {
        for (const auto index : indexes) out.emplace(topic, index);
    }
    return out;
}

}  // namespace

void ClassicMember::subscribe(std::span<const TopicInfo> topics) {
    std::vector<std::string> names;
    PartitionCounts counts;
    for (const auto& topic : topics) {
        names.push_back(topic.name);
        counts[topic.name] = static_cast<std::int32_t>(topic.partitions.size());
    }
    std::ranges::sort(names);
    // Topics that grow concern the leader, who hands them out.
    const bool changed = names != topics_ || (leads_ && counts != counts_);
    topics_ = std::move(names);
    counts_ = std::move(counts);
    if (changed) give_up();
}

MonoTime ClassicMember::due() const {
    return must_join_ ? cluster_.clock().now() : next_beat_;
}

MemberClaim ClassicMember::claim() const {
    return {member_id_, settings_.instance_id, generation_};
}

Status ClassicMember::attend() {
    if (must_join_) {
        // What was owned until now must have been given up.
        return join();
    }
    return cluster_.clock().now() >= next_beat_ ? beat() : Status{};
}

Status ClassicMember::take_failure(const Error& error) {
    if (interrupted_by() != 0) return {};
    if (!is_retriable(error.code)) return std::unexpected(error);
    cluster_.pause_after(error);
    return {};
}

Status ClassicMember::take_error(std::string_view what, ErrorCode code) {
    switch (code) {
        case ErrorCode::NONE:
            return {};
        case ErrorCode::UNKNOWN_MEMBER_ID:
            member_id_.clear();
            [[fallthrough]];
        case ErrorCode::ILLEGAL_GENERATION:
            generation_ = -1;
            [[fallthrough]];
        case ErrorCode::REBALANCE_IN_PROGRESS:
            give_up();
            return {};
        default:
            break;
    }
    if (!has_moved(code)) return std::unexpected(refused(what, code));
    forget_coordinator();
    return take_failure(refused(what, code));
}

Status ClassicMember::join() {
    using Request = msg::JoinGroupRequest;
    const auto subscription = subscription_bytes(topics_);
    Request::JoinGroupRequestProtocol protocol;
    protocol.name = kRange;
    protocol.metadata = ByteView(subscription);
    Request request;
    request.group_id = settings_.group;
    request.session_timeout_ms = settings_.session_timeout;
    request.rebalance_timeout_ms = settings_.rebalance_timeout;
    request.member_id = member_id_;
    request.group_instance_id = instance_id();
    request.protocol_type = kProtocolType;
    request.protocols = Array<Request::JoinGroupRequestProtocol>(&protocol, 1);
    const auto reply = ask(request, settings_.rebalance_timeout + kJoinMargin);
    if (!reply) return take_failure(reply.error());
    const auto& joined = (*reply)->message;
    if (joined.error_code == ErrorCode::MEMBER_ID_REQUIRED) {
        member_id_ = joined.member_id;
        return {};
    }
    if (joined.error_code != ErrorCode::NONE) {
        return take_error("it cannot be joined", joined.error_code);
    }
    member_id_ = joined.member_id;
    generation_ = joined.generation_id;
    leads_ = joined.leader == joined.member_id;
    return sync(joined);
}

Status ClassicMember::sync(const msg::JoinGroupResponse& joined) {
    using Request = msg::SyncGroupRequest;
    std::vector<std::vector<std::uint8_t>> blobs;
    std::vector<Request::SyncGroupRequestAssignment> assignments;
    std::map<std::string, TopicPartitions> ranges;
    if (leads_ && !joined.skip_assignment) {
        std::vector<Subscriber> subscribers;
        PartitionCounts counts = counts_;
        for (const auto& member : joined.members) {
            MILENA_ASSIGN(auto topics, subscribed_topics(member.metadata));
            for (const auto& topic : topics) {
                if (counts.contains(topic)) continue;
                // Another member reads it, not this one.
                MILENA_ASSIGN(const auto found, cluster_.topics(std::span(&topic, 1), false));
                for (const auto& info : found) {
                    if (info.error != ErrorCode::NONE) continue;
                    counts[info.name] = static_cast<std::int32_t>(info.partitions.size());
                }
            }
            std::optional<std::string> instance;
            if (!member.group_instance_id.is_null()) instance = *member.group_instance_id;
            subscribers.push_back(
                {std::string(member.member_id), std::move(instance), std::move(topics)});
        }
        ranges = assign_ranges(std::move(subscribers), counts);
        blobs.reserve(ranges.size());
        for (const auto& [id, partitions] : ranges) {
            blobs.push_back(assignment_bytes(partitions));
            assignments.push_back({id, ByteView(blobs.back())});
        }
    }
    Request request;
    request.group_id = settings_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_id();
    request.protocol_type = kProtocolType;
    request.protocol_name = kRange;
    request.assignments = Array<Request::SyncGroupRequestAssignment>(assignments);
    const auto reply = ask(request, settings_.rebalance_timeout + kJoinMargin);
    if (!reply) return take_failure(reply.error());
    const auto& synced = (*reply)->message;
    if (synced.error_code != ErrorCode::NONE) {
        return take_error("it does not hand out partitions", synced.error_code);
    }
    MILENA_ASSIGN(const auto partitions, assigned_partitions(synced.assignment));
    owned_ = flat(partitions);
    must_join_ = false;
    next_beat_ = cluster_.clock().now() + settings_.heartbeat_interval;
    return {};
}

Status ClassicMember::beat() {
    msg::HeartbeatRequest request;
    request.group_id = settings_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_id();
    next_beat_ = cluster_.clock().now() + settings_.heartbeat_interval;
    const auto reply = ask(request, settings_.session_timeout);
    if (!reply) return take_failure(reply.error());
    return take_error("it does not take heartbeats", (*reply)->message.error_code);
}

Status ClassicMember::leave() {
    // A static member keeps its place until its session ends.
    if (member_id_.empty() || settings_.instance_id) return {};
    using Request = msg::LeaveGroupRequest;
    MILENA_ASSIGN(const auto coordinator, find_coordinator(cluster_, settings_.group));
    MILENA_ASSIGN(Connection* const connection, cluster_.broker(coordinator.id));
    MILENA_ASSIGN(const auto version,
                  connection->version_of(Request::kApiKey, Request::kMaxVersion));
    Request::MemberIdentity me;
    me.member_id = member_id_;
    Request request;
    request.group_id = settings_.group;
    if (version < kSeveralLeave) {
        request.member_id = member_id_;
    } else {
        request.members = Array<Request::MemberIdentity>(&me, 1);
    }
    MILENA_ASSIGN(const auto reply, connection->call(request, cluster_.request_deadline()));
    owned_.clear();
    member_id_.clear();
    const auto code = reply->message.error_code;
    if (code == ErrorCode::NONE || code == ErrorCode::UNKNOWN_MEMBER_ID) return {};
    return std::unexpected(refused("it cannot be left", code));
}

}  // namespace milena::client
