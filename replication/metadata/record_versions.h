// Which version of a record to write: the finalized metadata.version decides, so that every node of
// the cluster can read it (server-common/.../MetadataVersion.java).
#pragma once

#include "protocol/base/ids.h"

#include <cstdint>

namespace milena::metadata {

// Levels of metadata.version from which a record has what its next version carries, or a rule of
// partitions changes.
inline constexpr std::int16_t kMetadataVersion34Iv0 = 8;
inline constexpr std::int16_t kMetadataVersion35Iv2 = 11;
inline constexpr std::int16_t kMetadataVersion36Iv0 = 12;
inline constexpr std::int16_t kMetadataVersion37Iv2 = 17;
inline constexpr std::int16_t kMetadataVersion40Iv1 = 23;

inline ApiVersion register_broker_version(std::int16_t metadata_version) {
    if (metadata_version >= kMetadataVersion37Iv2) return ApiVersion(3);
    return ApiVersion(metadata_version >= kMetadataVersion34Iv0 ? 2 : 1);
}

// Of PartitionRecord and PartitionChangeRecord: directories, then eligible leader replicas.
inline ApiVersion partition_version(std::int16_t metadata_version) {
    if (metadata_version >= kMetadataVersion40Iv1) return ApiVersion(2);
    return ApiVersion(metadata_version >= kMetadataVersion37Iv2 ? 1 : 0);
}

// BrokerRegistrationChangeRecord goes by what it changes.
inline constexpr ApiVersion kFencingVersion{0};
inline constexpr ApiVersion kControlledShutdownVersion{1};
inline constexpr ApiVersion kLogDirsVersion{2};

}  // namespace milena::metadata
