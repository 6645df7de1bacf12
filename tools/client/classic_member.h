// A member of the classic protocol: JoinGroup, SyncGroup, Heartbeat. Eager: gives up everything
// before it joins again. As the group's leader it hands out ranges.
#pragma once

#include "tools/client/membership.h"
#include "tools/client/range_assignment.h"

#include <string>
#include <vector>

namespace milena::client {

class ClassicMember final : public Membership {
  public:
    ClassicMember(Cluster& cluster, MemberSettings settings)
        : Membership(cluster, std::move(settings)) {}

    void subscribe(std::span<const TopicInfo> topics) override;
    Status attend() override;
    MonoTime due() const override;
    Status leave() override;
    MemberClaim claim() const override;

  private:
    Status join();
    Status sync(const msg::JoinGroupResponse& joined);
    Status beat();
    // Joins again at the next call of attend().
    void give_up() {
        owned_.clear();
        must_join_ = true;
    }
    // What an error of the coordinator means for the membership; the error when it is final.
    Status take_error(std::string_view what, ErrorCode code);
    Status take_failure(const Error& error);

    std::vector<std::string> topics_;
    PartitionCounts counts_;
    std::string member_id_;
    std::int32_t generation_ = -1;
    bool leads_ = false;
    bool must_join_ = true;
    MonoTime next_beat_{};
};

}  // namespace milena::client
