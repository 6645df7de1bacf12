// What the clients of a recording do until they are told to stop. Each runs in a thread of its own
// and goes on with a new client, under a new name, when one is of no use any more.
#pragma once

#include "tests/history/record_client.h"

#include <random>
#include <stop_token>
#include <string>

namespace milena::history {

struct Plan {
    std::string bootstrap;
    std::uint64_t seed = 1;
    int seconds = 20;
    int partitions = 3;
    int pace_ms = 10;        // between the bursts of a producer
    bool retention = false;  // of the topics `plain` and `txn`
    Settings topic;          // their settings
    Settings keyed;          // settings of the compacted topic
    Settings group;          // of the consumers in groups: protocol, assignor
    // Of each run, so that one broker may be recorded several times.
    std::string prefix;

    std::string plain() const { return prefix + "plain"; }
    std::string txn() const { return prefix + "txn"; }
    std::string keyed_topic() const { return prefix + "keyed"; }
    std::vector<std::string> topics() const { return {plain(), txn(), in(), out(), keyed_topic()}; }
    std::string in() const { return prefix + "in"; }
    std::string out() const { return prefix + "out"; }
    std::string members() const { return prefix + "members"; }
    std::string pipeline() const { return prefix + "pipeline"; }
    Settings client() const;
    Settings transactional(const std::string& id) const;
    Settings reader(bool committed) const;
};

struct Actor {
    Journal& journal;
    const Plan& plan;
    std::string name;  // of the processes, with a number behind it
    std::mt19937_64 chance;
    int lives = 0;

    std::uint64_t below(std::uint64_t n) { return chance() % n; }
    std::string next_process() { return name + "." + std::to_string(++lives); }
    Place somewhere(const std::string& topic) {
        return {topic,
                static_cast<std::int32_t>(below(static_cast<std::uint64_t>(plan.partitions)))};
    }
};

void produce(Actor& me,
             std::stop_token stop);  // idempotent, to `plain`, `in` and, with keys, `keyed`
void produce_in_txns(Actor& me, std::stop_token stop);  // to `txn`, one in four aborted
void transform(Actor& me, std::stop_token stop);        // `in` to `out`, exactly once
void consume(Actor& me, std::stop_token stop);  // `plain` and `txn`, in a group; comes and goes
void read_all(Actor& me, bool committed, std::stop_token stop);  // everything, from the beginning
void ask_ends(Actor& me, std::stop_token stop);                  // of every partition

// Ends what transactions of this id are left open or undecided.
bool settle(const Plan& plan, const std::string& transactional_id);

}  // namespace milena::history
