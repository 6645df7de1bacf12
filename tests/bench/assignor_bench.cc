// How long the server-side assignors take (KIP-848): members x partitions over 100 topics, from
// nothing and after one more member has joined.
#include "broker/coordinator/assign/assignor.h"

#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace milena::coordinator {
namespace {

constexpr std::uint32_t kTopics = 100;

// Every fourth topic is left out by every second member, when subscriptions differ.
struct Bed {
    std::vector<std::string> ids;
    std::vector<TopicId> all;
    std::vector<TopicId> fewer;
    GroupAssignment previous;
    AssignmentProblem problem;

    Bed(std::size_t members, std::uint32_t partitions, bool is_alike) {
        for (std::uint32_t t = 0; t < kTopics; ++t) {
            problem.topics.push_back({TopicId(Uuid{7, 1000 + t}), partitions / kTopics});
            all.push_back(problem.topics.back().id);
            if (t % 4 != 0) fewer.push_back(all.back());
        }
        for (std::size_t m = 0; m <= members; ++m) ids.push_back(std::to_string(100'000 + m));
        for (std::size_t m = 0; m < members; ++m)
            problem.members.push_back(
                {ids[m], std::nullopt, is_alike || m % 2 == 0 ? all : fewer, nullptr});
    }
    void join_one_more(const Assignor& assignor) {
        previous = assignor.assign(problem);
        for (std::size_t m = 0; m < previous.size(); ++m)
            problem.members[m].previous = &previous[m];
        problem.members.push_back({ids.back(), std::nullopt, all, nullptr});
    }
};

void assign(benchmark::State& state, const Assignor& assignor, bool is_alike, bool is_rejoin) {
    Bed bed(static_cast<std::size_t>(state.range(0)), static_cast<std::uint32_t>(state.range(1)),
            is_alike);
    if (is_rejoin) bed.join_one_more(assignor);
    for (auto _ : state) benchmark::DoNotOptimize(assignor.assign(bed.problem));
}

const bool registered = [] {
    for (const Assignor& assignor : kAssignors)
        for (const bool is_alike : {true, false})
            for (const bool is_rejoin : {false, true}) {
                const std::string name = std::string(assignor.name) +
                                         (is_alike ? "/alike" : "/different") +
                                         (is_rejoin ? "/one_more" : "/first");
                benchmark::RegisterBenchmark(name.c_str(), assign, assignor, is_alike, is_rejoin)
                    ->Args({100, 1'000})
                    ->Args({1'000, 10'000})
                    ->Unit(benchmark::kMillisecond);
            }
    return true;
}();

}  // namespace
}  // namespace milena::coordinator

BENCHMARK_MAIN();
