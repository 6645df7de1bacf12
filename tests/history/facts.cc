#include "tests/history/facts.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace milena::history {

namespace {

std::uint8_t sight_of(const History& history, const Operation& op) {
    switch (op.verb) {
        case Verb::send:
            return kAcked;
        case Verb::poll:
            return history.processes[op.process].reads == View::stable ? kReadCommitted
                                                                       : kReadUncommitted;
        case Verb::final_read:
            return op.view == View::stable ? kFinalCommitted : kFinal;
        default:
            return 0;
    }
}

}  // namespace

std::int64_t PartitionFacts::low() const {
    return std::max(all.there ? all.low : 0, committed.there ? committed.low : 0);
}

Facts::Facts(const History& h) : history(h), partitions(h.partitions.size()) {
    find_transactions();
    gather();
    for (std::uint32_t p = 0; p < partitions.size(); ++p) {
        merge(partitions[p]);
        count_must_see(partitions[p], p);
    }
}

std::uint32_t Facts::write_of(const At& at) const {
    const auto found = by_value_.find(at.value);
    if (found == by_value_.end()) return kNone;
    return place(writes[found->second]).partition == at.partition ? found->second : kNone;
}

bool Facts::certainly_visible(const Write& write) const {
    if (operation(write).outcome != Outcome::ok) return false;
    return write.txn == kNone || txns[write.txn].fate == Fate::committed;
}

std::string Facts::describe(const Write& write) const {
    std::string text =
        fmt::format("{} ({})", place(write).value, history::describe(history, operation(write)));
    if (write.txn == kNone) return text;
    constexpr std::string_view kFates[] = {"never asked to commit", "committed", "aborted",
                                           "of unknown fate"};
    const Txn& txn = txns[write.txn];
    return text + fmt::format(" of the transaction of line {}, {}",
                              history.operations()[txn.begin].line,
                              kFates[static_cast<std::size_t>(txn.fate)]);
}

// A process has one transaction at a time; what it sends before begin_txn is in none.
void Facts::find_transactions() {
    std::vector<std::uint32_t> current(history.processes.size(), kNone);
    const auto& operations = history.operations();
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
        const Operation& op = operations[i];
        std::uint32_t& txn = current[op.process];
        switch (op.verb) {
            case Verb::begin_txn:
                txn = static_cast<std::uint32_t>(txns.size());
                txns.push_back({.begin = i});
                break;
            case Verb::send:
                by_value_.emplace(history.places(op).front().value,
                                  static_cast<std::uint32_t>(writes.size()));
                if (txn != kNone) {
                    txns[txn].writes.push_back(static_cast<std::uint32_t>(writes.size()));
                }
                writes.push_back({.operation = i, .txn = txn});
                break;
            case Verb::send_offsets:
                if (txn != kNone) txns[txn].offsets.push_back(i);
                break;
            case Verb::commit_txn:
            case Verb::abort_txn:
                if (txn == kNone) break;
                end_transaction(txns[txn], op);
                if (op.outcome == Outcome::ok) txn = kNone;
                break;
            case Verb::crash:
                txn = kNone;
                break;
            default:
                break;
        }
    }
}

// After a commit of unknown outcome another attempt, or an abort, may tell.
void Facts::end_transaction(Txn& txn, const Operation& op) {
    if (op.verb == Verb::commit_txn) txn.commit_begin = std::min(txn.commit_begin, op.begin);
    if (op.outcome == Outcome::ok) {
        txn.fate = op.verb == Verb::commit_txn ? Fate::committed : Fate::aborted;
        txn.end = op.end;
    } else if (op.verb == Verb::commit_txn) {
        const bool failed = op.outcome == Outcome::fail && txn.fate != Fate::unknown;
        txn.fate = failed ? Fate::aborted : Fate::unknown;
    }
}

void Facts::gather() {
    const auto& operations = history.operations();
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
        const Operation& op = operations[i];
        const std::uint8_t sight = sight_of(history, op);
        if (sight == 0) continue;
        // Where the leader put it says nothing about the log when nobody else had it.
        if (sight == kAcked && history.processes[op.process].writes == Writing::weak) continue;
        for (const At& at : history.places(op)) {
            if (at.offset == kUnknownOffset) continue;
            partitions[at.partition].records.push_back(
                {.offset = at.offset, .value = at.value, .operation = i, .seen = sight});
        }
        if (op.verb != Verb::final_read) continue;
        PartitionFacts& partition = partitions[history.places(op).front().partition];
        Final& final = op.view == View::stable ? partition.committed : partition.all;
        final.low = final.there ? std::min(final.low, op.low) : op.low;
        final.high = std::max(final.high, op.high);
        final.begin = std::min(final.begin, op.begin);
        final.end = std::max(final.end, op.end);
        final.there = true;
    }
}

// Sightings of one value at one offset become one record; the write learns where it was seen.
void Facts::merge(PartitionFacts& partition) {
    auto& records = partition.records;
    std::ranges::sort(records, {},
                      [](const Record& r) { return std::tuple(r.offset, r.value, r.operation); });
    std::size_t kept = 0;
    for (const Record& record : records) {
        if (kept > 0 && records[kept - 1].offset == record.offset &&
            records[kept - 1].value == record.value) {
            records[kept - 1].seen |= record.seen;
            continue;
        }
        records[kept++] = record;
    }
    records.resize(kept);
    const auto id = static_cast<std::uint32_t>(&partition - partitions.data());
    for (Record& record : records) {
        record.write = write_of({.partition = id, .offset = record.offset, .value = record.value});
        if (record.write == kNone) continue;
        Write& write = writes[record.write];
        write.seen |= record.seen;
        if ((record.seen & kInLog) != 0 && write.placed == kUnknownOffset) {
            write.placed = record.offset;
        }
    }
}

void Facts::count_must_see(PartitionFacts& partition, std::uint32_t id) {
    const bool compacted = history.topic_of(id).compacted;
    const std::size_t count = partition.records.size();
    partition.must_see_uncommitted.assign(count + 1, 0);
    partition.must_see_committed.assign(count + 1, 0);
    for (std::size_t i = 0; i < count; ++i) {
        const Record& record = partition.records[i];
        const auto must = [&](View view) {
            return !compacted && must_see(record, partition, view) ? 1U : 0U;
        };
        partition.must_see_uncommitted[i + 1] =
            partition.must_see_uncommitted[i] + must(View::latest);
        partition.must_see_committed[i + 1] = partition.must_see_committed[i] + must(View::stable);
    }
}

// What only an acknowledgement speaks of is a lost write at most, once, not a skip of every reader.
// What retention has deleted by the end may have been gone when a reader came by.
bool Facts::must_see(const Record& record, const PartitionFacts& partition, View view) const {
    if (record.offset < partition.low()) return false;
    if ((record.seen & kInLog) == 0 && partition.widest().there) return false;
    if (view == View::latest || (record.seen & kVisible) != 0) return true;
    if (record.write == kNone) return false;
    const std::uint32_t txn = writes[record.write].txn;
    return txn == kNone || txns[txn].fate == Fate::committed;
}

}  // namespace milena::history
