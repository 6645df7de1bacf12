// What each consumer saw of a partition, in order and without a gap, from where it was put.
#include "tests/history/checker.h"

#include <algorithm>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

namespace milena::history {

namespace {

class PollCheck {
  public:
    PollCheck(const Facts& facts, Report& report)
        : facts_(facts), report_(report), processes_(facts.history.processes.size()) {}

    void run() {
        for (const Operation& op : facts_.history.operations()) {
            Positions& positions = processes_[op.process];
            switch (op.verb) {
                case Verb::poll:
                    poll(op, positions);
                    break;
                case Verb::assign:
                case Verb::subscribe:
                case Verb::crash:
                    positions.clear();
                    put(op, positions);
                    break;
                case Verb::seek:
                case Verb::assigned:
                case Verb::revoked:
                case Verb::lost:
                    put(op, positions);
                    break;
                default:
                    break;
            }
        }
    }

  private:
    struct Position {
        std::int64_t next = 0;
        std::size_t record = 0;  // index of the first known record at or behind `next`
        const Operation* by = nullptr;
    };
    using Positions = boost::unordered_flat_map<std::uint32_t, Position>;

    // An offset says where the next read begins; without one nobody knows.
    void put(const Operation& op, Positions& positions) {
        for (const At& at : facts_.history.places(op)) {
            positions.erase(at.partition);
            if (at.offset == kUnknownOffset) continue;
            const auto& records = facts_.partitions[at.partition].records;
            const auto r = std::ranges::lower_bound(records, at.offset, {}, &Record::offset);
            positions[at.partition] = {.next = at.offset,
                                       .record = static_cast<std::size_t>(r - records.begin()),
                                       .by = &op};
        }
    }

    void poll(const Operation& op, Positions& positions) {
        for (const At& at : facts_.history.places(op)) {
            const PartitionFacts& partition = facts_.partitions[at.partition];
            const auto [p, first] = positions.try_emplace(at.partition);
            Position& position = p->second;
            const auto from =
                partition.records.begin() + static_cast<std::ptrdiff_t>(position.record);
            auto here = from;
            if (first || at.offset < position.next) {
                here = std::ranges::lower_bound(partition.records, at.offset, {}, &Record::offset);
            } else if (here != partition.records.end() && here->offset < at.offset) {
                here = std::ranges::lower_bound(here, partition.records.end(), at.offset, {},
                                                &Record::offset);
            }
            if (!first)
                judge(op, at, position, static_cast<std::size_t>(here - partition.records.begin()));
            while (here != partition.records.end() && here->offset == at.offset) ++here;
            position = {.next = at.offset + 1,
                        .record = static_cast<std::size_t>(here - partition.records.begin()),
                        .by = &op};
        }
    }

    void judge(const Operation& op, const At& at, const Position& position, std::size_t here) {
        if (at.offset < position.next) {
            report_.add(Anomaly::nonmonotonic_poll, [&] {
                return fmt::format("{} read {}@{} when the next offset was {} (since {})",
                                   describe(facts_.history, op), facts_.history.name(at.partition),
                                   at.offset, position.next,
                                   describe(facts_.history, *position.by));
            });
            return;
        }
        const PartitionFacts& partition = facts_.partitions[at.partition];
        const auto& must = facts_.history.processes[op.process].reads == View::stable
                               ? partition.must_see_committed
                               : partition.must_see_uncommitted;
        if (must[here] == must[position.record]) return;
        report_.add(Anomaly::skipped_poll, [&] {
            std::size_t skipped = position.record;
            while (must[skipped + 1] == must[position.record]) ++skipped;
            const Record& record = partition.records[skipped];
            return fmt::format(
                "{} went from {} (since {}) to {}@{} over {} records, the first {}={}",
                describe(facts_.history, op), position.next, describe(facts_.history, *position.by),
                facts_.history.name(at.partition), at.offset, must[here] - must[position.record],
                record.offset, record.value);
        });
    }

    const Facts& facts_;
    Report& report_;
    std::vector<Positions> processes_;
};

}  // namespace

void check_polls(const Facts& facts, Report& report) {
    PollCheck(facts, report).run();
}

}  // namespace milena::history
