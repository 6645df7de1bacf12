// The features of a Kafka 4.2 cluster, the levels this node can work with, and those a new cluster
// begins with (server-common/.../Feature.java, MetadataVersion.java).
#pragma once

#include "protocol/base/ids.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace milena::metadata {

inline constexpr std::string_view kMetadataVersionFeature = "metadata.version";
inline constexpr std::string_view kElrFeature = "eligible.leader.replicas.version";
inline constexpr std::string_view kKraftVersionFeature = "kraft.version";

struct FeatureLevels {
    std::string_view name;
    std::int16_t min;
    std::int16_t max;
    std::int16_t initial;  // finalized in a new cluster; 0: not at all
};

// metadata.version 29 is 4.2-IV1. kraft.version is finalized by the quorum, not by a record here.
inline constexpr std::array<FeatureLevels, 7> kFeatures = {{
    {kMetadataVersionFeature, 7, 29, 29},
    {kElrFeature, 0, 1, 1},
    {"group.version", 0, 1, 1},
    {"share.version", 0, 1, 1},
    {"streams.version", 0, 1, 1},
    {"transaction.version", 0, 2, 2},
    {kKraftVersionFeature, 0, 1, 0},
}};

}  // namespace milena::metadata
