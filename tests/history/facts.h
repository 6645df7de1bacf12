// What follows from a history before anything is judged: who wrote which value, in which
// transaction, what became of it, and who saw which value at which offset.
#pragma once

#include "tests/history/history.h"

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace milena::history {

enum class Fate : std::uint8_t {
    open,       // its commit was never asked for: it cannot be visible
    committed,  // acknowledged
    aborted,    // acknowledged, or its commit certainly failed
    unknown,    // its commit was asked for, nobody knows more
};

struct Txn {
    std::uint32_t begin = kNone;  // operation
    Fate fate = Fate::open;
    Time commit_begin = kNever;               // when its commit was first asked for
    Time end = kNever;                        // when its fate was acknowledged
    std::vector<std::uint32_t> writes = {};   // indexes of Facts::writes
    std::vector<std::uint32_t> offsets = {};  // operations: send_offsets
};

// How a value was seen at an offset, together in one byte.
inline constexpr std::uint8_t kAcked = 1;
inline constexpr std::uint8_t kReadUncommitted = 2;
inline constexpr std::uint8_t kReadCommitted = 4;
inline constexpr std::uint8_t kFinal = 8;
inline constexpr std::uint8_t kFinalCommitted = 16;
inline constexpr std::uint8_t kPolled = kReadUncommitted | kReadCommitted;
inline constexpr std::uint8_t kVisible = kReadCommitted | kFinalCommitted;
inline constexpr std::uint8_t kInLog = kPolled | kFinal | kFinalCommitted;

struct Write {
    std::uint32_t operation = kNone;
    std::uint32_t txn = kNone;
    std::uint8_t seen = 0;                 // every sight of the value in its partition
    std::int64_t placed = kUnknownOffset;  // where it is in the log, as far as anybody saw
};

// One value at one offset.
struct Record {
    std::int64_t offset = 0;
    Value value = 0;
    std::uint32_t write = kNone;
    std::uint32_t operation = kNone;  // the first that saw it
    std::uint8_t seen = 0;
};

// The reads at the end, one for each View that shows records.
struct Final {
    bool there = false;
    Time begin = kNever;
    Time end = 0;
    std::int64_t low = 0;
    std::int64_t high = 0;
};

struct PartitionFacts {
    std::vector<Record> records;  // by offset, then value
    // How many of records[0..i) a reader that passes them has to see.
    std::vector<std::uint32_t> must_see_uncommitted;
    std::vector<std::uint32_t> must_see_committed;
    Final all;        // read_uncommitted
    Final committed;  // read_committed

    // The one that shows most.
    const Final& widest() const { return all.there ? all : committed; }
    std::int64_t low() const;
};

struct Facts {
    explicit Facts(const History& history);

    const Operation& operation(const Write& write) const {
        return history.operations()[write.operation];
    }
    const At& place(const Write& write) const { return history.places(operation(write)).front(); }
    const Process& writer(const Write& write) const {
        return history.processes[operation(write).process];
    }
    // The index of the value's write, kNone when nobody sent it to this partition.
    std::uint32_t write_of(const At& at) const;
    // Whether every read_committed reader that passes it must see it.
    bool certainly_visible(const Write& write) const;
    // "17 (line 12: p1 send orders/0 17)"
    std::string describe(const Write& write) const;

    const History& history;
    std::vector<Txn> txns;
    std::vector<Write> writes;
    std::vector<PartitionFacts> partitions;

  private:
    void find_transactions();
    void end_transaction(Txn& txn, const Operation& operation);
    void gather();
    void merge(PartitionFacts& partition);
    void count_must_see(PartitionFacts& partition, std::uint32_t id);
    bool must_see(const Record& record, const PartitionFacts& partition, View view) const;

    boost::unordered_flat_map<Value, std::uint32_t> by_value_;
};

}  // namespace milena::history
