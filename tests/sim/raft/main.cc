// raft_sim SECONDS|Nseeds [FIRST_SEED]: the simulation of the metadata quorum, seed after seed, for
// that long or so many. A single seed, "1seeds N", prints its last events when it fails.
#include "tests/sim/raft/sweep.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
    using namespace milena::raft::sim;
    const std::string budget = argc > 1 ? argv[1] : "10";
    std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    const bool by_count = budget.find("seeds") != std::string::npos;
    const std::uint64_t amount = std::strtoull(budget.c_str(), nullptr, 10);
    const auto begin = std::chrono::steady_clock::now();
    const auto passed_seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    std::uint64_t passed = 0;
    std::uint64_t failed = 0;
    Figures sum;
    while (by_count ? passed + failed < amount : passed_seconds() < static_cast<double>(amount)) {
        Figures figures;
        if (const auto broken = run_seed(seed, figures)) {
            ++failed;
            std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), broken->c_str());
            if (by_count && amount == 1) std::printf("%s", trace_of_seed(seed).c_str());
        } else {
            ++passed;
        }
        add(sum, figures);
        ++seed;
    }
    std::printf("%s in %.1f s\n", text_of(sum).c_str(), passed_seconds());
    std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
                static_cast<unsigned long long>(failed));
    return failed == 0 ? 0 : 1;
}
