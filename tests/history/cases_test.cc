// Hand-made histories, cases/*.txt: a line "== what happens: anomalies" begins each; "clean" is
// none. All of the anomalies named must be found, and no other.
#include "tests/history/checker.h"
#include "tests/history/text.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::history {
namespace {

struct Case {
    std::string file;
    std::string title;
    std::set<std::string> expected;
    std::string text;

    bool bad() const { return !expected.empty(); }
};

std::set<std::string> words(const std::string& line) {
    std::istringstream in(line);
    std::set<std::string> out;
    for (std::string word; in >> word;) out.insert(word);
    return out;
}

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(HISTORY_CASES)) {
        files.insert(entry.path());
    }
    for (const auto& path : files) {
        std::ifstream in(path);
        bool begun = false;
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with("== ")) {
                const auto colon = line.rfind(": ");
                EXPECT_NE(colon, std::string::npos) << path << ": " << line;
                Case fresh{path.stem(), line.substr(3, colon - 3), words(line.substr(colon + 2)),
                           ""};
                fresh.expected.erase("clean");
                cases.push_back(std::move(fresh));
                begun = true;
            } else if (begun) {
                cases.back().text += line + "\n";
            }
        }
    }
    return cases;
}

const std::vector<Case>& cases() {
    static const std::vector<Case> all = read_cases();
    return all;
}

std::string texts(const Report& report) {
    std::string out;
    for (const Finding& f : report.findings()) {
        out += std::string(name_of(f.anomaly)) + ": " + f.text + "\n";
    }
    return out;
}

TEST(HistoryCases, ShowExactlyTheAnomaliesThatTheyName) {
    for (const Case& one : cases()) {
        SCOPED_TRACE(one.file + ": " + one.title);
        const Result<History> history = parse(one.text);
        ASSERT_TRUE(history.has_value()) << history.error().detail;
        const Report report = check(*history);
        std::set<std::string> found;
        for (const Finding& f : report.findings()) found.emplace(name_of(f.anomaly));
        EXPECT_EQ(found, one.expected) << texts(report) << one.text;
    }
}

TEST(HistoryCases, AreManyAndEachAnomalyHasOneOfItsOwn) {
    std::set<std::string> alone;
    std::size_t bad = 0;
    std::size_t clean = 0;
    for (const Case& one : cases()) {
        ++(one.bad() ? bad : clean);
        if (one.expected.size() == 1) alone.insert(*one.expected.begin());
    }
    EXPECT_GE(bad, 40U);
    EXPECT_GE(clean, 25U);
    for (std::size_t a = 0; a < kAnomalies; ++a) {
        EXPECT_TRUE(alone.contains(std::string(name_of(static_cast<Anomaly>(a)))))
            << name_of(static_cast<Anomaly>(a));
    }
    for (const std::string& name : alone) EXPECT_TRUE(anomaly_named(name)) << name;
}

TEST(HistoryText, RefusesWhatItDoesNotKnowAndNamesTheLine) {
    const std::pair<std::string, std::string> lines[] = {
        {"p1 push t/0 1 ok", "'push' where a verb"},
        {"p1 send t 1 ok", "'t' where TOPIC/PARTITION"},
        {"p1 send t/x 1 ok", "'t/x' where TOPIC/PARTITION"},
        {"p1 send t/0 0 ok", "'0' where a number from 1 on"},
        {"p1 send t/0 1", "'' where ok, fail or unknown"},
        {"p1 send t/0 1 ok 5 6", "'6' where the end of the line"},
        {"p1 send t/0 1 ok x", "'x' where an offset"},
        {"5 3 p1 begin_txn", "'3' where a time"},
        {"5 ? p1 poll 1=2", "'1=2' where OFFSET=VALUE"},
        {"p1 poll t/0 12", "'12' where OFFSET=VALUE"},
        {"p1 list_offsets middle t/0@1", "'middle' where earliest"},
        {"p1 final t/0 0..1", "'t/0' where committed"},
        {"p1 final committed t/0 0-1", "'0-1' where LOW..HIGH"},
        {"topic t big", "'big' where retention"},
        {"consumer c fast", "'fast' where committed"},
        {"producer p fast", "'fast' where idempotent"},
    };
    for (const auto& [line, why] : lines) {
        const Result<History> history = parse("# a comment\n\n" + line + "\n");
        ASSERT_FALSE(history.has_value()) << line;
        EXPECT_THAT(history.error().detail, testing::HasSubstr("line 3: " + why));
    }
}

TEST(HistoryText, RefusesAValueThatIsSentTwice) {
    const Result<History> history = parse("p1 send t/0 7 ok 0\np2 send t/1 7 ok 0\n");
    ASSERT_FALSE(history.has_value());
    EXPECT_THAT(history.error().detail, testing::HasSubstr("line 2: '7' where a value that was"));
}

TEST(HistoryText, DescribesOperationsAsTheyStand) {
    const Result<History> history =
        parse("p1 send t/3 17 ok 5\n1 ? c1 commit_offsets g t/3@6 fail");
    ASSERT_TRUE(history.has_value());
    EXPECT_EQ(describe(*history, history->operations()[1]), "line 1: p1 send t/3@5=17");
    EXPECT_EQ(describe(*history, history->operations()[0]),
              "line 2: c1 commit_offsets g t/3@6 fail");
}

TEST(HistoryReport, KeepsAFewAndCountsAll) {
    std::string text = "r final uncommitted t/0 0..100\n";
    for (int i = 1; i <= 100; ++i) {
        text = "p send t/0 " + std::to_string(i) + " ok " + std::to_string(i - 1) + "\n" + text;
    }
    const Result<History> history = parse(text);
    ASSERT_TRUE(history.has_value());
    const Report report = check(*history);
    EXPECT_EQ(report.count(Anomaly::lost_write), 100U);
    EXPECT_LE(report.findings().size(), 2 * Report::kKept);
}

}  // namespace
}  // namespace milena::history
