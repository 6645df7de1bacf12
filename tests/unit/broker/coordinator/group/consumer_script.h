// The commands of scripts that are about consumer groups (see script_runner.h):
//
//   > topics t=4 u=2                         what there is, in how many partitions; 0: gone
//   > consume NAME topics=t,u [regex=..] [instance=i] [assignor=range] [rebalance=ms] [group=g]
//                                            joins, as a member of the consumer protocol
//   > report NAME [silent] [epoch=n] [topics=t,u]
//                                            a heartbeat with what it owns; silent: without
//   > quit NAME [for-now]
#pragma once

#include "tests/unit/broker/coordinator/group/consumer_members.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace milena::coordinator::group {

class ConsumerScript {
  public:
    explicit ConsumerScript(TestShard& shard) : shard_(shard) {}

    // Nothing when it is no command of these; else what the client was told.
    std::optional<std::string> perform(const std::vector<std::string>& plain,
                                       const std::map<std::string, std::string>& named);
    // Nothing when it is no record of a consumer group.
    std::optional<std::string> record_text(const TestShard::Entry& entry) const;

  private:
    struct Client {
        ConsumerGroupHeartbeat join;
        std::int32_t epoch = 0;
        PartitionSet owned;
    };

    std::string tell(const std::string& name, const ConsumerGroupHeartbeat& request);
    std::string text_of(const PartitionSet& set) const;

    TestShard& shard_;
    std::map<std::string, Client> clients_;
    std::map<TopicId, std::string> topics_;
};

}  // namespace milena::coordinator::group
