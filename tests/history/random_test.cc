// Histories of a small random world: a right one raises nothing, one with a fault raises what the
// fault is called. MILENA_SEED replays; MILENA_WORLDS (default 2,000) says how many,
// MILENA_OPERATIONS (default 100,000) how large the one big one is.
#include "tests/history/checker.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::history {
namespace {

enum class Fault { none, lose, twice, show_open, show_aborted, skip, repeat, forget, share, tear };

constexpr int kPartitions = 3;
constexpr int kProducers = 3;
constexpr int kConsumers = 4;  // the first two are members of a group

std::uint64_t environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// A broker without time: each operation takes effect at one moment between its beginning and end.
class World {
  public:
    World(std::uint64_t seed, Fault fault, int steps) : chance_(seed), fault_(fault) {
        topic_ = history_.topic("t");
        for (int p = 0; p < kPartitions; ++p) history_.partition(topic_, p);
        group_ = history_.group("g");
        for (int i = 0; i < kProducers + kConsumers; ++i) {
            Actor actor;
            actor.process = history_.process("p" + std::to_string(i));
            actor.consumer = i >= kProducers;
            actor.committed = i % 2 == 0;
            actor.member = actor.consumer && i < kProducers + 2;
            Process& process = history_.processes[actor.process];
            process.reads = actor.committed ? View::stable : View::latest;
            if (actor.member) process.group = group_;
            actors_.push_back(actor);
            plan(actors_.back());
        }
        for (int i = 0; i < steps; ++i) step();
        finish();
        history_.sort();
    }

    const History& history() const { return history_; }
    bool faulty() const { return faulty_; }

  private:
    enum class State { open, committed, aborted };
    struct Entry {
        Value value = 0;  // 0: a marker
        int txn = -1;
        bool acked = false;
    };
    struct Actor {
        std::uint32_t process = 0;
        bool consumer = false;
        bool committed = false;
        bool member = false;
        Time begin = 0;
        Time effect = 0;
        Time end = 0;
        int txn = -1;
        bool must_abort = false;
        std::set<int> written;
        std::int64_t offset = -1;  // to be committed with the transaction, of partition 0
        std::int64_t position[kPartitions] = {};
        std::int64_t last[kPartitions] = {-2, -2, -2};  // read since it was put somewhere
        std::set<std::uint32_t> owned;
    };

    std::uint64_t below(std::uint64_t n) { return chance_() % n; }
    bool once(Fault fault) {
        if (fault_ != fault || faulty_ || below(3) != 0) return false;
        return true;
    }

    void plan(Actor& actor) {
        actor.begin = actor.end + 1 + static_cast<Time>(below(5));
        actor.effect = actor.begin + static_cast<Time>(below(20));
        actor.end = actor.effect + static_cast<Time>(below(20));
    }

    void record(const Actor& actor, Verb verb, std::vector<At> places, Outcome outcome,
                std::uint32_t group = kNone) {
        Operation op;
        op.begin = actor.begin;
        op.end = outcome == Outcome::unknown ? kNever : actor.end;
        op.process = actor.process;
        op.line = ++line_;
        op.verb = verb;
        op.outcome = outcome;
        op.group = group;
        history_.add(op, places);
    }

    void step() {
        Actor& actor = *std::ranges::min_element(actors_, {}, &Actor::effect);
        if (!actor.consumer) {
            produce(actor);
        } else if (below(12) == 0) {
            actor.member ? rebalance(actor) : seek(actor);
        } else if (below(8) == 0) {
            position(actor);
        } else {
            poll(actor);
        }
        plan(actor);
    }

    Outcome outcome() { return below(8) == 0 ? Outcome::unknown : Outcome::ok; }

    void produce(Actor& actor) {
        // A producer is transactional or it is not.
        if (actor.txn < 0 && actor.process != 0) {
            actor.txn = static_cast<int>(states_.size());
            states_.push_back(State::open);
            return record(actor, Verb::begin_txn, {}, Outcome::ok);
        }
        if (actor.txn >= 0 && (actor.must_abort || below(4) == 0)) return end(actor);
        if (actor.txn >= 0 && below(5) == 0) {
            actor.offset = static_cast<std::int64_t>(below(1000));
            return record(actor, Verb::send_offsets, {{0, actor.offset, 0}}, Outcome::ok,
                          txn_group());
        }
        send(actor);
    }

    // Positions by transactions have a group of their own: the members of the other one commit
    // too, and which is last would be unknown.
    std::uint32_t txn_group() { return history_.group("h"); }

    void send(Actor& actor) {
        const auto p = static_cast<std::uint32_t>(below(kPartitions));
        const Value value = ++last_value_;
        const Outcome became = below(10) == 0 ? Outcome::fail : outcome();
        At at{p, kUnknownOffset, value};
        const bool arrives = became == Outcome::ok || (became == Outcome::unknown && below(2) == 0);
        auto& log = logs_[p];
        if (arrives) {
            if (became == Outcome::ok) at.offset = static_cast<std::int64_t>(log.size());
            log.push_back({value, actor.txn, became == Outcome::ok});
            if (actor.txn >= 0) actor.written.insert(static_cast<int>(p));
            if (once(Fault::lose) && became == Outcome::ok) {
                log.back().value = 0;
                faulty_ = true;
            } else if (actor.txn < 0 && once(Fault::twice)) {
                log.push_back(log.back());
                faulty_ = true;
            }
        }
        record(actor, Verb::send, {at}, became);
        actor.must_abort = became != Outcome::ok && actor.txn >= 0;
    }

    void end(Actor& actor) {
        const bool commit = !actor.must_abort && below(3) != 0;
        const Outcome became = outcome();
        const bool happens = became == Outcome::ok || below(2) == 0;
        // What never ends by itself the broker aborts.
        const State state = commit && happens ? State::committed : State::aborted;
        states_[static_cast<std::size_t>(actor.txn)] = state;
        for (const int p : actor.written) logs_[p].push_back({0, -1, false});
        if (state == State::committed && actor.written.size() > 1 && once(Fault::tear)) tear(actor);
        if (state == State::committed && actor.offset >= 0) {
            positions_[{txn_group(), 0}] = actor.offset;
        }
        record(actor, commit ? Verb::commit_txn : Verb::abort_txn, {}, became);
        actor.txn = -1;
        actor.must_abort = false;
        actor.offset = -1;
        actor.written.clear();
    }

    // One partition forgets that the transaction committed.
    void tear(Actor& actor) {
        const int p = *actor.written.begin();
        const int torn = static_cast<int>(states_.size());
        states_.push_back(State::aborted);
        bool acked = false;
        bool other = false;
        for (int q = 0; q < kPartitions; ++q) {
            for (const Entry& e : logs_[q]) {
                if (e.txn == actor.txn && e.value != 0) (q == p ? acked : other) |= e.acked;
            }
        }
        if (!acked || !other) return;
        faulty_ = true;
        for (Entry& e : logs_[p]) {
            if (e.txn == actor.txn) e.txn = torn;
        }
    }

    // It only goes forward, so the search goes on where it ended.
    std::int64_t stable_end(int p) {
        const auto& log = logs_[p];
        std::size_t& o = stable_[p];
        while (o < log.size() && !is(log[o], State::open)) ++o;
        return static_cast<std::int64_t>(o);
    }
    bool is(const Entry& e, State state) const {
        return e.txn >= 0 && states_[static_cast<std::size_t>(e.txn)] == state;
    }

    void poll(Actor& actor) {
        std::vector<At> found;
        for (std::uint32_t p = 0; p < kPartitions; ++p) {
            if (actor.member && !actor.owned.contains(p)) continue;
            auto& log = logs_[p];
            std::int64_t end = actor.committed ? stable_end(static_cast<int>(p))
                                               : static_cast<std::int64_t>(log.size());
            const bool open = actor.committed && once(Fault::show_open);
            const bool aborted = actor.committed && once(Fault::show_aborted);
            if (open) end = static_cast<std::int64_t>(log.size());
            auto limit = below(6);
            std::int64_t& next = actor.position[p];
            if (next > 0 && log[static_cast<std::size_t>(next) - 1].value != 0 &&
                once(Fault::repeat) && actor.last[p] == next - 1) {
                --next;
                limit = std::max<std::uint64_t>(limit, 1);
                faulty_ = true;
            }
            for (; next < end && limit-- > 0; ++next) {
                const Entry& e = log[static_cast<std::size_t>(next)];
                if (e.value == 0) continue;
                if (actor.committed && is(e, State::aborted)) {
                    if (!aborted) continue;
                    faulty_ = true;
                }
                if (actor.committed && is(e, State::open)) faulty_ = true;
                if (!is(e, State::open) && !is(e, State::aborted) && next + 1 < end &&
                    once(Fault::skip) && actor.last[p] == next - 1) {
                    skipped_ = {actor.process, p};
                    continue;
                }
                if (skipped_ == std::pair{actor.process, p}) faulty_ = true;
                actor.last[p] = next;
                found.push_back({p, next, e.value});
            }
        }
        record(actor, Verb::poll, found, Outcome::ok);
    }

    void seek(Actor& actor) {
        const auto p = static_cast<std::uint32_t>(below(kPartitions));
        actor.position[p] = static_cast<std::int64_t>(below(logs_[p].size() + 1));
        forget(actor, p);
        record(actor, Verb::seek, {{p, actor.position[p], 0}}, Outcome::ok);
    }
    void forget(Actor& actor, std::uint32_t p) {
        actor.last[p] = -2;
        if (skipped_ == std::pair{actor.process, p}) skipped_ = {kNone, 0};
    }

    // Gives up all, or takes what nobody has. A fault: takes what somebody has and keeps.
    void rebalance(Actor& actor) {
        std::vector<At> places;
        if (!actor.owned.empty()) {
            for (const std::uint32_t p : actor.owned) places.push_back({p, kUnknownOffset, 0});
            actor.owned.clear();
            actor.end = actor.effect;
            return record(actor, Verb::revoked, places, Outcome::ok);
        }
        const bool share = once(Fault::share);
        for (std::uint32_t p = 0; p < kPartitions; ++p) {
            bool free = true;
            for (const Actor& other : actors_) free = free && !other.owned.contains(p);
            if (!free && !share) continue;
            if (below(2) == 0) continue;
            actor.owned.insert(p);
            const auto found = positions_.find({group_, p});
            actor.position[p] = found == positions_.end() ? 0 : found->second;
            forget(actor, p);
            places.push_back({p, actor.position[p], 0});
            faulty_ = faulty_ || !free;
        }
        actor.begin = actor.effect;
        record(actor, Verb::assigned, places, Outcome::ok);
    }

    void position(Actor& actor) {
        if (actor.member && !actor.owned.empty() && below(2) == 0) {
            const std::uint32_t p = *actor.owned.begin();
            const Outcome became = outcome();
            if (became == Outcome::ok || below(2) == 0) {
                const auto found = positions_.find({group_, p});
                const bool changes =
                    found == positions_.end() || found->second != actor.position[p];
                if (became == Outcome::ok && changes && once(Fault::forget)) {
                    faulty_ = true;
                } else {
                    positions_[{group_, p}] = actor.position[p];
                }
            }
            return record(actor, Verb::commit_offsets, {{p, actor.position[p], 0}}, became, group_);
        }
        const auto p = static_cast<std::uint32_t>(below(kPartitions));
        const std::uint32_t group = below(2) == 0 ? group_ : txn_group();
        const auto found = positions_.find({group, p});
        record(actor, Verb::fetch_offsets, {{p, found == positions_.end() ? -1 : found->second, 0}},
               Outcome::ok, group);
    }

    void finish() {
        for (Actor& actor : actors_) {
            actor.must_abort = true;
            if (actor.txn >= 0) end(actor);
            now_ = std::max(now_, actor.end);
        }
        const std::uint32_t reader = history_.process("reader");
        for (std::uint32_t p = 0; p < kPartitions; ++p) {
            for (const View view : {View::latest, View::stable}) {
                Operation op;
                op.begin = now_ + 10;
                op.end = now_ + 20;
                op.process = reader;
                op.line = ++line_;
                op.verb = Verb::final_read;
                op.view = view;
                op.high = static_cast<std::int64_t>(logs_[p].size());
                std::vector<At> places = {{p, kUnknownOffset, 0}};
                for (std::size_t o = 0; o < logs_[p].size(); ++o) {
                    const Entry& e = logs_[p][o];
                    if (e.value == 0 || (view == View::stable && is(e, State::aborted))) continue;
                    places.push_back({p, static_cast<std::int64_t>(o), e.value});
                }
                history_.add(op, places);
            }
        }
    }

    std::mt19937_64 chance_;
    Fault fault_;
    bool faulty_ = false;
    History history_;
    std::uint32_t topic_ = 0;
    std::uint32_t group_ = 0;
    std::uint32_t line_ = 0;
    Value last_value_ = 0;
    Time now_ = 0;
    std::vector<Actor> actors_;
    std::vector<State> states_;
    std::vector<Entry> logs_[kPartitions];
    std::size_t stable_[kPartitions] = {};
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> positions_;
    std::pair<std::uint32_t, std::uint32_t> skipped_{kNone, 0};
};

std::string texts(const Report& report) {
    std::string out;
    for (const Finding& f : report.findings()) {
        out += std::string(name_of(f.anomaly)) + ": " + f.text + "\n";
    }
    return out;
}

struct Expected {
    Fault fault;
    std::vector<Anomaly> anomalies;
    unsigned percent;  // of the faulty worlds that must show one; not every fault has a witness
};

const Expected kExpected[] = {
    {Fault::lose, {Anomaly::lost_write}, 100},
    {Fault::twice, {Anomaly::duplicate}, 100},
    {Fault::show_open, {Anomaly::precommitted_read, Anomaly::aborted_read}, 50},
    {Fault::show_aborted, {Anomaly::aborted_read, Anomaly::precommitted_read}, 50},
    {Fault::skip, {Anomaly::skipped_poll}, 100},
    {Fault::repeat, {Anomaly::nonmonotonic_poll}, 100},
    {Fault::forget, {Anomaly::lost_offset_commit, Anomaly::phantom_offset}, 30},
    {Fault::share, {Anomaly::overlapping_ownership}, 20},
    {Fault::tear, {Anomaly::torn_transaction}, 100},
};

class RandomWorlds : public testing::Test {
  protected:
    const std::uint64_t seed_ = environment(
        "MILENA_SEED",
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
    const std::uint64_t worlds_ = environment("MILENA_WORLDS", 2000);
};

TEST_F(RandomWorlds, RaiseNothingWhenNothingIsWrong) {
    std::cout << "MILENA_SEED=" << seed_ << "\n";
    for (std::uint64_t i = 0; i < worlds_; ++i) {
        const World world(seed_ + i, Fault::none, 150);
        const Report report = check(world.history());
        ASSERT_TRUE(report.clean()) << "MILENA_SEED=" << seed_ + i << "\n" << texts(report);
    }
}

TEST_F(RandomWorlds, ShowTheFaultThatTheyHave) {
    std::cout << "MILENA_SEED=" << seed_ << "\n";
    for (const Expected& expected : kExpected) {
        SCOPED_TRACE(static_cast<int>(expected.fault));
        unsigned faulty = 0;
        unsigned found = 0;
        for (std::uint64_t i = 0; i < worlds_ / 10; ++i) {
            const World world(seed_ + i, expected.fault, 300);
            if (!world.faulty()) continue;
            ++faulty;
            const Report report = check(world.history());
            found += std::ranges::any_of(
                expected.anomalies, [&](Anomaly anomaly) { return report.count(anomaly) != 0; });
        }
        EXPECT_GE(faulty * 50, worlds_) << "seldom faulty";
        EXPECT_GE(found * 100, faulty * expected.percent) << found << " of " << faulty;
    }
}

TEST_F(RandomWorlds, ManyOperationsAreJudgedAtOnce) {
    const std::uint64_t count = environment("MILENA_OPERATIONS", 100'000);
    const World world(seed_, Fault::none, static_cast<int>(count));
    EXPECT_GE(world.history().operations().size(), count);
    const auto began = std::chrono::steady_clock::now();
    const Report report = check(world.history());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << count << " operations judged in " << took.count() << " s\n";
    EXPECT_TRUE(report.clean()) << "MILENA_SEED=" << seed_ << "\n" << texts(report);
}

}  // namespace
}  // namespace milena::history
