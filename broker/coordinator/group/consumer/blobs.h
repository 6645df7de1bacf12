// What members of the classic protocol say and are told in bytes of the consumer protocol, between
// topic names there and topic ids here.
#pragma once

#include "broker/coordinator/assign/partition_set.h"
#include "broker/coordinator/group/requests.h"
#include "replication/metadata/image.h"

#include <optional>
#include <string>
#include <vector>

namespace milena::coordinator::group::consumer {

struct ClassicSubscription {
    std::vector<std::string> topics;  // ascending, each once
    PartitionSet owned;               // of topics that exist
    std::optional<std::string> rack;
    // Data of an assignor of the client's own, which the broker cannot stand in for.
    bool has_user_data = false;
    std::int16_t version = 0;
};

// nullopt: does not parse.
std::optional<ClassicSubscription> read_subscription(const Blob& bytes,
                                                     const metadata::Image& image);
// Empty bytes are an empty assignment. Topics that are gone are left out.
std::optional<PartitionSet> read_assignment(const Blob& bytes, const metadata::Image& image);
// In the version that the member's subscription has.
Blob write_assignment(const PartitionSet& partitions, std::int16_t version,
                      const metadata::Image& image);

}  // namespace milena::coordinator::group::consumer
