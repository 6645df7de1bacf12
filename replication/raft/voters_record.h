// The control records that say who votes, KRAFT_VERSION and KRAFT_VOTERS, in the log and in
// snapshots.
#pragma once

#include "protocol/base/error.h"
#include "protocol/record/batch_view.h"
#include "protocol/record/control_record.h"
#include "replication/raft/voters.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace milena::raft {

// The bodies of the two records.
std::vector<std::uint8_t> encode_kraft_version(const VoterSet& voters);
std::vector<std::uint8_t> encode_voters(const VoterSet& voters);

// Follows the two records through log or snapshot.
class VotersReader {
  public:
    explicit VotersReader(VoterSet before) : voters_(std::move(before)) {}

    // The value of a control record; others change nothing. INVALID_RECORD.
    Status on_control(ControlType type, ByteView value);
    // As they are after what was read; nullopt when that did not say.
    std::optional<VoterSet> take();

  private:
    VoterSet voters_;
    bool changed_ = false;
};

// What a batch makes of the voters `before`; nullopt: nothing. INVALID_RECORD for a control batch
// that cannot be read.
Result<std::optional<VoterSet>> voters_in(const BatchView& batch, const VoterSet& before);

}  // namespace milena::raft
