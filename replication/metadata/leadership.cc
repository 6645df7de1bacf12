#include "replication/metadata/leadership.h"

#include "protocol/msg/records/partition_change_record.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

#include <algorithm>

namespace milena::metadata {
namespace {

bool contains(const std::vector<BrokerId>& ids, BrokerId id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::optional<Election> elect(const PartitionImage& partition,
                              const std::function<bool(BrokerId)>& may_lead) {
    const bool by_isr = !partition.isr.empty();
    const auto& candidates = by_isr ? partition.isr : partition.elr;
    const auto elected = [&](BrokerId leader) {
        return Election{leader, by_isr ? partition.isr : std::vector<BrokerId>{leader}};
    };
    if (contains(candidates, partition.leader) && may_lead(partition.leader)) {
        return elected(partition.leader);
    }
    for (const BrokerId id : partition.replicas) {
        if (contains(candidates, id) && may_lead(id)) return elected(id);
    }
    return std::nullopt;
}

void add_takeover(RecordList& records, const Image& image, TopicId topic, PartitionIndex index,
                  const PartitionImage& partition, BrokerId broker) {
    const auto election = elect(partition, [&](BrokerId id) {
        const BrokerImage* other = image.broker(id);
        return id == broker || (other && other->is_active());
    });
    if (!election || election->leader != broker) return;
    msg::PartitionChangeRecord record;
    record.topic_id = topic;
    record.partition_id = index;
    record.leader = broker;
    auto isr = election->isr;
    if (isr != partition.isr) record.isr = Array<BrokerId>(isr);
    std::vector<BrokerId> elr = partition.elr;
    std::erase(elr, broker);
    const auto version = partition_version(image.feature_level(kMetadataVersionFeature));
    if (version >= ApiVersion(2)) {
        if (elr != partition.elr) record.eligible_leader_replicas = Array<BrokerId>(elr);
        if (!partition.last_known_elr.empty()) record.last_known_elr = Array<BrokerId>();
    }
    add_record(records, record, version);
}

}  // namespace milena::metadata
