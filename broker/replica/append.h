// What goes into a partition, and what becomes of it.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena::replica {

enum class Acks : std::int16_t { all = -1, none = 0, leader = 1 };

struct AppendOutcome {
    Offset base_offset = kNoOffset;
    Offset log_start_offset = kNoOffset;
    // The reply may leave once this offset is acknowledged in this epoch; kNoOffset: at once.
    Offset wait_for = kNoOffset;
    LeaderEpoch epoch = kNoLeaderEpoch;
    // A client is not kept waiting beyond the lease of this node. What the cluster itself writes
    // is: it waits for all in sync, who follow any newer leader.
    bool ends_with_lease = false;
    // Of a duplicate: when the original was appended.
    std::optional<TimestampMs> duplicate_timestamp;
};

// Batches for one partition that came in together: side by side in one buffer, so that neighbours
// are one write.
class AppendGroup {
  public:
    struct Member {
        std::size_t begin = 0;  // of its batch, in the buffer
        std::size_t size = 0;
        Acks acks = Acks::all;
        Result<AppendOutcome> outcome = AppendOutcome{};
    };

    // One checked batch of a client that belongs to no transaction; it is copied.
    void add(ByteView batch, Acks acks) {
        members_.push_back({bytes_.size(), batch.size(), acks, AppendOutcome{}});
        bytes_.insert(bytes_.end(), batch.begin(), batch.end());
    }
    void clear() {
        bytes_.clear();
        members_.clear();
    }

    std::size_t size_bytes() const { return bytes_.size(); }
    std::vector<Member>& members() { return members_; }
    // Of neighbours, from the beginning of `first` to the end of `last`.
    MutableBytes bytes(const Member& first, const Member& last) {
        return MutableBytes(bytes_).subspan(first.begin, last.begin + last.size - first.begin);
    }
    MutableBytes bytes(const Member& member) { return bytes(member, member); }

  private:
    std::vector<std::uint8_t> bytes_;
    std::vector<Member> members_;
};

}  // namespace milena::replica
