// Reads topics as a member of a group: what it owns, from where the group stands, and keeps the
// positions. A record counts as read when it was handed out.
//
// Who loses a partition has committed how far it has come before the coordinator hears of it.
#pragma once

#include "tools/client/consumer.h"
#include "tools/client/membership.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace milena::client {

struct GroupConsumerSettings {
    MemberSettings member;
    ConsumerSettings consumer;  // reset: also where to begin without a position of the group
    std::optional<Millis> auto_commit = Millis(5'000);  // nothing: positions are not kept
    Millis metadata_age{300'000};
};

class GroupConsumer {
  public:
    // The topics that are to be read now.
    using FindTopics = std::function<Result<std::vector<TopicInfo>>()>;

    GroupConsumer(Cluster& cluster, GroupConsumerSettings settings, FindTopics find_topics,
                  Random& random);

    // As Consumer::poll; joins the group first, and keeps the membership up. Call it again soon.
    Result<std::size_t> poll(MonoTime deadline, const Consumer::OnRecord& on_record);

    const std::map<TopicPartition, Offset>& positions() const { return consumer_.positions(); }
    // Has the group given it something, or nothing, to read?
    bool has_joined() const { return has_joined_; }

    // Commits and leaves.
    Status close();

  private:
    Status refresh_topics();
    // Follows what the member owns now.
    Status follow();
    Status begin_reading(const std::vector<TopicPartition>& added);
    // Positions that moved since they were committed last, of these partitions.
    Status commit(const std::set<TopicPartition>& of);

    Cluster& cluster_;
    const GroupConsumerSettings settings_;
    FindTopics find_topics_;
    Consumer consumer_;
    std::unique_ptr<Membership> member_;
    std::map<TopicPartition, Offset> committed_;
    MonoTime refresh_at_{};
    MonoTime commit_at_{};
    bool has_joined_ = false;
};

}  // namespace milena::client
