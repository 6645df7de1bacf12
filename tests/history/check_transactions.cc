// A transaction is visible whole or not at all, and only after its commit was asked for.
#include "tests/history/checker.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::history {

namespace {

// Some of a transaction that may have committed is visible, some that was acknowledged is not.
// What is missing from the whole log is a lost write, not this.
void check_torn(const Facts& facts, const Txn& txn, Report& report) {
    const Write* visible = nullptr;
    for (const std::uint32_t w : txn.writes) {
        if ((facts.writes[w].seen & kVisible) != 0) visible = &facts.writes[w];
    }
    if (visible == nullptr) return;
    for (const std::uint32_t w : txn.writes) {
        const Write& write = facts.writes[w];
        const Operation& op = facts.operation(write);
        const At& at = facts.place(write);
        const PartitionFacts& partition = facts.partitions[at.partition];
        if ((write.seen & kVisible) != 0 || op.outcome != Outcome::ok) continue;
        if (!partition.committed.there || op.end >= partition.committed.begin) continue;
        if (facts.history.topic_of(at.partition).compacted) continue;
        const std::int64_t offset = at.offset == kUnknownOffset ? write.placed : at.offset;
        const bool in_range = offset >= partition.low() && offset < partition.committed.high;
        const bool offset_free = offset == kUnknownOffset && partition.low() == 0;
        if (!in_range && !offset_free) continue;
        if (partition.all.there && (write.seen & kFinal) == 0) continue;
        if (!partition.all.there && txn.fate == Fate::committed) continue;
        report.add(Anomaly::torn_transaction, [&] {
            return fmt::format("{} is visible, {} is not", facts.describe(*visible),
                               facts.describe(write));
        });
        return;
    }
}

// The one who read a value: nobody saw it too early, nobody saw what never was.
void check_reader(const Facts& facts, const Operation& op, const At& at, Report& report) {
    const auto found = [&](const Write& write) {
        return fmt::format("{} was read by {}", facts.describe(write), describe(facts.history, op));
    };
    const std::uint32_t w = facts.write_of(at);
    if (w == kNone || op.end < facts.operation(facts.writes[w]).begin) {
        report.add(Anomaly::phantom_read, [&] {
            return fmt::format("{}@{}={} was read by {}, but {}", facts.history.name(at.partition),
                               at.offset, at.value, describe(facts.history, op),
                               w == kNone ? "nobody sent it there"
                                          : "sent later: " + facts.describe(facts.writes[w]));
        });
        return;
    }
    const Write& write = facts.writes[w];
    if (facts.operation(write).outcome == Outcome::fail) {
        report.add(Anomaly::failed_read, [&] { return found(write); });
        return;
    }
    const bool committed_view = op.verb == Verb::final_read
                                    ? op.view == View::stable
                                    : facts.history.processes[op.process].reads == View::stable;
    if (!committed_view || write.txn == kNone) return;
    const Txn& txn = facts.txns[write.txn];
    if (txn.fate == Fate::aborted) {
        report.add(Anomaly::aborted_read, [&] { return found(write); });
    } else if (op.end < txn.commit_begin) {
        report.add(Anomaly::precommitted_read, [&] { return found(write); });
    }
}

void check_hanging(const Facts& facts, Report& report) {
    for (std::uint32_t p = 0; p < facts.partitions.size(); ++p) {
        const PartitionFacts& partition = facts.partitions[p];
        if (!partition.all.there || !partition.committed.there) continue;
        if (partition.committed.high >= partition.all.high) continue;
        report.add(Anomaly::hanging_transaction, [&] {
            return fmt::format("{}: the last stable offset stays at {}, the end is {}",
                               facts.history.name(p), partition.committed.high, partition.all.high);
        });
    }
}

}  // namespace

void check_transactions(const Facts& facts, Report& report) {
    for (const Txn& txn : facts.txns) {
        if (txn.fate == Fate::committed || txn.fate == Fate::unknown) {
            check_torn(facts, txn, report);
        }
    }
    for (const Operation& op : facts.history.operations()) {
        if (op.verb != Verb::poll && op.verb != Verb::final_read) continue;
        for (const At& at : facts.history.places(op)) {
            if (at.offset != kUnknownOffset) check_reader(facts, op, at, report);
        }
    }
    check_hanging(facts, report);
}

}  // namespace milena::history
