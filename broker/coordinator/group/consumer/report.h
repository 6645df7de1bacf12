// One report of a member that is in the group, or joins it: a heartbeat, or the JoinGroup of a
// member that speaks the classic protocol. Everything that follows for the group happens at once:
// its subscription, a new epoch, a new target, and the member's own step towards it.
#pragma once

#include "broker/coordinator/group/consumer/draft.h"
#include "broker/coordinator/group/consumer/reconcile.h"
#include "broker/coordinator/group/consumer/verbs.h"

#include <string>
#include <vector>

namespace milena::coordinator::group::consumer {

PartitionSet as_set(const std::vector<TopicPartitions>& topics);
std::vector<TopicPartitions> as_topics(const PartitionSet& set);

// One heartbeat of a member that is in the group, or joins it.
class Report {
  public:
    // `classic`: how it speaks the classic protocol. Then request.member_epoch is 0, and the
    // partitions that it says it owns need not be none.
    Report(Deciding& deciding, const ConsumerGroupHeartbeat& request, const Group& group,
           const ClassicSide* classic = nullptr)
        : deciding_(deciding),
          records_(deciding.out.records),
          image_(deciding.context.image),
          request_(request),
          group_(group),
          classic_(classic),
          draft_(group),
          checked_(group.checked) {
        if (request.owned) owned_ = as_set(*request.owned);
    }

    Result<ConsumerGroupHeartbeat::Reply> answer(const std::string& member_id);

  private:
    Status enter(const std::string& member_id);
    Status enter_static(const std::string& member_id);
    void replace(const Member& known, const std::string& member_id);
    void update_subscription();
    void update_regexes();
    void update_epoch();
    PartitionSet target();
    void set_timers(const Member& member);

    bool joins() const { return GroupEpoch(request_.member_epoch) == kJoinEpoch; }
    bool is_full_request() const {
        return request_.rebalance_timeout &&
               (request_.subscribed_topics || request_.subscribed_regex) && request_.owned;
    }

    Deciding& deciding_;
    KeyedRecords& records_;
    const metadata::Image& image_;
    const ConsumerGroupHeartbeat& request_;
    const Group& group_;
    const ClassicSide* classic_;
    Draft draft_;
    OwnedPartitions owned_;

    Member before_;  // as it entered
    Member member_;  // as it will be
    bool is_new_ = false;
    std::string replaced_;  // the id that a static member had before
    bool bumps_ = false;    // the group gets a new epoch
    GroupEpoch epoch_;
    Checked checked_;
};

}  // namespace milena::coordinator::group::consumer
