// Judges a history: every anomaly that it shows, by the rules of README.md beside this file.
// Near-linear in operations and records: sorting is the most expensive step.
#pragma once

#include "tests/history/anomaly.h"
#include "tests/history/facts.h"
#include "tests/history/history.h"

namespace milena::history {

// `history` must be sorted.
Report check(const History& history);

// The families of check(), in its order.
void check_log(const Facts& facts, Report& report);           // what is where, what is missing
void check_transactions(const Facts& facts, Report& report);  // all of it or nothing
void check_order(const Facts& facts, Report& report);         // of sends and of reported ends
void check_polls(const Facts& facts, Report& report);         // what each consumer saw, in order
void check_ownership(const Facts& facts, Report& report);     // of partitions in groups
void check_positions(const Facts& facts, Report& report);     // of groups
void check_pipelines(const Facts& facts, Report& report);     // input to output exactly once

}  // namespace milena::history
