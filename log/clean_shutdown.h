// .kafka_cleanshutdown: present only while every log of the data directory is closed and complete,
// so that opening can skip the scan. Written last, removed (durably) before the first append.
//
//   {"version":0,"brokerEpoch":N}     N is sent as the previous broker epoch when registering
//                                     (KIP-966)
#pragma once

#include "log/disk.h"
#include "protocol/base/ids.h"

#include <optional>
#include <string>

namespace milena::log {

struct CleanShutdown {
    std::optional<BrokerEpoch> broker_epoch;  // none: the file is there but says nothing readable
};

// nullopt: the last owner did not shut down cleanly.
Result<std::optional<CleanShutdown>> read_clean_shutdown(Disk& disk, const std::string& directory);
Status write_clean_shutdown(Disk& disk, const std::string& directory, BrokerEpoch broker_epoch);
// Durable when it returns; fine when there is none.
Status remove_clean_shutdown(Disk& disk, const std::string& directory);

}  // namespace milena::log
