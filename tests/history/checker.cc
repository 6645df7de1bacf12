#include "tests/history/checker.h"

namespace milena::history {

Report check(const History& history) {
    const Facts facts(history);
    Report report;
    check_log(facts, report);
    check_transactions(facts, report);
    check_order(facts, report);
    check_polls(facts, report);
    check_ownership(facts, report);
    check_positions(facts, report);
    check_pipelines(facts, report);
    return report;
}

}  // namespace milena::history
