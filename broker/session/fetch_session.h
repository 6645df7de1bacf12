// Incremental fetch sessions (KIP-227): which partitions a consumer watches, what it was last told
// of them, and which of them an answer must name.
//
// S1 order: partitions are read in session order; one answered with data moves to the end.
// S2 quiet: an incremental answer names only partitions with data, an error or changed marks.
// S3 slots: at most `slots` sessions; a full cache gives session id 0, never an error.
//
// Driven by api/fetch. SessionCache is a monitor; a session is used by one fetch at a time (its
// epoch sees to that) and is locked by the cache's mutex while it is read or changed.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace milena::session {

// A partition as requests name it: by id from fetch v13 on, by name before.
struct PartitionName {
    TopicId topic_id;
    std::string topic;
    PartitionIndex index;

    friend bool operator==(const PartitionName&, const PartitionName&) = default;
};
std::size_t hash_value(const PartitionName& name);

// What a fetch asks of one partition.
struct FetchTarget {
    PartitionName name;
    Offset fetch_offset;
    LeaderEpoch current_leader_epoch = kNoLeaderEpoch;
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;
    Offset follower_log_start = kNoOffset;
    std::int32_t max_bytes = 0;
};

// What an answer says of one partition, as far as sessions care.
struct FetchMarks {
    Offset high_watermark = kNoOffset;
    Offset log_start_offset = kNoOffset;
    bool has_records = false;
    // An error, a diverging epoch or a preferred read replica: always named.
    bool must_tell = false;
};

struct SessionRequest {
    FetchSessionId id{0};
    FetchSessionEpoch epoch{-1};
    bool uses_topic_ids = false;
    bool privileged = false;  // a follower's fetch
    std::vector<FetchTarget> partitions;
    std::vector<PartitionName> forgotten;
};

class SessionCache;

// One fetch within (or without) a session: the partitions to read, in order, and what to answer.
struct FetchPlan {
    enum class Kind : std::uint8_t { sessionless, full, incremental };

    Kind kind = Kind::sessionless;
    FetchSessionId session{0};  // to be written into the answer; 0: no session
    bool uses_topic_ids = false;
    std::vector<FetchTarget> targets;
};

class SessionCache {
  public:
    // slots: `max.incremental.fetch.session.cache.slots`. Sessions idle for longer than
    // `evict_after` may be replaced by any new one.
    SessionCache(std::size_t slots, Millis evict_after, Random& random)
        : slots_(slots), evict_after_(evict_after), random_(random) {}

    // Errors (all of them top-level in the answer): FETCH_SESSION_ID_NOT_FOUND,
    // INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR.
    Result<FetchPlan> begin(SessionRequest request, MonoTime now);

    // Which of plan.targets the answer must name: `marks[i]` tells what was read of targets[i].
    // Remembers what the peer is being told.
    std::vector<bool> finish(const FetchPlan& plan, const std::vector<FetchMarks>& marks);

    std::size_t size() const;
    std::uint64_t evictions() const;

  private:
    struct Entry {
        FetchTarget target;
        FetchMarks told;
    };
    struct Session {
        FetchSessionId id{0};
        FetchSessionEpoch next_epoch{1};
        bool uses_topic_ids = false;
        bool privileged = false;
        MonoTime last_used;
        std::list<Entry> entries;
        boost::unordered_flat_map<PartitionName, std::list<Entry>::iterator> index;
    };

    Result<FetchPlan> begin_incremental(SessionRequest request, MonoTime now);
    FetchSessionId create(const SessionRequest& request, MonoTime now);
    bool make_room(const SessionRequest& request, MonoTime now);
    static void put(Session& session, FetchTarget target);

    const std::size_t slots_;
    const Millis evict_after_;
    Random& random_;
    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::int32_t, std::unique_ptr<Session>> sessions_;
    std::uint64_t evictions_ = 0;
};

}  // namespace milena::session
