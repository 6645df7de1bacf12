// A member of the consumer protocol (KIP-848): one request, ConsumerGroupHeartbeat. The broker
// hands out partitions; what is taken away is given up, and said so with the next heartbeat.
#pragma once

#include "tools/client/membership.h"

#include <map>
#include <string>
#include <vector>

namespace milena::client {

class ConsumerMember final : public Membership {
  public:
    ConsumerMember(Cluster& cluster, MemberSettings settings, Random& random);

    void subscribe(std::span<const TopicInfo> topics) override;
    Status attend() override;
    MonoTime due() const override { return must_report_ ? cluster_.clock().now() : next_beat_; }
    Status leave() override;
    MemberClaim claim() const override { return {member_id_, settings_.instance_id, epoch_}; }

  private:
    using Request = msg::ConsumerGroupHeartbeatRequest;
    Status take_failure(const Error& error);
    Status take_error(ErrorCode code, std::string_view message);
    void take_assignment(const msg::ConsumerGroupHeartbeatResponse::Assignment& assignment);

    const std::string member_id_;  // for as long as it lives (KIP-1082)
    std::vector<std::string> topics_;
    std::map<std::string, TopicId> ids_;
    std::map<TopicId, std::string> names_;
    std::int32_t epoch_ = 0;
    bool must_report_ = true;  // something has changed that the coordinator waits for
    MonoTime next_beat_{};
};

}  // namespace milena::client
