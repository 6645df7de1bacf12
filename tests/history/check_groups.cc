// Partitions of a group have one owner at a time, and its positions are the last committed ones.
#include "tests/history/checker.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace milena::history {

namespace {

using GroupPartition = std::pair<std::uint32_t, std::uint32_t>;

// One process owned one partition. Who agreed to give it up owned it until then; who lost it, or
// was never heard of again, certainly owned it only as long as its commits were accepted.
struct Ownership {
    Time begin = 0;
    Time proven = 0;
    Time end = kNever;
    bool agreed = false;
    std::uint32_t process = kNone;
    const Operation* assigned = nullptr;

    Time certain_end() const { return agreed ? end : proven; }
};

class OwnershipCheck {
  public:
    OwnershipCheck(const Facts& facts, Report& report) : facts_(facts), report_(report) {}

    void run() {
        for (const Operation& op : facts_.history.operations()) apply(op);
        for (auto& [where, owners] : owners_) {
            std::ranges::sort(owners, {}, &Ownership::begin);
            const Ownership* last = nullptr;
            for (const Ownership& owner : owners) {
                if (last != nullptr && owner.process != last->process &&
                    owner.begin < last->certain_end()) {
                    overlap(where.second, *last, owner);
                }
                if (last == nullptr || owner.certain_end() > last->certain_end()) last = &owner;
            }
        }
    }

  private:
    void apply(const Operation& op) {
        const std::uint32_t group = facts_.history.processes[op.process].group;
        switch (op.verb) {
            case Verb::assigned:
                for (const At& at : facts_.history.places(op)) {
                    auto& owners = owners_[{group, at.partition}];
                    open_[{op.process, at.partition}] = owners.size();
                    owners.push_back({.begin = op.begin,
                                      .proven = op.begin,
                                      .process = op.process,
                                      .assigned = &op});
                }
                break;
            case Verb::revoked:
            case Verb::lost:
                for (const At& at : facts_.history.places(op)) {
                    if (Ownership* mine = find(group, op.process, at.partition)) {
                        mine->agreed = op.verb == Verb::revoked;
                        mine->end = op.end;
                        open_.erase({op.process, at.partition});
                    }
                }
                break;
            case Verb::crash:
                std::erase_if(open_, [&](const auto& o) { return o.first.first == op.process; });
                break;
            case Verb::commit_offsets:
                if (op.outcome != Outcome::ok || op.group != group) break;
                for (const At& at : facts_.history.places(op)) {
                    Ownership* mine = find(group, op.process, at.partition);
                    if (mine != nullptr) mine->proven = op.begin;
                }
                break;
            default:
                break;
        }
    }

    Ownership* find(std::uint32_t group, std::uint32_t process, std::uint32_t partition) {
        const auto open = open_.find({process, partition});
        if (open == open_.end()) return nullptr;
        return &owners_[{group, partition}][open->second];
    }

    void overlap(std::uint32_t partition, const Ownership& first, const Ownership& second) {
        report_.add(Anomaly::overlapping_ownership, [&] {
            return fmt::format("{}: {} owned it until {} at least, {} from {} on",
                               facts_.history.name(partition),
                               describe(facts_.history, *first.assigned), first.certain_end(),
                               describe(facts_.history, *second.assigned), second.begin);
        });
    }

    const Facts& facts_;
    Report& report_;
    std::map<GroupPartition, std::vector<Ownership>> owners_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> open_;  // process, partition
};

// A position that was set, between `begin` and `end`; a transaction sets it when it commits.
struct Setting {
    Time begin = 0;
    Time end = kNever;
    std::int64_t offset = 0;
};

// Judges reads of one group's position of one partition as reads of a register.
class Register {
  public:
    void set(const Setting& setting) { settings_.push_back(setting); }
    void get(const Operation* op, std::int64_t offset) { reads_.push_back({op, offset}); }

    // `judge(operation, offset, whether anybody ever set it so)` is told of each wrong read.
    template <typename Judge>
    void check(const Judge& judge) {
        std::ranges::sort(settings_, {}, &Setting::end);
        std::ranges::sort(reads_, {}, [](const Read& r) { return r.op->begin; });
        std::map<std::int64_t, std::vector<Setting>> by_offset;
        for (const Setting& s : settings_) by_offset[s.offset].push_back(s);
        for (auto& [offset, settings] : by_offset) with_latest_end(settings);
        auto next = settings_.begin();
        Time newest = INT64_MIN;  // when the newest setting began that was over before the read
        for (const Read& read : reads_) {
            for (; next != settings_.end() && next->end < read.op->begin; ++next) {
                newest = std::max(newest, next->begin);
            }
            const auto found = by_offset.find(read.offset);
            const bool none = read.offset == kUnknownOffset;
            const bool known =
                found != by_offset.end() && found->second.front().begin <= read.op->end;
            const bool right =
                none ? newest == INT64_MIN : known && fits(found->second, read.op->end, newest);
            if (!right) judge(*read.op, read.offset, none || known);
        }
    }

  private:
    struct Read {
        const Operation* op;
        std::int64_t offset;
    };

    // In the order of their beginnings, each with the latest end of those up to it.
    static void with_latest_end(std::vector<Setting>& settings) {
        std::ranges::sort(settings, {}, &Setting::begin);
        Time latest = INT64_MIN;
        for (Setting& s : settings) s.end = latest = std::max(latest, s.end);
    }

    // One of them began before the read ended, and none that is over replaced it.
    static bool fits(const std::vector<Setting>& settings, Time read_end, Time newest) {
        const auto behind = std::ranges::upper_bound(settings, read_end, {}, &Setting::begin);
        return behind != settings.begin() && std::prev(behind)->end >= newest;
    }

    std::vector<Setting> settings_;
    std::vector<Read> reads_;
};

}  // namespace

void check_ownership(const Facts& facts, Report& report) {
    OwnershipCheck(facts, report).run();
}

void check_positions(const Facts& facts, Report& report) {
    const History& history = facts.history;
    std::map<GroupPartition, Register> registers;
    for (const Operation& op : history.operations()) {
        const bool set = op.verb == Verb::commit_offsets && op.outcome != Outcome::fail;
        const Time end = op.outcome == Outcome::ok ? op.end : kNever;
        for (const At& at : history.places(op)) {
            if (set) {
                registers[{op.group, at.partition}].set(
                    {.begin = op.begin, .end = end, .offset = at.offset});
            } else if (op.verb == Verb::fetch_offsets) {
                registers[{op.group, at.partition}].get(&op, at.offset);
            }
        }
    }
    for (const Txn& txn : facts.txns) {
        if (txn.fate != Fate::committed && txn.fate != Fate::unknown) continue;
        for (const std::uint32_t o : txn.offsets) {
            const Operation& op = history.operations()[o];
            if (op.outcome == Outcome::fail) continue;
            const Time end = op.outcome == Outcome::ok ? txn.end : kNever;
            for (const At& at : history.places(op)) {
                registers[{op.group, at.partition}].set(
                    {.begin = txn.commit_begin, .end = end, .offset = at.offset});
            }
        }
    }
    for (auto& [where, one] : registers) {
        const std::uint32_t partition = where.second;
        one.check([&](const Operation& op, std::int64_t offset, bool known) {
            const Anomaly what = known ? Anomaly::lost_offset_commit : Anomaly::phantom_offset;
            report.add(what, [&] {
                return fmt::format("{} shows {} for {}", describe(history, op), offset,
                                   history.name(partition));
            });
        });
    }
}

}  // namespace milena::history
