// Names of files and directories, both directions. Nothing else in the tree knows how they look.
//
//   <topic>-<partition>/                          a partition; the split is at the last '-'
//   <topic>-<partition>.<32 hex>-delete/          to be removed; topic cut so that the name fits
//   255 <topic>-<partition>.<32 hex>-stray/           not this node's according to the metadata;
//   cut too <topic>-<partition>.<32 hex>-future/          being moved here from another data
//   directory <20 digits>.log .index .timeindex .txnindex   a segment, by the first offset it may
//   hold <20 digits>.snapshot                          producers' state below that offset any of
//   these + .deleted                       to be removed after file.delete.delay.ms any of these +
//   .cleaned                       output of the cleaner, incomplete: void any of these + .swap
//   output of the cleaner, complete: takes over
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milena::log {

struct TopicPartition {
    std::string topic;
    PartitionIndex partition;

    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

enum class FileKind : std::uint8_t { log, offset_index, time_index, txn_index, snapshot };
enum class FileSuffix : std::uint8_t { none, deleted, cleaned, swap };

struct SegmentFileName {
    Offset offset;
    FileKind kind = FileKind::log;
    FileSuffix suffix = FileSuffix::none;

    friend bool operator==(const SegmentFileName&, const SegmentFileName&) = default;
};

std::string to_string(const SegmentFileName& name);
// nullopt: not one of these files.
std::optional<SegmentFileName> parse_segment_file(std::string_view name);

enum class DirectoryState : std::uint8_t { live, to_delete, stray, future };

struct PartitionDirectoryName {
    TopicPartition id;  // of a -delete or -stray directory: the topic may have lost its end
    DirectoryState state = DirectoryState::live;

    friend bool operator==(const PartitionDirectoryName&, const PartitionDirectoryName&) = default;
};

// nullopt: not the name of a partition.
std::optional<PartitionDirectoryName> parse_partition_directory(std::string_view name);
std::string partition_directory(const TopicPartition& id);
// `unique` keeps two generations of the same topic apart; `state` is not live.
std::string marked_directory(const TopicPartition& id, Uuid unique, DirectoryState state);

// Its directory lies beside those of the partitions but belongs to the metadata quorum.
inline constexpr std::string_view kMetadataTopic = "__cluster_metadata";
inline constexpr std::string_view kMetaProperties = "meta.properties";
inline constexpr std::string_view kLockFile = ".lock";
inline constexpr std::string_view kCleanShutdownFile = ".kafka_cleanshutdown";
inline constexpr std::string_view kRecoveryPointCheckpoint = "recovery-point-offset-checkpoint";
inline constexpr std::string_view kLogStartCheckpoint = "log-start-offset-checkpoint";
inline constexpr std::string_view kHighWatermarkCheckpoint = "replication-offset-checkpoint";
inline constexpr std::string_view kCleanerCheckpoint = "cleaner-offset-checkpoint";
inline constexpr std::string_view kLeaderEpochCheckpoint = "leader-epoch-checkpoint";
inline constexpr std::string_view kPartitionMetadata = "partition.metadata";

}  // namespace milena::log
