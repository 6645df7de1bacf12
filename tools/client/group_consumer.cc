#include "tools/client/group_consumer.h"

#include "tools/client/interrupt.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::client {
namespace {

// A subscription whose topics do not exist yet is looked at again this often.
constexpr Millis kMissingTopicPause{1'000};

}  // namespace

GroupConsumer::GroupConsumer(Cluster& cluster, GroupConsumerSettings settings,
                             FindTopics find_topics, Random& random)
    : cluster_(cluster),
      settings_(std::move(settings)),
      find_topics_(std::move(find_topics)),
      consumer_(cluster, settings_.consumer),
      member_(Membership::make(cluster, settings_.member, random)) {
    refresh_at_ = cluster_.clock().now();
    commit_at_ = refresh_at_ + settings_.auto_commit.value_or(Millis(0));
}

Status GroupConsumer::refresh_topics() {
    MILENA_ASSIGN(auto topics, find_topics_());
    bool complete = !topics.empty();
    for (const auto& topic : topics) {
        if (topic.error == ErrorCode::NONE) continue;
        complete = false;
        if (is_retriable(topic.error)) continue;
        return fail(topic.error,
                    fmt::format("topic '{}': {}", topic.name, error_name(topic.error)));
    }
    std::erase_if(topics, [](const auto& topic) { return topic.error != ErrorCode::NONE; });
    member_->subscribe(topics);
    refresh_at_ = cluster_.clock().now() + (complete ? settings_.metadata_age : kMissingTopicPause);
    return {};
}

Status GroupConsumer::commit(const std::set<TopicPartition>& of) {
    if (!settings_.auto_commit) return {};
    CommittedOffsets moved;
    for (const auto& [partition, offset] : consumer_.positions()) {
        const auto before = committed_.find(partition);
        const bool is_new = before == committed_.end() || before->second != offset;
        if (!is_new || !of.contains(partition)) continue;
        moved[partition] = {offset, consumer_.last_epoch(partition), {}};
    }
    if (moved.empty()) return {};
    MILENA_ASSIGN(const auto errors,
                  commit_offsets(cluster_, member_->group(), moved, member_->claim()));
    for (const auto& [partition, code] : errors) {
        if (code == ErrorCode::NONE) {
            committed_[partition] = moved[partition].offset;
            continue;
        }
        // Others will read again from the position before. While the group rebalances, or has gone
        // on without this member, that is how it must be.
        if (cluster_.settings().warn) {
            cluster_.settings().warn(fmt::format("the position of {}-{} is not committed: {}",
                                                 partition.first, partition.second.value(),
                                                 error_name(code)));
        }
    }
    return {};
}

Status GroupConsumer::begin_reading(const std::vector<TopicPartition>& added) {
    MILENA_ASSIGN(const auto known,
                  committed_offsets(cluster_, member_->group(), Stability::stable));
    std::map<std::string, std::map<PartitionIndex, TimestampMs>> unknown;
    for (const auto& partition : added) {
        if (const auto at = known.find(partition); at != known.end()) {
            consumer_.assign(partition, at->second.offset);
            committed_[partition] = at->second.offset;
        } else if (settings_.consumer.reset) {
            unknown[partition.first].emplace(partition.second, *settings_.consumer.reset);
        } else {
            return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                        fmt::format("Undefined offset with no reset policy for partitions: [{}-{}]",
                                    partition.first, partition.second.value()));
        }
    }
    for (auto& [topic, wanted] : unknown) {
        MILENA_ASSIGN(const auto offsets,
                      list_offsets(cluster_, topic, std::move(wanted), settings_.consumer.isolation,
                                   cluster_.operation_deadline()));
        for (const auto& [index, offset] : offsets) consumer_.assign({topic, index}, offset);
    }
    return {};
}

Status GroupConsumer::follow() {
    const auto& owned = member_->owned();
    std::set<TopicPartition> lost;
    for (const auto& [partition, offset] : consumer_.positions()) {
        if (!owned.contains(partition)) lost.insert(partition);
    }
    if (!lost.empty()) {
        MILENA_TRY(commit(lost));
        for (const auto& partition : lost) {
            consumer_.unassign(partition);
            committed_.erase(partition);
        }
    }
    std::vector<TopicPartition> added;
    for (const auto& partition : owned) {
        if (!consumer_.is_assigned(partition)) added.push_back(partition);
    }
    return added.empty() ? Status{} : begin_reading(added);
}

Result<std::size_t> GroupConsumer::poll(MonoTime deadline, const Consumer::OnRecord& on_record) {
    while (interrupted_by() == 0) {
        auto now = cluster_.clock().now();
        if (now >= refresh_at_) {
            MILENA_TRY(refresh_topics());
            MILENA_TRY(follow());
        }
        if (cluster_.clock().now() >= member_->due()) {
            MILENA_TRY(member_->attend());
            has_joined_ = has_joined_ || member_->claim().generation > 0;
            MILENA_TRY(follow());
            if (cluster_.clock().now() >= deadline) return 0;
            continue;
        }
        if (settings_.auto_commit && now >= commit_at_) {
            MILENA_TRY(commit(member_->owned()));
            commit_at_ = now + *settings_.auto_commit;
        }
        auto until = std::min({deadline, member_->due(), refresh_at_});
        if (settings_.auto_commit) until = std::min(until, commit_at_);
        if (consumer_.positions().empty()) {
            wait_readable({}, until, cluster_.clock());
        } else {
            MILENA_ASSIGN(const auto taken, consumer_.poll(until, on_record));
            if (taken > 0) return taken;
        }
        now = cluster_.clock().now();
        if (now >= deadline) return 0;
    }
    return 0;
}

Status GroupConsumer::close() {
    const auto status = commit(member_->owned());
    MILENA_TRY(member_->leave());
    return status;
}

}  // namespace milena::client
