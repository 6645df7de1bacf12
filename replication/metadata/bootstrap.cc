// The first records of a new cluster: finalized features, and the minimum ISR of the cluster, which
// eligible leader replicas want to find in the log (metadata/.../ActivationRecordsGenerator.java).
#include "protocol/msg/records/begin_transaction_record.h"
#include "protocol/msg/records/config_record.h"
#include "protocol/msg/records/end_transaction_record.h"
#include "protocol/msg/records/feature_level_record.h"
#include "replication/metadata/controller.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_codec.h"

namespace milena::metadata {

RecordList bootstrap_records(const ControllerOptions& options) {
    RecordList records;
    msg::BeginTransactionRecord begin;
    begin.name = "Bootstrap records";
    add_record(records, begin, ApiVersion(0));
    for (const auto& feature : kFeatures) {
        if (feature.initial == 0) continue;
        msg::FeatureLevelRecord record;
        record.name = feature.name;
        record.feature_level = feature.initial;
        add_record(records, record, ApiVersion(0));
    }
    const std::string min_isr = std::to_string(options.min_insync_replicas);
    msg::ConfigRecord config;
    config.resource_type = static_cast<std::int8_t>(ResourceType::broker);
    config.resource_name = "";
    config.name = "min.insync.replicas";
    config.value = min_isr;
    add_record(records, config, ApiVersion(0));
    add_record(records, msg::EndTransactionRecord{}, ApiVersion(0));
    return records;
}

}  // namespace milena::metadata
