// AlterPartitionReassignments: moves replicas to other brokers (KIP-455, 860; facts: metadata/.../
// ReplicationControlManager.java, PartitionReassignmentReplicas.java, PartitionReassignmentRevert
// .java).
//
// A partition that is being moved has the replicas that it shall have, followed by those that shall
// go (removing_replicas); those of the former that are new are adding_replicas. When all that shall
// stay are in sync, those that shall go are dropped: that happens where any change of the partition
// is settled (partition_change.h), normally when its leader proposes the ISR that is complete.
#include "replication/metadata/broker_lists.h"
#include "replication/metadata/directories.h"
#include "replication/metadata/features.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/topic_rules.h"

#include <set>

namespace milena::metadata {
namespace {

using Asked = AlterPartitionReassignments::Partition;

bool is_moving(const PartitionImage& partition) {
    return !partition.adding_replicas.empty() || !partition.removing_replicas.empty();
}

std::vector<BrokerId> sorted(std::vector<BrokerId> ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
}

void set_replicas(PartitionImage& wanted, const Image& image, const PartitionImage& before,
                  std::vector<BrokerId> replicas) {
    wanted.directories = directories_of(image, before, replicas);
    wanted.replicas = std::move(replicas);
}

// What there was before the move, wherever it has got to. Unclean when nobody of those is in sync.
struct Reverted {
    PartitionTarget target;
    bool is_unclean = false;
};

Reverted reverted(const Image& image, const PartitionImage& before) {
    Reverted reverted;
    PartitionImage& wanted = reverted.target.wanted;
    wanted = before;
    set_replicas(wanted, image, before, without(before.replicas, before.adding_replicas));
    wanted.isr = without(before.isr, before.adding_replicas);
    wanted.adding_replicas.clear();
    wanted.removing_replicas.clear();
    if (wanted.isr.empty() && !before.isr.empty() && !wanted.replicas.empty()) {
        wanted.isr = {wanted.replicas.front()};
        reverted.is_unclean = true;
    }
    return reverted;
}

Result<PartitionTarget> plan_cancel(const DecideContext& context, const TopicImage& topic,
                                    const PartitionImage& before) {
    if (!is_moving(before)) {
        return fail(ErrorCode::NO_REASSIGNMENT_IN_PROGRESS,
                    "the replicas of this partition are not being moved");
    }
    Reverted revert = reverted(context.image, before);
    const bool allows_unclean = allows_unclean_election(context, topic.name);
    if (revert.target.wanted.replicas.empty() || (revert.is_unclean && !allows_unclean)) {
        return fail(ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                    "none of the replicas that there were before is in sync, so that records would "
                    "be lost; wait, or allow unclean elections for the topic");
    }
    if (allows_unclean) revert.target.election = ElectionKind::unclean;
    return std::move(revert.target);
}

Result<PartitionTarget> plan_move(const DecideContext& context, const Asked& asked,
                                  const PartitionImage& before, bool allow_factor_change) {
    MILENA_TRY(check_replicas(context.image, *asked.replicas, asked.index));
    const std::size_t factor = without(before.replicas, before.removing_replicas).size();
    if (!allow_factor_change && asked.replicas->size() != factor) {
        return fail(ErrorCode::INVALID_REPLICATION_FACTOR,
                    "the partition has " + std::to_string(factor) + " replicas and would get " +
                        std::to_string(asked.replicas->size()) +
                        ", but the request forbids to change that");
    }
    PartitionTarget target{before};
    PartitionImage& wanted = target.wanted;
    wanted.removing_replicas = sorted(without(before.replicas, *asked.replicas));
    wanted.adding_replicas = sorted(without(*asked.replicas, before.replicas));
    auto replicas = *asked.replicas;
    replicas.insert(replicas.end(), wanted.removing_replicas.begin(),
                    wanted.removing_replicas.end());
    set_replicas(wanted, context.image, before, std::move(replicas));
    return target;
}

Status reassign(const DecideContext& context, const TopicImage* topic, const Asked& asked,
                bool allow_factor_change, RecordList& records) {
    const PartitionImage* before =
        topic && asked.index.value() >= 0 ? topic->partition(asked.index) : nullptr;
    if (!before) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    topic ? "topic '" + topic->name + "' has no partition " +
                                std::to_string(asked.index.value())
                          : std::string("there is no such topic"));
    }
    MILENA_ASSIGN(PartitionTarget target,
                  asked.replicas ? plan_move(context, asked, *before, allow_factor_change)
                                 : plan_cancel(context, *topic, *before));
    const auto rules = rules_of(context, *topic, *before);
    if (const auto after = settle(*before, std::move(target), rules)) {
        add_partition_change(records, rules.metadata_version, topic->id, asked.index, *before,
                             *after);
    }
    return {};
}

}  // namespace

Decision decide(const AlterPartitionReassignments& request, const DecideContext& context) {
    AlterPartitionReassignments::Reply reply;
    RecordList records;
    std::set<std::pair<std::string_view, PartitionIndex>> seen;
    for (const auto& asked : request.topics) {
        const TopicImage* topic = context.image.topic(asked.name);
        auto& answer = reply.topics.emplace_back();
        answer.name = asked.name;
        for (const auto& partition : asked.partitions) {
            Status status;
            if (!seen.insert({asked.name, partition.index}).second) {
                status =
                    fail(ErrorCode::INVALID_REQUEST, "this partition stands twice in the request");
            } else {
                status = reassign(context, topic, partition,
                                  request.allow_replication_factor_change, records);
            }
            answer.partitions.push_back(
                {partition.index, status ? success() : std::move(status).error()});
        }
    }
    if (Status size = check_size(records); !size) {
        records = {};
        for (auto& topic : reply.topics) {
            for (auto& partition : topic.partitions) partition.error = size.error();
        }
    }
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
