// Every call of the disk fails once, in every scenario: what was promised still holds, whatever
// comes after, and the process goes on. Counted by call site. MILENA_CRASH_RECOVERIES decides
// whether every call or a part of them.

#include "protocol/base/assert.h"
#include "tests/unit/log/support/crash_image.h"
#include "tests/unit/log/support/crash_matrix.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

constexpr std::size_t kThorough = 20'000;

struct Faults {
    std::map<IoCause, std::set<CallSite>> hit;
    std::set<CallSite> reached;
    std::size_t runs = 0;
    std::vector<std::string> violations;
};

std::string_view cause_name(IoCause cause) {
    return cause == IoCause::no_space ? "ENOSPC" : "EIO";
}

// Promises hold for a process that dies now, and for a power cut.
void check_after(const Scenario& scenario, const CrashDisk& disk, const History& history,
                 const std::string& where, Faults& faults) {
    for (const auto& wrong : history.violations) faults.violations.push_back(where + ": " + wrong);
    const auto& changes = disk.changes();
    const auto pending = pending_of(changes, changes.size());
    for (const auto kind : {Fate::Kind::kept, Fate::Kind::lost}) {
        const Fates fates(pending.size(), Fate{kind, 0});
        const auto wrong = recover_and_check(
            image_after(disk.start(), changes, changes.size(), pending, fates), scenario.settings(),
            history, history.told_at(changes.size()), nullptr);
        if (wrong) {
            faults.violations.push_back(
                where + (kind == Fate::Kind::kept ? ", killed: " : ", power cut: ") + *wrong);
        }
    }
}

void fail_call(const Scenario& scenario, std::uint64_t number, IoCause cause, Faults& faults) {
    CrashDisk disk;
    History history;
    std::optional<CallSite> hit;
    std::uint64_t calls = 0;
    disk.fault = [&](const CallSite& site) -> std::optional<IoCause> {
        if (calls++ != number) return std::nullopt;
        hit = site;
        return cause;
    };
    {
        Stage stage(disk, scenario.settings(), history);
        scenario.run(stage);
    }
    ++faults.runs;
    if (!hit) return;
    faults.hit[cause].insert(*hit);
    check_after(scenario, disk, history,
                std::string(scenario.name) + ", call " + std::to_string(number) + " (" +
                    std::string(call_name(hit->call)) + ") gives " + std::string(cause_name(cause)),
                faults);
}

TEST(CrashFaults, EveryCallOfTheDiskMayFailOnce) {
    Faults faults;
    const std::size_t step = recovery_budget() >= kThorough ? 1 : 9;
    for (const Scenario& scenario : scenarios()) {
        CrashDisk disk;
        History history;
        {
            Stage stage(disk, scenario.settings(), history);
            scenario.run(stage);
        }
        faults.reached.insert(disk.sites().begin(), disk.sites().end());
        for (std::uint64_t call = crash_seed() % step; call < disk.calls(); call += step) {
            fail_call(scenario, call, IoCause::broken, faults);
            fail_call(scenario, call, IoCause::no_space, faults);
            if (faults.violations.size() > 5) break;
        }
    }
    std::map<Call, std::size_t> by_call;
    for (const CallSite& site : faults.reached) ++by_call[site.call];
    std::printf("%zu call sites, %zu failed with EIO, %zu with ENOSPC; %zu runs\n",
                faults.reached.size(), faults.hit[IoCause::broken].size(),
                faults.hit[IoCause::no_space].size(), faults.runs);
    for (const auto& [call, sites] : by_call) {
        std::printf("  %-12s %zu\n", std::string(call_name(call)).c_str(), sites);
    }
    EXPECT_THAT(faults.violations, testing::IsEmpty());
    EXPECT_GT(faults.reached.size(), 40U);
    if (step > 1) return;
    for (const CallSite& site : faults.reached) {
        for (const auto cause : {IoCause::broken, IoCause::no_space}) {
            EXPECT_TRUE(faults.hit[cause].contains(site))
                << call_name(site.call) << " at " << site.from << " never failed with "
                << cause_name(cause);
        }
    }
}

// A disk that is full at any size: what is refused leaves no trace, and when there is room again
// everything goes on without a restart.
TEST(CrashFaults, AFullDiskHealsAtAnySize) {
    const Scenario& scenario =
        *std::ranges::find(scenarios(), std::string_view("full_disk"), &Scenario::name);
    Faults faults;
    for (std::uint64_t capacity = 300; capacity < 4'000; capacity += 150) {
        CrashDisk disk;
        History history;
        {
            Stage stage(disk, scenario.settings(), history);
            stage.open();
            stage.create("orders", 1);
            disk.capacity = capacity;
            for (int i = 0; i < 12; ++i) {
                stage.append("orders", {.records = 2});
                stage.sync("orders", i % 3 == 0 ? SyncScope::everything : SyncScope::data);
            }
            stage.checkpoint();
            disk.capacity.reset();
            if (stage.log("orders") != nullptr) {
                EXPECT_FALSE(stage.log("orders")->broken()) << capacity;
                EXPECT_TRUE(stage.append("orders")) << capacity;
                EXPECT_TRUE(stage.sync("orders", SyncScope::everything)) << capacity;
                EXPECT_TRUE(stage.checkpoint()) << capacity;
            }
        }
        check_after(scenario, disk, history, "capacity " + std::to_string(capacity), faults);
    }
    EXPECT_THAT(faults.violations, testing::IsEmpty());
}

}  // namespace
}  // namespace milena::log::test
