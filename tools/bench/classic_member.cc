// A member of a classic group: JoinGroup, SyncGroup, Heartbeat. Whoever leads hands the partitions
// out in turn.
#include "tools/bench/group_member.h"
#include "tools/client/range_assignment.h"

#include <fmt/format.h>

namespace milena::bench {
namespace {

constexpr Millis kSessionTimeout{30'000};
constexpr Millis kRebalanceTimeout{60'000};
constexpr std::string_view kProtocol = "range";

class ClassicMember final : public GroupMember {
  public:
    struct Versions {
        ApiVersion join;
        ApiVersion sync;
        ApiVersion heartbeat;
        ApiVersion leave;
    };

    ClassicMember(const GroupSpec& spec, Versions versions) : spec_(spec), versions_(versions) {}

    Result<Frame> request() override {
        switch (phase_) {
            case Phase::joining:
                return join_request();
            case Phase::syncing:
                return sync_request();
            case Phase::stable:
                return heartbeat_request();
            case Phase::leaving:
                return leave_request();
            case Phase::outside:
                break;
        }
        return fail(ErrorCode::UNKNOWN_SERVER_ERROR, "a member outside its group has no request");
    }

    // A member that was told to leave while a request was under way still takes that answer.
    Result<std::int32_t> answer(ByteView frame) override {
        switch (asked_) {
            case Phase::joining:
                return take_answer<msg::JoinGroupRequest>(
                    frame, versions_.join, [&](const auto& reply) { return joined(reply); });
            case Phase::syncing:
                return take_answer<msg::SyncGroupRequest>(
                    frame, versions_.sync, [&](const auto& reply) { return synced(reply); });
            case Phase::stable:
                return take_answer<msg::HeartbeatRequest>(
                    frame, versions_.heartbeat, [&](const auto& reply) { return alive(reply); });
            case Phase::leaving:
            case Phase::outside:
                break;
        }
        return take_answer<msg::LeaveGroupRequest>(frame, versions_.leave,
                                                   [&](const auto&) { return left(); });
    }

    bool may_pause() const override { return phase_ == Phase::stable; }
    void join() override { phase_ = Phase::joining; }
    void leave() override { phase_ = Phase::leaving; }
    bool is_outside() const override { return phase_ == Phase::outside; }
    Holding holding() const override {
        if (phase_ != Phase::stable) return {};
        return {generation_, partitions_};
    }

  private:
    enum class Phase : std::uint8_t { outside, joining, syncing, stable, leaving };

    void go(Phase phase) {
        if (phase_ != Phase::leaving) phase_ = phase;
    }
    Status refused(std::string_view what, ErrorCode error) const {
        return fail(error, fmt::format("group '{}': a member's {} is refused: {}", spec_.id, what,
                                       error_name(error)));
    }

    Result<Frame> join_request() {
        asked_ = Phase::joining;
        const auto metadata = client::subscription_bytes({spec_.topic.name});
        msg::JoinGroupRequest::JoinGroupRequestProtocol protocol{kProtocol, metadata};
        msg::JoinGroupRequest request;
        request.group_id = spec_.id;
        request.session_timeout_ms = kSessionTimeout;
        request.rebalance_timeout_ms = kRebalanceTimeout;
        request.member_id = member_id_;
        request.protocol_type = "consumer";
        request.protocols = decltype(request.protocols)(&protocol, 1);
        return frame_of(request, versions_.join, spec_.client_id);
    }

    Status joined(const msg::JoinGroupResponse& reply) {
        if (reply.error_code == ErrorCode::MEMBER_ID_REQUIRED) {
            member_id_ = reply.member_id;
            return {};
        }
        if (reply.error_code != ErrorCode::NONE) return refused("JoinGroup", reply.error_code);
        member_id_ = reply.member_id;
        generation_ = reply.generation_id;
        assignments_.clear();
        if (reply.leader == reply.member_id) assign(reply);
        go(Phase::syncing);
        return {};
    }

    void assign(const msg::JoinGroupResponse& reply) {
        std::vector<client::TopicPartitions> shares(reply.members.size());
        for (std::size_t i = 0; i < spec_.topic.partitions.size(); ++i) {
            shares[i % shares.size()][spec_.topic.name].push_back(spec_.topic.partitions[i].index);
        }
        for (std::size_t i = 0; i < shares.size(); ++i) {
            assignments_.emplace_back(std::string(reply.members[i].member_id),
                                      client::assignment_bytes(shares[i]));
        }
    }

    Result<Frame> sync_request() {
        asked_ = Phase::syncing;
        std::vector<msg::SyncGroupRequest::SyncGroupRequestAssignment> given;
        for (const auto& [member, bytes] : assignments_) given.push_back({member, bytes});
        msg::SyncGroupRequest request;
        request.group_id = spec_.id;
        request.generation_id = generation_;
        request.member_id = member_id_;
        request.protocol_type = "consumer";
        request.protocol_name = kProtocol;
        request.assignments = decltype(request.assignments)(given.data(), given.size());
        return frame_of(request, versions_.sync, spec_.client_id);
    }

    Status synced(const msg::SyncGroupResponse& reply) {
        if (reply.error_code == ErrorCode::REBALANCE_IN_PROGRESS) {
            go(Phase::joining);
            return {};
        }
        if (reply.error_code != ErrorCode::NONE) return refused("SyncGroup", reply.error_code);
        MILENA_ASSIGN(const auto assigned, client::assigned_partitions(reply.assignment));
        partitions_ = 0;
        for (const auto& [topic, partitions] : assigned) partitions_ += partitions.size();
        go(Phase::stable);
        return {};
    }

    Result<Frame> heartbeat_request() {
        asked_ = Phase::stable;
        msg::HeartbeatRequest request;
        request.group_id = spec_.id;
        request.generation_id = generation_;
        request.member_id = member_id_;
        return frame_of(request, versions_.heartbeat, spec_.client_id);
    }

    Status alive(const msg::HeartbeatResponse& reply) {
        if (reply.error_code == ErrorCode::REBALANCE_IN_PROGRESS) {
            go(Phase::joining);
        } else if (reply.error_code != ErrorCode::NONE) {
            return refused("Heartbeat", reply.error_code);
        }
        return {};
    }

    Result<Frame> leave_request() {
        asked_ = Phase::leaving;
        msg::LeaveGroupRequest::MemberIdentity who;
        who.member_id = member_id_;
        msg::LeaveGroupRequest request;
        request.group_id = spec_.id;
        request.members = decltype(request.members)(&who, 1);
        return frame_of(request, versions_.leave, spec_.client_id);
    }

    Status left() {
        phase_ = Phase::outside;
        member_id_.clear();
        return {};
    }

    const GroupSpec& spec_;
    const Versions versions_;
    Phase phase_ = Phase::outside;
    Phase asked_ = Phase::outside;  // what the request under way is about
    std::string member_id_;
    std::int32_t generation_ = -1;
    std::size_t partitions_ = 0;
    std::vector<std::pair<std::string, std::vector<std::uint8_t>>> assignments_;  // of a leader
};

}  // namespace

Result<std::unique_ptr<GroupMember>> make_classic_member(const GroupSpec& spec,
                                                         const client::Connection& connection) {
    const auto newest = [&](ApiKey api) {
        return connection.version_of(api, api_row(api).max_version);
    };
    MILENA_ASSIGN(const auto join, newest(ApiKey::JoinGroup));
    MILENA_ASSIGN(const auto sync, newest(ApiKey::SyncGroup));
    MILENA_ASSIGN(const auto heartbeat, newest(ApiKey::Heartbeat));
    MILENA_ASSIGN(const auto leave, newest(ApiKey::LeaveGroup));
    return std::make_unique<ClassicMember>(spec,
                                           ClassicMember::Versions{join, sync, heartbeat, leave});
}

}  // namespace milena::bench
