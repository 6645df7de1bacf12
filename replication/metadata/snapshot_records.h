// An image as the records that lead to it: what a snapshot of the metadata log holds.
#pragma once

#include "replication/metadata/image.h"
#include "replication/record_list.h"

#include <functional>

namespace milena::metadata {

// Gives the records in lists of at most `max_records` (and about `max_bytes`), in an order in which
// they can be applied to an empty image: features, nodes, topics with their partitions, settings,
// producer ids, quotas, credentials and access rules, what is kept.
void write_image(const Image& image, std::size_t max_records, std::size_t max_bytes,
                 const std::function<void(const RecordList&)>& write);

}  // namespace milena::metadata
