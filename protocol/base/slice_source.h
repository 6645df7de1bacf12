// Something on disk whose bytes can be sent without passing through our memory.
#pragma once

#include "protocol/base/bytes.h"

#include <cstdint>
#include <memory>

namespace milena {

// Implemented by open files (log/). The wire encoder only passes it on; broker/net sends it.
class SliceSource : public std::enable_shared_from_this<SliceSource> {
  public:
    virtual ~SliceSource() = default;

    // A descriptor that sendfile(2) can read from, or -1 when there is none (simulated disks).
    virtual int native_handle() const = 0;

    // Fills as much of `into` as the source holds from `position`; bytes read, or -errno.
    virtual std::int64_t read_some(std::uint64_t position, MutableBytes into) const = 0;
};

// `length` bytes of `source` from `position`. Whoever holds a slice keeps the source alive.
struct FileSlice {
    std::shared_ptr<const SliceSource> source;
    std::uint64_t position = 0;
    std::uint64_t length = 0;
};

}  // namespace milena
