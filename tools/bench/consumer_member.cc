// A member of a consumer group (KIP-848): ConsumerGroupHeartbeat and nothing else.
#include "tools/bench/group_member.h"

#include <fmt/format.h>

namespace milena::bench {
namespace {

using Request = msg::ConsumerGroupHeartbeatRequest;
using Response = msg::ConsumerGroupHeartbeatResponse;

constexpr Millis kRebalanceTimeout{60'000};
constexpr std::int32_t kJoining = 0;
constexpr std::int32_t kLeaving = -1;

class ConsumerMember final : public GroupMember {
  public:
    ConsumerMember(const GroupSpec& spec, std::int32_t number, ApiVersion version)
        : spec_(spec),
          version_(version),
          member_id_(fmt::format("{}-member-{}", spec.id, number)) {}

    Result<Frame> request() override {
        std::string_view topic = spec_.topic.name;
        Request::TopicPartitions owned{spec_.topic.id, {}};
        owned.partitions = Array<PartitionIndex>(partitions_.data(), partitions_.size());
        Request request;
        request.group_id = spec_.id;
        request.member_id = member_id_;
        request.member_epoch = leaving_ ? kLeaving : epoch_;
        const bool tells_all = !leaving_ && epoch_ == kJoining;
        if (tells_all) {
            request.rebalance_timeout_ms = kRebalanceTimeout;
            request.subscribed_topic_names = Array<std::string_view>(&topic, 1);
        }
        if (tells_all || tells_owned_) {
            request.topic_partitions =
                Array<Request::TopicPartitions>(&owned, partitions_.empty() ? 0 : 1);
        }
        tells_owned_ = false;
        asked_to_leave_ = leaving_;
        return frame_of(request, version_, spec_.client_id);
    }

    Result<std::int32_t> answer(ByteView frame) override {
        return take_answer<Request>(frame, version_,
                                    [&](const Response& reply) { return told(reply); });
    }

    bool may_pause() const override { return !leaving_ && !tells_owned_; }
    void join() override {
        outside_ = false;
        epoch_ = kJoining;
        partitions_.clear();
    }
    void leave() override { leaving_ = true; }
    bool is_outside() const override { return outside_; }
    Holding holding() const override {
        if (outside_ || tells_owned_ || epoch_ == kJoining) return {};
        return {epoch_, partitions_.size()};
    }

  private:
    Status told(const Response& reply) {
        if (reply.error_code != ErrorCode::NONE) {
            return fail(reply.error_code,
                        fmt::format("group '{}': a member's heartbeat is refused: {}", spec_.id,
                                    error_name(reply.error_code)));
        }
        if (asked_to_leave_) {
            outside_ = true;
            leaving_ = asked_to_leave_ = tells_owned_ = false;
            return {};
        }
        epoch_ = reply.member_epoch;
        if (reply.assignment.has_value()) {
            partitions_.clear();
            for (const auto& topic : reply.assignment->topic_partitions) {
                for (const auto partition : topic.partitions) partitions_.push_back(partition);
            }
            // Taken and given up at once; the coordinator hears of it at once, too.
            tells_owned_ = true;
        }
        return {};
    }

    const GroupSpec& spec_;
    const ApiVersion version_;
    const std::string member_id_;
    std::int32_t epoch_ = kJoining;
    std::vector<PartitionIndex> partitions_;
    bool tells_owned_ = false;
    bool leaving_ = false;
    bool asked_to_leave_ = false;
    bool outside_ = true;
};

}  // namespace

Result<std::unique_ptr<GroupMember>> make_member(client::GroupProtocol protocol,
                                                 const GroupSpec& spec, std::int32_t number,
                                                 const client::Connection& connection) {
    if (protocol == client::GroupProtocol::classic) return make_classic_member(spec, connection);
    MILENA_ASSIGN(const auto version,
                  connection.version_of(ApiKey::ConsumerGroupHeartbeat, Request::kMaxVersion));
    return std::make_unique<ConsumerMember>(spec, number, version);
}

}  // namespace milena::bench
