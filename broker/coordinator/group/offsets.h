// Committed positions of groups, and those that wait for the end of a transaction.
//
// A position that was committed outside of transactions after a transaction's was written wins,
// whenever the transaction ends: the order of records in the log counts, not that of the markers.
//
// Invariants (check_invariants names the first that is broken):
//   NothingIsEmpty       no group, topic or transaction is listed without a position
//   ProducersMatch       producers_ names exactly the producers that have something for a group
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::coordinator::group {

struct CommittedOffset {
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::string metadata;
    TimestampMs commit_timestamp = kNoTimestamp;
    TimestampMs expire_timestamp = kNoTimestamp;  // -1: by the rules of the broker
    TopicId topic_id;                             // zero: the client named the topic
    Offset record_offset = kNoOffset;             // where its record is in the log

    friend bool operator==(const CommittedOffset&, const CommittedOffset&) = default;
};

using PartitionOffsets = std::map<PartitionIndex, CommittedOffset>;
using TopicOffsets = std::map<std::string, PartitionOffsets, std::less<>>;

// Names a position.
struct OffsetKey {
    std::string_view group;
    std::string_view topic;
    PartitionIndex partition;
};

class Offsets {
  public:
    // nullptr: the group has no position at all.
    const TopicOffsets* of_group(std::string_view group) const;
    const CommittedOffset* find(const OffsetKey& key) const;

    // Does a transaction that has not ended hold a position for it?
    bool is_pending(const OffsetKey& key) const;
    // All positions of the group that transactions hold: topic and partition, each once.
    std::set<std::pair<std::string_view, PartitionIndex>> pending_of(std::string_view group) const;
    bool has_pending(std::string_view group) const { return producers_.contains(group); }
    bool has_any(std::string_view group) const {
        return committed_.contains(group) || has_pending(group);
    }
    const std::map<std::string, TopicOffsets, std::less<>>& by_group() const { return committed_; }
    // The open transactions, and what each will commit: by group.
    const std::map<ProducerId, std::map<std::string, TopicOffsets, std::less<>>>& pending() const {
        return pending_;
    }

    void put(const OffsetKey& key, CommittedOffset value);
    void put_pending(ProducerId producer, const OffsetKey& key, CommittedOffset value);
    // A tombstone: also takes the position out of all transactions.
    void erase(const OffsetKey& key);
    // The groups that it wrote to.
    std::vector<std::string> end_transaction(ProducerId producer, bool commit);

    // The name of the first invariant that is broken; nullptr when all hold.
    const char* check_invariants() const;

    friend bool operator==(const Offsets&, const Offsets&) = default;

  private:
    std::map<std::string, TopicOffsets, std::less<>> committed_;
    std::map<ProducerId, std::map<std::string, TopicOffsets, std::less<>>> pending_;
    // Which producers have something pending for a group.
    std::map<std::string, std::set<ProducerId>, std::less<>> producers_;
};

}  // namespace milena::coordinator::group
