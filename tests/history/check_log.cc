// Each value at one offset, each offset with one value, and what was acknowledged is there.
#include "tests/history/checker.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace milena::history {

namespace {

class LogCheck {
  public:
    LogCheck(const Facts& facts, Report& report) : facts_(facts), report_(report) {}

    void run() {
        for (std::uint32_t p = 0; p < facts_.partitions.size(); ++p) {
            offsets(p);
            vanished(p);
        }
        for (const Write& write : facts_.writes) {
            acknowledged_place(write);
            lost(write);
        }
        latest_keys();
        deletions();
    }

  private:
    using Key = std::pair<std::uint32_t, Value>;  // partition, key

    std::string where(std::uint32_t partition, std::int64_t offset) const {
        return fmt::format("{}@{}", facts_.history.name(partition), offset);
    }
    std::string seen_by(const Record& record) const {
        return describe(facts_.history, facts_.history.operations()[record.operation]);
    }

    void offsets(std::uint32_t p) {
        const Record* last = nullptr;
        for (const Record& record : facts_.partitions[p].records) {
            if (last != nullptr && last->offset == record.offset) {
                report_.add(Anomaly::inconsistent_offsets, [&] {
                    return fmt::format("{} holds {} ({}) and {} ({})", where(p, record.offset),
                                       last->value, seen_by(*last), record.value, seen_by(record));
                });
            }
            last = &record;
            if (record.write == kNone || (record.seen & kInLog) == 0) continue;
            const Write& write = facts_.writes[record.write];
            if (write.placed == record.offset) continue;
            if (facts_.writer(write).writes != Writing::idempotent) continue;
            report_.add(Anomaly::duplicate, [&] {
                return fmt::format("{} is at {} and at offset {} ({})", facts_.describe(write),
                                   where(p, write.placed), record.offset, seen_by(record));
            });
        }
    }

    void acknowledged_place(const Write& write) {
        const At& at = facts_.place(write);
        if (at.offset == kUnknownOffset || write.placed == kUnknownOffset) return;
        if (facts_.writer(write).writes != Writing::idempotent) return;
        // A second place is reported as a duplicate.
        if (write.placed == at.offset || is_in_log(at)) return;
        report_.add(Anomaly::inconsistent_offsets, [&] {
            return fmt::format("{} was acknowledged at offset {}, but is at {}",
                               facts_.describe(write), at.offset,
                               where(at.partition, write.placed));
        });
    }

    bool is_in_log(const At& at) const {
        const auto& records = facts_.partitions[at.partition].records;
        auto r = std::ranges::lower_bound(records, at.offset, {}, &Record::offset);
        for (; r != records.end() && r->offset == at.offset; ++r) {
            if (r->value == at.value) return (r->seen & kInLog) != 0;
        }
        return false;
    }

    void lost(const Write& write) {
        const Operation& op = facts_.operation(write);
        const At& at = facts_.place(write);
        const PartitionFacts& partition = facts_.partitions[at.partition];
        const Final& final = partition.widest();
        if (op.outcome != Outcome::ok || !final.there || op.end >= final.begin) return;
        if (facts_.writer(write).writes == Writing::weak) return;
        if (facts_.history.topic_of(at.partition).compacted) return;
        if (may_be_deleted(write, at)) return;
        const bool all_shown = partition.all.there;
        const std::uint8_t shown = all_shown ? kFinal : kFinalCommitted;
        if (!all_shown && !facts_.certainly_visible(write)) return;
        if ((write.seen & shown) != 0) {
            if (all_shown) hidden(write);
            return;
        }
        report_.add(Anomaly::lost_write, [&] {
            return fmt::format("{} is not in {}, which was read from {} to {}",
                               facts_.describe(write), facts_.history.name(at.partition), final.low,
                               final.high);
        });
    }

    // An acknowledgement without an offset does not tell whether retention took the record.
    bool may_be_deleted(const Write& write, const At& at) const {
        const std::int64_t low = facts_.partitions[at.partition].low();
        const std::int64_t offset = at.offset == kUnknownOffset ? write.placed : at.offset;
        return low > 0 && offset < low;
    }

    // In the log, but read_committed passes it. A transaction that is shown in part is torn, which
    // is reported there.
    void hidden(const Write& write) {
        const Final& committed = facts_.partitions[facts_.place(write).partition].committed;
        if (!committed.there || !facts_.certainly_visible(write)) return;
        if ((write.seen & kVisible) != 0 || write.placed >= committed.high) return;
        if (write.txn != kNone && partly_visible(facts_.txns[write.txn])) return;
        report_.add(Anomaly::lost_write, [&] {
            return fmt::format("{} is in the log at offset {}, but read_committed does not show it",
                               facts_.describe(write), write.placed);
        });
    }

    bool partly_visible(const Txn& txn) const {
        return std::ranges::any_of(
            txn.writes, [&](std::uint32_t w) { return (facts_.writes[w].seen & kVisible) != 0; });
    }

    void vanished(std::uint32_t p) {
        const PartitionFacts& partition = facts_.partitions[p];
        const Final& final = partition.widest();
        if (!final.there || facts_.history.topic_of(p).compacted) return;
        const std::uint8_t polled = partition.all.there ? kPolled : kReadCommitted;
        const std::uint8_t shown = partition.all.there ? kFinal : kFinalCommitted;
        for (const Record& record : partition.records) {
            if ((record.seen & polled) == 0 || (record.seen & shown) != 0) continue;
            if (record.offset < partition.low() || record.write == kNone) continue;
            const Write& write = facts_.writes[record.write];
            // Else it is a lost write, or a duplicate.
            if (facts_.operation(write).outcome == Outcome::ok) continue;
            if ((write.seen & shown) != 0) continue;
            report_.add(Anomaly::vanished_read, [&] {
                return fmt::format("{} was read at {} ({}), and is not there at the end",
                                   facts_.describe(write), where(p, record.offset),
                                   seen_by(record));
            });
        }
    }

    // Compaction keeps the latest record of each key, or a tombstone's absence.
    void latest_keys() {
        std::map<Key, std::int64_t> kept;     // the highest offset at the end
        std::map<Key, std::int64_t> removed;  // the highest tombstone
        for (std::uint32_t p = 0; p < facts_.partitions.size(); ++p) {
            if (!facts_.history.topic_of(p).compacted) continue;
            for (const Record& record : facts_.partitions[p].records) {
                if ((record.seen & kFinal) == 0 || record.write == kNone) continue;
                const Write& write = facts_.writes[record.write];
                if (is_void(write)) continue;
                kept[{p, facts_.operation(write).key}] = record.offset;
            }
        }
        for (const Write& write : facts_.writes) {
            const Operation& op = facts_.operation(write);
            const At& at = facts_.place(write);
            if (!op.tombstone || op.outcome == Outcome::fail || is_void(write)) continue;
            std::int64_t& offset = removed[{at.partition, op.key}];
            offset = std::max(offset, at.offset == kUnknownOffset ? kNever : at.offset);
        }
        for (const Write& write : facts_.writes) {
            const Operation& op = facts_.operation(write);
            const At& at = facts_.place(write);
            const PartitionFacts& partition = facts_.partitions[at.partition];
            if (!facts_.history.topic_of(at.partition).compacted || !partition.all.there) continue;
            if (op.key == 0 || op.tombstone || !facts_.certainly_visible(write)) continue;
            if (at.offset < partition.low()) continue;
            const Key key{at.partition, op.key};
            const auto k = kept.find(key);
            const auto r = removed.find(key);
            if (k != kept.end() && k->second >= at.offset) continue;
            if (r != removed.end() && r->second > at.offset) continue;
            report_.add(Anomaly::lost_key, [&] {
                return fmt::format("no record of key {} at or after offset {} is left: {}", op.key,
                                   at.offset, facts_.describe(write));
            });
        }
    }

    // What an aborted transaction wrote replaces nothing.
    bool is_void(const Write& write) const {
        if (write.txn == kNone) return false;
        const Fate fate = facts_.txns[write.txn].fate;
        return fate == Fate::aborted || fate == Fate::open;
    }

    void deletions() {
        std::vector<std::int64_t> asked(facts_.partitions.size(), 0);
        std::vector<std::int64_t> done(facts_.partitions.size(), 0);
        for (const Operation& op : facts_.history.operations()) {
            if (op.verb != Verb::delete_records || op.outcome == Outcome::fail) continue;
            for (const At& at : facts_.history.places(op)) {
                auto& a = asked[at.partition];
                auto& d = done[at.partition];
                a = std::max(a, at.offset);
                if (op.outcome == Outcome::ok) d = std::max(d, at.offset);
            }
        }
        for (std::uint32_t p = 0; p < facts_.partitions.size(); ++p) {
            const Final& final = facts_.partitions[p].widest();
            if (!final.there) continue;
            const auto words = [&](std::int64_t want) {
                return [this, p, want, low = final.low] {
                    return fmt::format("{} begins at {}, deletion was asked for up to {}",
                                       facts_.history.name(p), low, want);
                };
            };
            if (final.low > asked[p] && !facts_.history.topic_of(p).retention) {
                report_.add(Anomaly::deleted_early, words(asked[p]));
            }
            if (final.low < done[p]) report_.add(Anomaly::undeleted_records, words(done[p]));
        }
    }

    const Facts& facts_;
    Report& report_;
};

}  // namespace

void check_log(const Facts& facts, Report& report) {
    LogCheck(facts, report).run();
}

}  // namespace milena::history
