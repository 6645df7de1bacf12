#include "replication/metadata/partition_change.h"

#include "protocol/msg/records/partition_change_record.h"
#include "replication/metadata/broker_lists.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

namespace milena::metadata {
namespace {

struct Elected {
    BrokerId leader = kNoBroker;
    bool is_unclean = false;
};

// Takes the replicas that were to go away, once all that shall stay are in sync.
void complete_reassignment(PartitionImage& partition) {
    if (partition.adding_replicas.empty() && partition.removing_replicas.empty()) return;
    const auto& going = partition.removing_replicas;
    const auto isr = without(partition.isr, going);
    const auto replicas = without(partition.replicas, going);
    if (isr.empty() || replicas.empty() || !contains_all(isr, replicas)) return;
    std::vector<DirectoryId> directories;
    for (std::size_t i = 0; i < partition.directories.size(); ++i) {
        if (!contains(going, partition.replicas[i])) {
            directories.push_back(partition.directories[i]);
        }
    }
    partition.isr = isr;
    partition.replicas = replicas;
    partition.directories = std::move(directories);
    partition.adding_replicas.clear();
    partition.removing_replicas.clear();
}

// Whoever leaves an ISR below its minimum stays eligible. Differs from Kafka's in one point: who is
// no replica any more is not.
void settle_elr(PartitionImage& after, const PartitionImage& before, const PartitionTarget& target,
                const PartitionRules& rules) {
    if (!rules.has_elr || after.isr.size() >= rules.min_isr) {
        after.elr.clear();
        return;
    }
    auto eligible = before.elr;
    for (const BrokerId id : before.isr) {
        if (!contains(eligible, id)) eligible.push_back(id);
    }
    std::erase_if(eligible, [&](BrokerId id) {
        return contains(after.isr, id) || id == target.unclean_shutdown ||
               !contains(after.replicas, id);
    });
    std::sort(eligible.begin(), eligible.end());
    after.elr = std::move(eligible);
}

Elected elect(const PartitionImage& after, const PartitionImage& before, ElectionKind kind,
              const PartitionRules& rules) {
    const auto is_valid = [&](BrokerId id) {
        return (contains(after.isr, id) || (after.isr.empty() && contains(after.elr, id))) &&
               rules.may_lead(id);
    };
    if (kind == ElectionKind::preferred && is_valid(after.replicas.front())) {
        return {after.replicas.front()};
    }
    if (is_valid(before.leader)) return {before.leader};
    for (const BrokerId id : after.replicas) {
        if (is_valid(id)) return {id};
    }
    if (rules.has_elr && after.isr.empty() && after.elr.empty() &&
        before.last_known_elr.size() == 1 && contains(after.replicas, before.last_known_elr[0]) &&
        rules.may_lead(before.last_known_elr[0])) {
        return {before.last_known_elr[0], true};
    }
    if (kind == ElectionKind::unclean) {
        for (const BrokerId id : after.replicas) {
            if (rules.may_lead(id)) return {id, true};
        }
    }
    return {};
}

void settle_leader(PartitionImage& after, const PartitionImage& before, ElectionKind kind,
                   const PartitionRules& rules) {
    const Elected elected = elect(after, before, kind, rules);
    if (elected.is_unclean) {
        after.isr = {elected.leader};
        after.elr.clear();
        after.leader_recovery_state = LeaderRecoveryState::recovering;
    } else if (contains(after.elr, elected.leader)) {
        after.isr = {elected.leader};
        after.elr = without(after.elr, elected.leader);
    }
    if (elected.leader != before.leader) {
        after.leader = elected.leader;
        ++after.leader_epoch;
        return;
    }
    const bool is_shrink = !contains_all(after.isr, before.isr);
    if (!contains_all(after.replicas, before.replicas) ||
        (is_shrink && rules.metadata_version < kMetadataVersion36Iv0)) {
        ++after.leader_epoch;
    }
}

// Remembers who led when nobody can follow, forgets it when there is a leader.
void settle_last_known_leader(PartitionImage& after, const PartitionImage& before) {
    if (after.leader == kNoBroker && before.leader != kNoBroker) {
        after.last_known_elr = {before.leader};
    } else if (after.leader != kNoBroker) {
        after.last_known_elr.clear();
    }
}

}  // namespace

std::optional<PartitionImage> settle(const PartitionImage& before, PartitionTarget target,
                                     const PartitionRules& rules) {
    PartitionImage after = std::move(target.wanted);
    complete_reassignment(after);
    settle_elr(after, before, target, rules);
    settle_leader(after, before, target.election, rules);
    if (after.isr.empty() && !rules.has_elr) after.isr = before.isr;
    if (rules.has_elr) settle_last_known_leader(after, before);
    if (after == before) return std::nullopt;
    ++after.partition_epoch;
    return after;
}

void add_partition_change(RecordList& records, std::int16_t metadata_version, TopicId topic,
                          PartitionIndex index, const PartitionImage& before,
                          const PartitionImage& after) {
    PartitionImage now = after;  // arrays of a record view what they are made of
    msg::PartitionChangeRecord record;
    record.topic_id = topic;
    record.partition_id = index;
    if (now.isr != before.isr) record.isr = Array<BrokerId>(now.isr);
    if (now.leader_epoch != before.leader_epoch) record.leader = now.leader;
    if (now.replicas != before.replicas) record.replicas = Array<BrokerId>(now.replicas);
    if (now.removing_replicas != before.removing_replicas) {
        record.removing_replicas = Array<BrokerId>(now.removing_replicas);
    }
    if (now.adding_replicas != before.adding_replicas) {
        record.adding_replicas = Array<BrokerId>(now.adding_replicas);
    }
    if (now.leader_recovery_state != before.leader_recovery_state) {
        record.leader_recovery_state = static_cast<std::int8_t>(now.leader_recovery_state);
    }
    const auto version = partition_version(metadata_version);
    if (version >= ApiVersion(1) && now.directories != before.directories) {
        record.directories = Array<DirectoryId>(now.directories);
    }
    if (version >= ApiVersion(2)) {
        if (now.elr != before.elr) record.eligible_leader_replicas = Array<BrokerId>(now.elr);
        if (now.last_known_elr != before.last_known_elr) {
            record.last_known_elr = Array<BrokerId>(now.last_known_elr);
        }
    }
    add_record(records, record, version);
}

}  // namespace milena::metadata
