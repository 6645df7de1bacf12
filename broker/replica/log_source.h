// Where a partition gets its log from when somebody needs it for the first time. Until then it is
// dormant: a name, a place and what the checkpoints said, so that a node with very many partitions
// starts, and creates topics, without touching their files.
#pragma once

#include "log/partition_log.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"

#include <cstdint>
#include <memory>
#include <string>

namespace milena::replica {

struct PartitionName {
    std::string topic;
    TopicId topic_id;
    PartitionIndex index;

    std::string label() const { return topic + "-" + std::to_string(index.value()); }
};

// Position of an entry of log.dirs.
enum class DirectoryIndex : std::uint16_t {};

struct DormantLog {
    DirectoryIndex directory{0};
    bool exists = false;          // found at the start; else made with the first use
    bool needs_recovery = false;  // found, and its directory was not shut down cleanly
    Offset recovery_point{0};
    Offset log_start_offset{0};
    Offset high_watermark{0};
    Offset cleaned_to{0};
};

class LogSource {
  public:
    virtual ~LogSource() = default;

    // Opens, recovers or makes it. From any thread, several at once for different partitions; also
    // under the partition's lock. KAFKA_STORAGE_ERROR.
    virtual Result<std::unique_ptr<log::PartitionLog>> open_log(
        const PartitionName& name, const DormantLog& dormant, const log::LogSettings& settings) = 0;
    // About how many bytes opening it would have to scan.
    virtual std::uint64_t bytes_to_recover(const PartitionName& name,
                                           const DormantLog& dormant) const = 0;
    // Asked before every append and read, so it only looks.
    virtual bool is_online(DirectoryIndex directory) const = 0;
    // Has this directory room for so much more from clients? Counts it, if so.
    virtual bool take_room(DirectoryIndex directory, std::uint64_t bytes) = 0;
    // A file in this directory could not be read or written: have a look at it soon.
    virtual void on_failure(DirectoryIndex directory) = 0;
};

}  // namespace milena::replica
