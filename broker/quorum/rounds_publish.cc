// What is committed becomes known: images in the order of the log, then replies.
#include "broker/quorum/rounds.h"
#include "protocol/base/logger.h"

namespace milena::quorum {

void Rounds::publish_committed() {
    if (failed_) return;
    const Offset committed = raft_->state().high_watermark;
    if (replayed_ && committed >= replayed_->image->provenance.end) {
        auto change = std::move(*replayed_);
        replayed_.reset();
        publish(image(), std::move(change));
    }
    while (!pending_.empty() && pending_.front().end <= committed) {
        Pending one = std::move(pending_.front());
        pending_.pop_front();
        if (one.change) {
            publish(one.before, std::move(*one.change));
            has_published_ = true;
        }
        if (one.done) one.done(std::move(*one.reply));
    }
}

// While another node is active.
void Rounds::follow_log() {
    const Offset committed = raft_->state().high_watermark;
    if (committed_.end() >= committed) return;
    auto change = committed_.follow(*log_, committed);
    if (!change) return fail_for_good(std::move(change).error());
    publish_committed();
    publish(image(), std::move(*change));
}

void Rounds::publish(const metadata::ImagePtr& before, metadata::ImageChange change) {
    image_.store(change.image);
    for (const auto& publisher : publishers_) publisher(before, change.image, change.delta);
}

// A snapshot only saves time at the next start, so that a failed one is tried again later.
void Rounds::snapshot_if_due() {
    if (log_->end() == std::exchange(snapshot_checked_, log_->end())) return;
    if (log_->bytes_since_snapshot() < snapshot_due_bytes_) return;
    const metadata::ImagePtr state = image();
    const auto& snapshots = raft_->state().snapshots;
    // A transaction that has not ended would be lost.
    if (!controller_ && committed_.in_transaction()) return;
    if (!snapshots.empty() && state->provenance.end <= snapshots.back().id.end) return;
    const auto size =
        log_->write_snapshot(*state, raft_->state().history.at(state->provenance.end), now());
    if (size) {
        snapshot_due_bytes_ = options_.snapshot_bytes;
        advance(raft::SnapshotWritten{{state->provenance.end, state->provenance.epoch}, *size});
        return;
    }
    snapshot_due_bytes_ = log_->bytes_since_snapshot() + options_.snapshot_bytes;
    log_warn("metadata_snapshot_failed", {{"reason", size.error().detail}});
}

}  // namespace milena::quorum
