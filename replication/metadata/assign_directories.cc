// AssignReplicasToDirs: a broker tells where its replicas are (KIP-858; facts: metadata/.../
// ReplicationControlManager.java). A replica in a directory that the registration does not name is
// in one that failed: it leaves the ISR.
#include "replication/metadata/broker_lists.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_versions.h"
#include "replication/metadata/topic_rules.h"

namespace milena::metadata {
namespace {

// The partition as it is after the entries of this request before.
using Changed = std::map<std::pair<TopicId, PartitionIndex>, PartitionImage>;

ErrorCode assign(const BrokerImage& broker, DirectoryId directory, const TopicImage* topic,
                 PartitionIndex index, Changed& changed) {
    if (!topic) return ErrorCode::UNKNOWN_TOPIC_ID;
    const PartitionImage* partition = index.value() < 0 ? nullptr : topic->partition(index);
    if (!partition) return ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    const auto at = std::find(partition->replicas.begin(), partition->replicas.end(), broker.id);
    if (at == partition->replicas.end()) return ErrorCode::NOT_LEADER_OR_FOLLOWER;

    PartitionImage& wanted = changed.try_emplace({topic->id, index}, *partition).first->second;
    wanted.directories.resize(wanted.replicas.size());
    wanted.directories[static_cast<std::size_t>(at - partition->replicas.begin())] = directory;
    const bool is_online = std::find(broker.log_dirs.begin(), broker.log_dirs.end(), directory) !=
                           broker.log_dirs.end();
    wanted.isr = is_online ? partition->isr : without(partition->isr, broker.id);
    return ErrorCode::NONE;
}

void add_changes(RecordList& records, const DecideContext& context, const BrokerImage& broker,
                 const Changed& changed) {
    for (const auto& [key, wanted] : changed) {
        const TopicImage& topic = *context.image.topic(key.first);
        const PartitionImage& before = *topic.partition(key.second);
        PartitionRules rules = rules_of(context, topic);
        const bool leaves = wanted.isr != before.isr;
        rules.may_lead = [&](BrokerId id) {
            return (!leaves || id != broker.id) && may_lead(context.image, wanted, id);
        };
        const auto election = leaves && allows_unclean_election(context, topic.name)
                                  ? ElectionKind::unclean
                                  : ElectionKind::online;
        if (const auto after = settle(before, {wanted, election}, rules)) {
            add_partition_change(records, rules.metadata_version, topic.id, key.second, before,
                                 *after);
        }
    }
}

}  // namespace

Decision decide(const AssignReplicasToDirs& request, const DecideContext& context) {
    AssignReplicasToDirs::Reply reply;
    reply.error = success();
    if (context.image.feature_level(kMetadataVersionFeature) < kMetadataVersion37Iv2) {
        reply.error = {ErrorCode::UNSUPPORTED_VERSION,
                       "the metadata.version of this cluster knows no directories of replicas"};
        return {{}, std::move(reply)};
    }
    if (Status known = check_broker_epoch(context.image, request.broker, request.broker_epoch);
        !known) {
        reply.error = std::move(known).error();
        return {{}, std::move(reply)};
    }
    const BrokerImage& broker = *context.image.broker(request.broker);
    Changed changed;
    for (const auto& directory : request.directories) {
        auto& topics = reply.partitions.emplace_back();
        for (const auto& asked : directory.topics) {
            const TopicImage* topic = context.image.topic(asked.id);
            auto& errors = topics.emplace_back();
            for (const auto index : asked.partitions) {
                errors.push_back(assign(broker, directory.id, topic, index, changed));
            }
        }
    }
    RecordList records;
    add_changes(records, context, broker, changed);
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
