// AlterPartition: the leader of partitions proposes their in-sync replicas (KIP-497, 841, 903;
// facts: metadata/.../ReplicationControlManager.java). Order of checks as Kafka's.
#include "replication/metadata/broker_lists.h"
#include "replication/metadata/features.h"
#include "replication/metadata/topic_rules.h"

#include <set>

namespace milena::metadata {
namespace {

using Wanted = AlterPartition::Partition;
using PartitionReply = AlterPartition::Reply::Partition;

std::vector<BrokerId> ids_of(const std::vector<AlterPartition::Member>& members) {
    std::vector<BrokerId> ids;
    for (const auto& member : members) ids.push_back(member.id);
    return ids;
}

// A leader that knows more than this node speaks to a controller that is no longer active.
Status check_epochs(const AlterPartition& request, const Wanted& wanted,
                    const PartitionImage& partition) {
    if (wanted.leader_epoch > partition.leader_epoch ||
        wanted.partition_epoch > partition.partition_epoch) {
        return fail(ErrorCode::NOT_CONTROLLER,
                    "the leader knows later epochs than this controller; ask the active one");
    }
    if (wanted.leader_epoch < partition.leader_epoch) {
        return fail(ErrorCode::FENCED_LEADER_EPOCH,
                    "leader epoch " + std::to_string(wanted.leader_epoch.value()) +
                        " is over, it is " + std::to_string(partition.leader_epoch.value()) +
                        " now");
    }
    if (request.broker != partition.leader) {
        return fail(ErrorCode::INVALID_REQUEST, "broker " + std::to_string(request.broker.value()) +
                                                    " proposes an ISR, but broker " +
                                                    std::to_string(partition.leader.value()) +
                                                    " leads");
    }
    if (wanted.partition_epoch < partition.partition_epoch) {
        return fail(ErrorCode::INVALID_UPDATE_VERSION,
                    "the partition has changed since epoch " +
                        std::to_string(wanted.partition_epoch.value()) + ", it is " +
                        std::to_string(partition.partition_epoch.value()) + " now");
    }
    return {};
}

Status check_isr(const Wanted& wanted, const PartitionImage& partition) {
    const auto isr = ids_of(wanted.isr);
    const auto invalid = [](std::string why) {
        return fail(ErrorCode::INVALID_REQUEST, "the proposed ISR " + std::move(why));
    };
    const std::set<BrokerId> different(isr.begin(), isr.end());
    if (isr.empty() || different.size() != isr.size() || !contains_all(partition.replicas, isr)) {
        return invalid("is not made of replicas of the partition, each once");
    }
    if (!contains(isr, partition.leader)) return invalid("does not hold the leader itself");
    if (wanted.recovery == LeaderRecoveryState::recovering) {
        if (isr.size() > 1) {
            return invalid(
                "has more members than the leader, which still recovers from an "
                "unclean election");
        }
        if (partition.leader_recovery_state == LeaderRecoveryState::recovered) {
            return invalid("comes with a leader that recovers, but it had recovered");
        }
    }
    return {};
}

Status check_members(const Image& image, const Wanted& wanted) {
    for (const auto& member : wanted.isr) {
        const BrokerImage* broker = image.broker(member.id);
        const char* why = nullptr;
        if (!broker) {
            why = "is not registered";
        } else if (broker->in_controlled_shutdown) {
            why = "is shutting down";
        } else if (broker->is_fenced) {
            why = "is fenced";
        } else if (member.epoch.value() != -1 && member.epoch != broker->epoch) {
            why = "has registered again meanwhile";
        }
        if (why) {
            return fail(
                ErrorCode::INELIGIBLE_REPLICA,
                "replica " + std::to_string(member.id.value()) + " cannot be in sync: it " + why);
        }
    }
    return {};
}

PartitionReply refused(PartitionIndex index, Error error) {
    return {.index = index, .error = std::move(error)};
}

PartitionReply accepted(PartitionIndex index, const PartitionImage& partition) {
    return {index,
            success(),
            partition.leader,
            partition.leader_epoch,
            partition.isr,
            partition.leader_recovery_state,
            partition.partition_epoch};
}

PartitionReply alter(const DecideContext& context, const AlterPartition& request,
                     const TopicImage& topic, const Wanted& wanted, RecordList& records) {
    const PartitionImage* before =
        wanted.index.value() < 0 ? nullptr : topic.partition(wanted.index);
    if (!before) {
        return refused(wanted.index, {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                                      "topic '" + topic.name + "' has no such partition"});
    }
    Status status = check_epochs(request, wanted, *before);
    if (status) status = check_isr(wanted, *before);
    if (status) status = check_members(context.image, wanted);
    if (!status) return refused(wanted.index, std::move(status).error());

    const auto rules = rules_of(context, topic, *before);
    PartitionTarget target{*before};
    target.wanted.isr = ids_of(wanted.isr);
    target.wanted.leader_recovery_state = wanted.recovery;
    if (allows_unclean_election(context, topic.name)) target.election = ElectionKind::unclean;
    const auto after = settle(*before, std::move(target), rules);
    if (!after) return accepted(wanted.index, *before);
    add_partition_change(records, rules.metadata_version, topic.id, wanted.index, *before, *after);
    // It completed a reassignment that takes the leader away.
    if (after->leader != request.broker) {
        return refused(wanted.index,
                       {ErrorCode::NEW_LEADER_ELECTED,
                        "broker " + std::to_string(after->leader.value()) + " leads from now on"});
    }
    return accepted(wanted.index, *after);
}

}  // namespace

Decision decide(const AlterPartition& request, const DecideContext& context) {
    AlterPartition::Reply reply;
    reply.error = success();
    if (Status known = check_broker_epoch(context.image, request.broker, request.broker_epoch);
        !known) {
        reply.error = std::move(known).error();
        return {{}, std::move(reply)};
    }
    RecordList records;
    std::set<std::pair<TopicId, PartitionIndex>> seen;
    for (const auto& wanted : request.topics) {
        const TopicImage* topic = context.image.topic(wanted.id);
        auto& answers = reply.topics.emplace_back(AlterPartition::Reply::Topic{wanted.id, {}});
        for (const auto& partition : wanted.partitions) {
            if (!topic) {
                answers.partitions.push_back(
                    refused(partition.index,
                            {ErrorCode::UNKNOWN_TOPIC_ID,
                             "there is no topic with id " + wanted.id.value().to_string()}));
            } else if (!seen.insert({wanted.id, partition.index}).second) {
                answers.partitions.push_back(refused(
                    partition.index,
                    {ErrorCode::INVALID_REQUEST, "this partition stands twice in the request"}));
            } else {
                answers.partitions.push_back(alter(context, request, *topic, partition, records));
            }
        }
    }
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
