// Runs a scenario once and recovers from every crash it might have suffered, and from crashes of
// those recoveries.
#pragma once

#include "tests/unit/log/support/crash_stage.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace milena::log::test {

struct Scenario {
    const char* name;
    void (*run)(Stage& stage);
    void (*settle)(LogSettings& settings) = nullptr;  // what it needs that is not the usual

    LogSettings settings() const;
};

const std::vector<Scenario>& scenarios();

// How many recoveries a whole run may take: MILENA_CRASH_RECOVERIES, or few.
std::size_t recovery_budget();
// MILENA_SEED, or a fixed one.
std::uint64_t crash_seed();

struct MatrixOptions {
    std::size_t recoveries = 1'000;
    std::uint64_t seed = 1;
    // A device that forgets what it was told to sync: the checks must notice.
    bool ignore_syncs = false;
    bool ignore_directory_syncs = false;
};

struct MatrixResult {
    std::size_t changes = 0;
    std::size_t recoveries = 0;  // with those of crashed recoveries
    std::size_t again = 0;       // of these, the latter
    std::vector<std::string> violations;
};

// Any property of what a crash leaves: `check` recovers from the image, says what is wrong and
// gives the changes that the recovery made. `crashes` are the changes of a run that began with
// `start`.
using CheckImage = std::function<std::optional<std::string>(DiskImage image, std::size_t changes,
                                                            std::vector<Change>* recovery)>;
MatrixResult crash_everywhere(const DiskImage& start, const std::vector<Change>& changes,
                              const MatrixOptions& options, const CheckImage& check);

MatrixResult run_matrix(const Scenario& scenario, const MatrixOptions& options);

}  // namespace milena::log::test
