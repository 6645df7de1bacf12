// Appends are in the order of their senders and of real time; what the broker reports of a
// partition's ends only goes forward.
#include "tests/history/checker.h"

#include <algorithm>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

namespace milena::history {

namespace {

// A fact about an end of the partition: known from `time` on.
struct Mark {
    Time time = 0;
    std::int64_t offset = 0;
    std::uint32_t operation = kNone;
};

// The highest mark, and the highest of another process.
class Highest {
  public:
    void add(const Mark& mark, std::uint32_t process) {
        if (first_.operation == kNone || mark.offset > first_.offset) {
            if (process != process_) second_ = first_;
            first_ = mark;
            process_ = process;
        } else if (process != process_ &&
                   (second_.operation == kNone || mark.offset > second_.offset)) {
            second_ = mark;
        }
    }
    // nullptr: there is none
    const Mark* of_others(std::uint32_t process) const {
        const Mark& mark = process == process_ ? second_ : first_;
        return mark.operation == kNone ? nullptr : &mark;
    }

  private:
    Mark first_;
    Mark second_;
    std::uint32_t process_ = kNone;
};

class OrderCheck {
  public:
    OrderCheck(const Facts& facts, Report& report)
        : facts_(facts), report_(report), lines_(facts.partitions.size()) {}

    void run() {
        collect();
        for (std::uint32_t p = 0; p < lines_.size(); ++p) {
            appends(p);
            ends(p);
            starts(p);
        }
    }

  private:
    // Of one partition, operations in the order of their beginnings.
    struct Line {
        std::vector<Mark> sends;  // acknowledged; time is the end
        std::vector<Mark> latest;
        std::vector<Mark> stable;
        std::vector<Mark> earliest;
    };

    const Operation& operation(const Mark& mark) const {
        return facts_.history.operations()[mark.operation];
    }
    std::string words(const Mark& mark) const { return describe(facts_.history, operation(mark)); }

    void collect() {
        const auto& operations = facts_.history.operations();
        for (std::uint32_t i = 0; i < operations.size(); ++i) {
            const Operation& op = operations[i];
            if (op.outcome != Outcome::ok) continue;
            if (op.verb != Verb::send && op.verb != Verb::list_offsets) continue;
            if (facts_.history.processes[op.process].writes == Writing::weak) continue;
            for (const At& at : facts_.history.places(op)) {
                if (at.offset == kUnknownOffset) continue;
                Line& line = lines_[at.partition];
                auto& marks = op.verb == Verb::send       ? line.sends
                              : op.view == View::earliest ? line.earliest
                              : op.view == View::latest   ? line.latest
                                                          : line.stable;
                marks.push_back({.time = op.end, .offset = at.offset, .operation = i});
            }
        }
    }

    void appends(std::uint32_t p) {
        const std::vector<Mark>& sends = lines_[p].sends;
        std::vector<Mark> ended = sends;
        std::ranges::sort(ended, {}, &Mark::time);
        boost::unordered_flat_map<std::uint32_t, Mark> last;  // by process
        Highest highest;
        auto next = ended.begin();
        for (const Mark& send : sends) {
            const Operation& op = operation(send);
            for (; next != ended.end() && next->time < op.begin; ++next) {
                highest.add(*next, operation(*next).process);
            }
            compare(send, highest.of_others(op.process), Anomaly::nonmonotonic_append);
            if (facts_.history.processes[op.process].writes != Writing::idempotent) continue;
            const auto [mine, first] = last.try_emplace(op.process, send);
            if (first) continue;
            compare(send, &mine->second, Anomaly::nonmonotonic_send);
            mine->second = send;
        }
    }

    // The same offset twice is reported as inconsistent.
    void compare(const Mark& send, const Mark* before, Anomaly anomaly) {
        if (before == nullptr || send.offset >= before->offset) return;
        report_.add(anomaly, [&] {
            return fmt::format("{} stands before {}", words(send), words(*before));
        });
    }

    // Reads of `reads` must not be below any of `known` that was known before they began.
    void never_below(std::vector<Mark> known, const std::vector<Mark>& reads) {
        std::ranges::sort(known, {}, &Mark::time);
        auto next = known.begin();
        const Mark* highest = nullptr;
        for (const Mark& read : reads) {
            for (; next != known.end() && next->time < operation(read).begin; ++next) {
                if (highest == nullptr || next->offset > highest->offset) highest = &*next;
            }
            if (highest == nullptr || read.offset >= highest->offset) continue;
            const bool start = operation(read).view == View::earliest;
            report_.add(start ? Anomaly::regressed_start : Anomaly::regressed_end, [&] {
                return fmt::format("{} is below {}", words(read), words(*highest));
            });
        }
    }

    void ends(std::uint32_t p) {
        const Line& line = lines_[p];
        std::vector<Mark> known = line.latest;
        known.insert(known.end(), line.stable.begin(), line.stable.end());
        for (Mark send : line.sends) {
            ++send.offset;
            known.push_back(send);
        }
        never_below(std::move(known), line.latest);
        never_below(line.stable, line.stable);
    }

    void starts(std::uint32_t p) { never_below(lines_[p].earliest, lines_[p].earliest); }

    const Facts& facts_;
    Report& report_;
    std::vector<Line> lines_;
};

}  // namespace

void check_order(const Facts& facts, Report& report) {
    OrderCheck(facts, report).run();
}

}  // namespace milena::history
