#include "replication/metadata/leadership.h"

#include "replication/metadata/broker_lists.h"
#include "replication/metadata/features.h"
#include "replication/metadata/topic_rules.h"

namespace milena::metadata {
namespace {

// Who changed; kNoBroker: nobody.
struct Movement {
    BrokerId leaves = kNoBroker;
    BrokerId arrives = kNoBroker;
    BrokerId loses = kNoBroker;  // leaves, and what it stored may be lost
};

void add_movement(RecordList& records, const DecideContext& context, const Movement& movement,
                  const Concerns& concerns) {
    context.image.topics_by_id.for_each([&](const auto& topic) {
        if (topic->partitions.empty()) return;
        PartitionRules rules = rules_of(context, *topic);
        const auto election = allows_unclean_election(context, topic->name) ? ElectionKind::unclean
                                                                            : ElectionKind::online;
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionImage& before = *topic->partitions[i];
            if (!concerns(before)) continue;
            rules.may_lead = [&](BrokerId id) {
                return id != movement.leaves && id != movement.loses &&
                       (id == movement.arrives || may_lead(context.image, before, id));
            };
            PartitionTarget target{before, election, movement.loses};
            target.wanted.isr = without(before.isr, {movement.leaves, movement.loses});
            const auto after = settle(before, std::move(target), rules);
            if (!after) continue;
            add_partition_change(records, rules.metadata_version, topic->id,
                                 PartitionIndex(static_cast<std::int32_t>(i)), before, *after);
        }
    });
}

bool is_only_replica(const PartitionImage& partition, BrokerId broker) {
    return partition.replicas.size() == 1 && partition.replicas.front() == broker;
}

// It leads what it led before it was fenced, because only it could: in a new leader epoch.
void add_takeovers(RecordList& records, const Image& image, BrokerId broker) {
    const auto metadata_version = image.feature_level(kMetadataVersionFeature);
    image.topics_by_id.for_each([&](const auto& topic) {
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionImage& before = *topic->partitions[i];
            if (before.leader != broker) continue;
            PartitionImage after = before;
            ++after.leader_epoch;
            ++after.partition_epoch;
            add_partition_change(records, metadata_version, topic->id,
                                 PartitionIndex(static_cast<std::int32_t>(i)), before, after);
        }
    });
}

}  // namespace

void add_departure(RecordList& records, const DecideContext& context, BrokerId broker) {
    add_departure(records, context, broker, [](const PartitionImage&) { return true; });
}

void add_departure(RecordList& records, const DecideContext& context, BrokerId broker,
                   const Concerns& concerns) {
    add_movement(records, context, {.leaves = broker}, [&](const PartitionImage& partition) {
        return contains(partition.isr, broker) && concerns(partition);
    });
}

void add_unclean_departure(RecordList& records, const DecideContext& context, BrokerId broker) {
    add_movement(records, context, {.loses = broker}, [&](const PartitionImage& partition) {
        return contains(partition.isr, broker) || contains(partition.elr, broker);
    });
}

void add_restart(RecordList& records, const DecideContext& context, BrokerId broker,
                 bool is_clean) {
    const auto is_shared = [&](const PartitionImage& partition) {
        return !is_only_replica(partition, broker);
    };
    if (is_clean || !has_elr(context.image)) {
        return add_departure(records, context, broker, is_shared);
    }
    add_movement(records, context, {.loses = broker}, [&](const PartitionImage& partition) {
        return is_shared(partition) &&
               (contains(partition.isr, broker) || contains(partition.elr, broker));
    });
}

void add_arrival(RecordList& records, const DecideContext& context, BrokerId broker) {
    add_takeovers(records, context.image, broker);
    add_movement(records, context, {.arrives = broker},
                 [](const PartitionImage& partition) { return partition.leader == kNoBroker; });
}

bool has_leaderships(const Image& image, BrokerId broker) {
    bool found = false;
    image.topics_by_id.for_each([&](const auto& topic) {
        found = found || std::any_of(topic->partitions.begin(), topic->partitions.end(),
                                     [&](const auto& p) { return p->leader == broker; });
    });
    return found;
}

}  // namespace milena::metadata
