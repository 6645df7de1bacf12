#include "replication/metadata/node_records.h"

#include "protocol/base/arena.h"
#include "protocol/msg/records/register_broker_record.h"
#include "protocol/msg/records/register_controller_record.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

namespace milena::metadata {
namespace {

template <class WireEndpoint>
Array<WireEndpoint> wire_endpoints(Arena& arena, const std::vector<Endpoint>& endpoints) {
    auto array = Array<WireEndpoint>::make(arena, endpoints.size());
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        array[i].name = endpoints[i].listener;
        array[i].host = endpoints[i].host;
        array[i].port = endpoints[i].port;
        array[i].security_protocol = static_cast<std::int16_t>(endpoints[i].security_protocol);
    }
    return array;
}

template <class WireFeature>
Array<WireFeature> wire_features(Arena& arena, const std::vector<FeatureRange>& features) {
    auto array = Array<WireFeature>::make(arena, features.size());
    for (std::size_t i = 0; i < features.size(); ++i) {
        array[i].name = features[i].name;
        array[i].min_supported_version = features[i].min;
        array[i].max_supported_version = features[i].max;
    }
    return array;
}

}  // namespace

void add_broker_record(RecordList& records, const BrokerImage& broker,
                       std::int16_t metadata_version) {
    using Record = msg::RegisterBrokerRecord;
    Arena arena;
    Record record;
    record.broker_id = broker.id;
    record.is_migrating_zk_broker = broker.is_migrating_zk_broker;
    record.incarnation_id = broker.incarnation;
    record.broker_epoch = broker.epoch;
    record.end_points = wire_endpoints<Record::BrokerEndpoint>(arena, broker.endpoints);
    record.features = wire_features<Record::BrokerFeature>(arena, broker.features);
    record.rack = broker.rack ? NullableString(*broker.rack) : NullableString();
    record.fenced = broker.is_fenced;
    record.in_controlled_shutdown = broker.in_controlled_shutdown;
    auto log_dirs = broker.log_dirs;
    const auto version = register_broker_version(metadata_version);
    if (version >= ApiVersion(3)) record.log_dirs = Array<DirectoryId>(log_dirs);
    add_record(records, record, version);
}

void add_controller_record(RecordList& records, const ControllerImage& controller) {
    using Record = msg::RegisterControllerRecord;
    Arena arena;
    Record record;
    record.controller_id = controller.id;
    record.incarnation_id = controller.incarnation;
    record.zk_migration_ready = controller.zk_migration_ready;
    record.end_points = wire_endpoints<Record::ControllerEndpoint>(arena, controller.endpoints);
    record.features = wire_features<Record::ControllerFeature>(arena, controller.features);
    add_record(records, record, ApiVersion(0));
}

}  // namespace milena::metadata
