// The cluster's state as far as it is committed: snapshot and log of this node, folded by the
// loader.
//
// Driven by Rounds: while another node is the active controller it follows the high watermark; the
// active controller itself knows what it commits, and says so with replace().
#pragma once

#include "broker/quorum/metadata_log.h"
#include "replication/metadata/loader.h"
#include "replication/raft/voter_history.h"

#include <memory>
#include <optional>
#include <vector>

namespace milena::quorum {

// The voters that snapshot and log name, in the order of the log.
Result<std::vector<raft::LoggedVoters>> logged_voters(const MetadataLog& log);

class CommittedState {
  public:
    // The latest snapshot, when there is one, and the log behind it below `end`.
    Result<metadata::ImageChange> load(const MetadataLog& log, Offset end);
    // The log below `end`, which is committed.
    Result<metadata::ImageChange> follow(const MetadataLog& log, Offset end);
    // A snapshot of another node that has come in whole: what it makes of the state that was
    // published last, `before`. INVALID_RECORD when it is none; the state is then as it was.
    Result<metadata::ImageChange> take_over(MetadataLog& log, const SnapshotId& id,
                                            const metadata::Image& before, log::LogTime now,
                                            std::uint64_t& size,
                                            std::optional<raft::VoterSet>& voters);
    // Goes on from this image, which the active controller published.
    void replace(metadata::ImagePtr image);

    const metadata::ImagePtr& image() const { return loader_->image(); }
    // Exclusive: what lies below is in the image, but for a transaction that has not ended.
    Offset end() const { return end_; }
    bool in_transaction() const { return loader_->in_transaction(); }

  private:
    std::unique_ptr<metadata::Loader> loader_ =
        std::make_unique<metadata::Loader>(std::make_shared<const metadata::Image>());
    metadata::Provenance provenance_;
    Offset end_{0};
};

}  // namespace milena::quorum
