// Registrations of nodes as records.
#pragma once

#include "replication/metadata/image.h"
#include "replication/record_list.h"

namespace milena::metadata {

// In the version that the finalized metadata.version asks for.
void add_broker_record(RecordList& records, const BrokerImage& broker,
                       std::int16_t metadata_version);
void add_controller_record(RecordList& records, const ControllerImage& controller);

}  // namespace milena::metadata
