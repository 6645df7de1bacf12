// history_check FILE...: judges histories; 0 when all are clean, 1 when one is not, 2 when one
// cannot be read. README.md has the format and the anomalies.
#include "tests/history/checker.h"
#include "tests/history/text.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace milena::history {
namespace {

int judge(const char* path) {
    std::ifstream file(path);
    if (!file) {
        fmt::print("{}: cannot be read\n", path);
        return 2;
    }
    std::ostringstream text;
    text << file.rdbuf();
    const Result<History> history = parse(std::move(text).str());
    if (!history) {
        fmt::print("{}: {}\n", path, history.error().detail);
        return 2;
    }
    const Report report = check(*history);
    for (const Finding& finding : report.findings()) {
        fmt::print("{}: {}: {}\n", path, name_of(finding.anomaly), finding.text);
    }
    for (std::size_t a = 0; a < kAnomalies; ++a) {
        const auto anomaly = static_cast<Anomaly>(a);
        if (report.count(anomaly) > Report::kKept) {
            fmt::print("{}: {}: {} in all\n", path, name_of(anomaly), report.count(anomaly));
        }
    }
    fmt::print("{}: {} operations of {} processes: {}\n", path, history->operations().size(),
               history->processes.size(), report.clean() ? "clean" : "NOT CLEAN");
    return report.clean() ? 0 : 1;
}

}  // namespace
}  // namespace milena::history

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print("history_check FILE...: judges recorded histories (tests/history/README.md)\n");
        return 2;
    }
    int worst = 0;
    for (int i = 1; i < count; ++i) {
        worst = std::max(worst, milena::history::judge(arguments[i]));
    }
    return worst;
}
