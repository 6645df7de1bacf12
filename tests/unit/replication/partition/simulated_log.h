// The log of one simulated replica: one record a batch, leader epochs as a broker's log keeps them,
// and a disk that forgets at a crash what was not synced.
#pragma once

#include "protocol/base/random.h"
#include "replication/partition/io.h"

#include <vector>

namespace milena::partition {

struct SimulatedRecord {
    LeaderEpoch epoch;
    std::uint64_t value = 0;

    friend bool operator==(const SimulatedRecord&, const SimulatedRecord&) = default;
};

class SimulatedLog {
  public:
    Offset start() const { return start_; }
    Offset end() const { return base_ + static_cast<std::int64_t>(records_.size()); }
    Offset synced_end() const { return synced_; }
    // Changes with every cut: a sync that began before it says nothing.
    std::uint64_t generation() const { return generation_; }
    bool holds(Offset offset) const { return offset >= start_ && offset < end(); }
    const SimulatedRecord& at(Offset offset) const;
    std::vector<SimulatedRecord> read(Offset from, std::size_t most) const;

    LeaderEpoch latest_epoch() const;
    EpochEnd end_of(LeaderEpoch epoch) const;
    LogEnds ends(Offset high_watermark) const;

    void append(SimulatedRecord record);
    void begin_epoch(LeaderEpoch epoch);
    void truncate_to(Offset offset);
    void restart_at(Offset offset);
    void advance_start(Offset offset);
    void synced(Offset end, std::uint64_t generation);
    // Keeps what was synced and some of what was not.
    void crash(Random& random);

  private:
    struct Entry {
        LeaderEpoch epoch;
        Offset start;
    };
    void note_epoch(LeaderEpoch epoch, Offset start);

    Offset base_{0};  // of records_.front()
    Offset start_{0};
    Offset synced_{0};
    std::uint64_t generation_ = 0;
    std::vector<SimulatedRecord> records_;
    std::vector<Entry> epochs_;
};

}  // namespace milena::partition
