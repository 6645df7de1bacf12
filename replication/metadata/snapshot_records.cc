#include "replication/metadata/snapshot_records.h"

#include "protocol/msg/records/config_record.h"
#include "protocol/msg/records/feature_level_record.h"
#include "protocol/msg/records/partition_record.h"
#include "protocol/msg/records/producer_ids_record.h"
#include "protocol/msg/records/topic_record.h"
#include "replication/metadata/features.h"
#include "replication/metadata/node_records.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"
#include "replication/metadata/security_records.h"

namespace milena::metadata {
namespace {

class Chunks {
  public:
    Chunks(std::size_t max_records, std::size_t max_bytes,
           const std::function<void(const RecordList&)>& write)
        : max_records_(max_records), max_bytes_(max_bytes), write_(write) {}

    // To add one record to.
    RecordList& next() {
        if (records_.size() >= max_records_ || records_.bytes() >= max_bytes_) flush();
        return records_;
    }
    void flush() {
        if (records_.empty()) return;
        write_(records_);
        records_ = {};
    }

  private:
    const std::size_t max_records_;
    const std::size_t max_bytes_;
    const std::function<void(const RecordList&)>& write_;
    RecordList records_;
};

void write_features(const Image& image, Chunks& chunks) {
    const auto write = [&](std::string_view name, std::int16_t level) {
        msg::FeatureLevelRecord record;
        record.name = name;
        record.feature_level = level;
        add_record(chunks.next(), record, ApiVersion(0));
    };
    // First, because it decides how all the others are read.
    if (const auto level = image.feature_level(kMetadataVersionFeature); level > 0) {
        write(kMetadataVersionFeature, level);
    }
    for (const auto& [name, level] : image.features) {
        if (name != kMetadataVersionFeature) write(name, level);
    }
}

void write_partition(const TopicImage& topic, std::size_t index, ApiVersion version,
                     Chunks& chunks) {
    PartitionImage partition = *topic.partitions[index];
    msg::PartitionRecord record;
    record.partition_id = PartitionIndex(static_cast<std::int32_t>(index));
    record.topic_id = topic.id;
    record.replicas = Array<BrokerId>(partition.replicas);
    record.isr = Array<BrokerId>(partition.isr);
    record.removing_replicas = Array<BrokerId>(partition.removing_replicas);
    record.adding_replicas = Array<BrokerId>(partition.adding_replicas);
    record.leader = partition.leader;
    record.leader_recovery_state = static_cast<std::int8_t>(partition.leader_recovery_state);
    record.leader_epoch = partition.leader_epoch;
    record.partition_epoch = partition.partition_epoch;
    if (version >= ApiVersion(1)) {
        record.directories = Array<DirectoryId>(partition.directories);
    }
    if (version >= ApiVersion(2)) {
        if (!partition.elr.empty()) {
            record.eligible_leader_replicas = Array<BrokerId>(partition.elr);
        }
        if (!partition.last_known_elr.empty()) {
            record.last_known_elr = Array<BrokerId>(partition.last_known_elr);
        }
    }
    add_record(chunks.next(), record, version);
}

void write_topics(const Image& image, Chunks& chunks) {
    const auto version = partition_version(image.feature_level(kMetadataVersionFeature));
    image.topics_by_id.for_each([&](const auto& topic) {
        msg::TopicRecord record;
        record.name = topic->name;
        record.topic_id = topic->id;
        add_record(chunks.next(), record, ApiVersion(0));
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            write_partition(*topic, i, version, chunks);
        }
    });
}

void write_configs(const Image& image, Chunks& chunks) {
    image.configs.for_each([&](const auto& config) {
        for (const auto& [name, value] : config->values) {
            msg::ConfigRecord record;
            record.resource_type = static_cast<std::int8_t>(config->resource.type);
            record.resource_name = config->resource.name;
            record.name = name;
            record.value = value;
            add_record(chunks.next(), record, ApiVersion(0));
        }
    });
}

void write_security(const Image& image, Chunks& chunks) {
    for (const auto& [entity, values] : *image.client_quotas) {
        for (const auto& [key, value] : values) {
            add_quota_record(chunks.next(), entity, key, value);
        }
    }
    for (const auto& [key, credential] : *image.scram) {
        add_scram_record(chunks.next(), key, credential);
    }
    for (const auto& [id, acl] : *image.acls) add_acl_record(chunks.next(), id, acl);
}

}  // namespace

void write_image(const Image& image, std::size_t max_records, std::size_t max_bytes,
                 const std::function<void(const RecordList&)>& write) {
    Chunks chunks(max_records, max_bytes, write);
    write_features(image, chunks);
    const auto metadata_version = image.feature_level(kMetadataVersionFeature);
    for (const auto& broker : image.brokers) {
        add_broker_record(chunks.next(), *broker, metadata_version);
    }
    for (const auto& controller : image.controllers) {
        add_controller_record(chunks.next(), *controller);
    }
    write_topics(image, chunks);
    write_configs(image, chunks);
    if (image.next_producer_id.value() > 0) {
        msg::ProducerIdsRecord record;
        record.broker_id = kNoBroker;
        record.broker_epoch = BrokerEpoch(-1);
        record.next_producer_id = image.next_producer_id;
        add_record(chunks.next(), record, ApiVersion(0));
    }
    write_security(image, chunks);
    for (const auto& [identity, value] : *image.kept) chunks.next().add(ByteView(value));
    chunks.flush();
}

}  // namespace milena::metadata
