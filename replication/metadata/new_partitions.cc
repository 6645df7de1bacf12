#include "replication/metadata/new_partitions.h"

#include "protocol/base/assert.h"
#include "protocol/msg/records/partition_record.h"
#include "replication/metadata/directories.h"
#include "replication/metadata/features.h"
#include "replication/metadata/placement.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

#include <algorithm>

namespace milena::metadata {
namespace {

bool is_active(const Image& image, BrokerId id) {
    const BrokerImage* broker = image.broker(id);
    return broker && broker->is_active();
}

std::unexpected<Error> bad_assignment(PartitionIndex index, std::string why) {
    return fail(ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                "the replicas given for partition " + std::to_string(index.value()) + " " + why);
}

}  // namespace

Result<std::vector<Replicas>> place_new_partitions(const DecideContext& context, std::int32_t count,
                                                   std::int16_t replication_factor) {
    std::vector<UsableBroker> usable;
    for (const auto& broker : context.image.brokers) {
        // One that has stopped is fenced, and will be back.
        if (broker->in_controlled_shutdown && !broker->is_fenced) continue;
        usable.push_back({broker->id, broker->rack, broker->is_fenced});
    }
    return place_replicas(usable, count, replication_factor, context.random);
}

Status check_replicas(const Image& image, const Replicas& replicas, PartitionIndex index) {
    if (replicas.empty()) return bad_assignment(index, "are none");
    for (auto at = replicas.begin(); at != replicas.end(); ++at) {
        if (!image.broker(*at)) {
            return bad_assignment(index, "include broker " + std::to_string(at->value()) +
                                             ", which is not registered");
        }
        if (std::find(replicas.begin(), at, *at) != at) {
            return bad_assignment(
                index, "include broker " + std::to_string(at->value()) + " more than once");
        }
    }
    return {};
}

Status check_new_replicas(const Image& image, const Replicas& replicas,
                          std::size_t replication_factor, PartitionIndex index) {
    MILENA_TRY(check_replicas(image, replicas, index));
    if (replication_factor != 0 && replicas.size() != replication_factor) {
        return bad_assignment(index, "are " + std::to_string(replicas.size()) +
                                         ", but the other partitions of the topic have " +
                                         std::to_string(replication_factor));
    }
    if (std::none_of(replicas.begin(), replicas.end(),
                     [&](BrokerId id) { return is_active(image, id); })) {
        return bad_assignment(index, "are all fenced or shutting down, so none could lead it");
    }
    return {};
}

void add_new_partition(RecordList& records, const Image& image, TopicId topic, PartitionIndex index,
                       const Replicas& replicas) {
    Replicas all = replicas;
    Replicas isr;
    std::vector<DirectoryId> directories;
    for (const BrokerId id : replicas) {
        if (is_active(image, id)) isr.push_back(id);
        directories.push_back(directory_on(image, id));
    }
    MILENA_ASSERT(!isr.empty());
    msg::PartitionRecord record;
    record.partition_id = index;
    record.topic_id = topic;
    record.replicas = Array<BrokerId>(all);
    record.isr = Array<BrokerId>(isr);
    record.leader = isr.front();
    record.leader_epoch = LeaderEpoch(0);
    record.partition_epoch = PartitionEpoch(0);
    const auto version = partition_version(image.feature_level(kMetadataVersionFeature));
    if (version >= ApiVersion(1)) record.directories = Array<DirectoryId>(directories);
    add_record(records, record, version);
}

Status check_size(const RecordList& records) {
    if (records.size() <= kMaxRecordsPerRequest && records.bytes() <= kMaxRecordBytesPerRequest) {
        return {};
    }
    return fail(ErrorCode::POLICY_VIOLATION,
                "the request would write " + std::to_string(records.size()) + " records of " +
                    std::to_string(records.bytes()) + " bytes to the metadata log; at most " +
                    std::to_string(kMaxRecordsPerRequest) + " records and " +
                    std::to_string(kMaxRecordBytesPerRequest) +
                    " bytes are allowed, so split it into several requests");
}

}  // namespace milena::metadata
