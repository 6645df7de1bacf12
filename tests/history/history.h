// What the clients of one run did and saw. Operations are kept in the order in which they began.
// Names are numbers here, in the order of their first mention; README.md has the text form.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::history {

// Any monotonic unit, the same for all processes.
using Time = std::int64_t;
inline constexpr Time kNever = INT64_MAX;

// What a record carries: every send of a history has a value of its own.
using Value = std::uint64_t;

inline constexpr std::uint32_t kNone = UINT32_MAX;
inline constexpr std::int64_t kUnknownOffset = -1;

enum class Verb : std::uint8_t {
    send,
    poll,
    assign,     // positions by hand, instead of those before
    seek,       // some of them
    subscribe,  // all positions are the group's from here on
    assigned,   // a rebalance gave partitions to this process
    revoked,    // ... took them, and the process agreed
    lost,       // ... had taken them before the process knew
    crash,
    begin_txn,
    commit_txn,
    abort_txn,
    send_offsets,    // into the transaction
    commit_offsets,  // of the group
    fetch_offsets,   // only stable ones
    list_offsets,
    delete_records,
    final_read,  // a partition from its start to its end, when nobody writes any more
};

enum class Outcome : std::uint8_t {
    ok,
    fail,     // it certainly did not happen, nor will it
    unknown,  // it may have happened, or happen yet
};

// What list_offsets asked for, and how far a reader reads.
enum class View : std::uint8_t { earliest, latest, stable };

// A record, or a position, in a partition.
struct At {
    std::uint32_t partition = kNone;
    std::int64_t offset = kUnknownOffset;
    Value value = 0;
};

struct Operation {
    Time begin = 0;
    Time end = kNever;
    std::uint32_t process = kNone;
    std::uint32_t line = 0;   // of the text; counts from 1
    std::uint32_t first = 0;  // of History::places
    std::uint32_t count = 0;
    Verb verb = Verb::poll;
    Outcome outcome = Outcome::ok;
    View view = View::latest;  // list_offsets; final_read: stable is what read_committed shows
    bool tombstone = false;    // send
    std::uint32_t group = kNone;
    Value key = 0;         // send: 0 is no key
    Value from = 0;        // send: the value that this one was made of, or 0
    std::int64_t low = 0;  // final_read: where the partition begins and ends
    std::int64_t high = 0;
};

enum class Writing : std::uint8_t {
    idempotent,
    plain,  // may write twice and out of order
    weak,   // and does not wait for the acknowledgement of all
};

struct Process {
    std::string name;
    View reads = View::stable;  // read_committed; latest: read_uncommitted
    Writing writes = Writing::idempotent;
    std::uint32_t group = kNone;
};

struct Topic {
    std::string name;
    bool retention = false;  // the broker may delete from its beginning
    bool compacted = false;
};

struct Partition {
    std::uint32_t topic = kNone;
    std::int32_t index = 0;
};

// Each record of `input` becomes one of `output`, exactly once, by transactions that move `group`;
// the group begins at offset 0.
struct Pipeline {
    std::uint32_t group = kNone;
    std::uint32_t input = kNone;
    std::uint32_t output = kNone;
};

class History {
  public:
    std::uint32_t process(std::string_view name);
    std::uint32_t topic(std::string_view name);
    std::uint32_t partition(std::uint32_t topic, std::int32_t index);
    std::uint32_t group(std::string_view name);

    void add(Operation operation, std::span<const At> places);
    // Brings the operations into the order of their beginnings; once, after the last add().
    void sort();

    std::span<const At> places(const Operation& operation) const {
        return std::span(places_).subspan(operation.first, operation.count);
    }
    const std::vector<Operation>& operations() const { return operations_; }
    const Topic& topic_of(std::uint32_t partition) const {
        return topics[partitions[partition].topic];
    }
    // "orders/3"
    std::string name(std::uint32_t partition) const;

    std::vector<Process> processes;
    std::vector<Topic> topics;
    std::vector<Partition> partitions;
    std::vector<std::string> groups;
    std::vector<Pipeline> pipelines;

  private:
    using Names = std::map<std::string, std::uint32_t, std::less<>>;

    Names process_ids_;
    Names topic_ids_;
    Names group_ids_;
    std::map<std::pair<std::uint32_t, std::int32_t>, std::uint32_t> partition_ids_;
    std::vector<Operation> operations_;
    std::vector<At> places_;
};

std::string_view name_of(Verb verb);

// For a person: "line 12: p1 send orders/0 17 ok".
std::string describe(const History& history, const Operation& operation);

}  // namespace milena::history
