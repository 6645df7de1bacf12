#include "tests/unit/log/support/crash_matrix.h"

#include "tests/unit/log/support/crash_image.h"

#include <algorithm>
#include <cstdlib>

namespace milena::log::test {
namespace {

constexpr std::size_t kEnoughViolations = 3;
constexpr std::size_t kFewRecoveries = 3'000;
constexpr std::uint64_t kSeed = 20'261'121;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Crashes {
  public:
    Crashes(const MatrixOptions& options, const CheckImage& check)
        : options_(options), check_(check), random_(options.seed) {}

    MatrixResult run(const DiskImage& start, const std::vector<Change>& changes) {
        result_.changes = changes.size();
        // A third for first crashes, the rest for crashes of the recoveries from them.
        const std::size_t each =
            std::max<std::size_t>(options_.recoveries / 3 / (changes.size() + 1), 3);
        const std::size_t firsts = each * (changes.size() + 1);
        again_each_ =
            options_.recoveries > firsts ? (options_.recoveries - firsts) / firsts + 1 : 1;
        for (std::size_t at = 0; at <= changes.size() && !enough(); ++at) {
            const auto pending = pending_of(changes, at);
            for (const Fates& fates : legal_fates(changes, pending, each, random_)) {
                const auto image = image_after(start, changes, at, pending, fates);
                const std::string where =
                    "crash after change " + std::to_string(at) + ", " + describe(pending, fates);
                std::vector<Change> recovery;
                check(image, at, where, &recovery);
                crash_again(image, recovery, at, where);
                if (enough()) break;
            }
        }
        return std::move(result_);
    }

  private:
    bool enough() const { return result_.violations.size() >= kEnoughViolations; }

    void check(const DiskImage& image, std::size_t at, const std::string& where,
               std::vector<Change>* recovery) {
        ++result_.recoveries;
        if (const auto wrong = check_(image, at, recovery)) {
            result_.violations.push_back(where + ": " + *wrong);
        }
    }

    void crash_again(const DiskImage& image, const std::vector<Change>& recovery, std::size_t at,
                     const std::string& where) {
        if (recovery.empty()) return;
        for (std::size_t i = 0; i < again_each_ && !enough(); ++i) {
            const std::size_t second = 1 + random_.below(recovery.size());
            const auto pending = pending_of(recovery, second);
            const auto fates = legal_fates(recovery, pending, 8, random_);
            const Fates& chosen = fates[random_.below(fates.size())];
            check(image_after(image, recovery, second, pending, chosen), at,
                  where + "; again after change " + std::to_string(second) + " of the recovery, " +
                      describe(pending, chosen),
                  nullptr);
            ++result_.again;
        }
    }

    const MatrixOptions& options_;
    const CheckImage& check_;
    SeededRandom random_;
    std::size_t again_each_ = 1;
    MatrixResult result_;
};

}  // namespace

std::size_t recovery_budget() {
    return number_from("MILENA_CRASH_RECOVERIES", kFewRecoveries);
}
std::uint64_t crash_seed() {
    return number_from("MILENA_SEED", kSeed);
}

LogSettings Scenario::settings() const {
    LogSettings settings;
    settings.segment_bytes = 1'400;
    settings.index_interval_bytes = 200;
    settings.file_delete_delay_ms = Millis{0};
    settings.retention_ms.reset();
    if (settle != nullptr) settle(settings);
    return settings;
}

MatrixResult crash_everywhere(const DiskImage& start, const std::vector<Change>& changes,
                              const MatrixOptions& options, const CheckImage& check) {
    std::vector<Change> seen = changes;
    std::size_t removed = 0;
    if (options.ignore_syncs || options.ignore_directory_syncs) {
        // The numbers of changes, which promises go by, must stay.
        for (Change& change : seen) {
            const bool file = change.kind == Change::Kind::sync && options.ignore_syncs;
            const bool directory =
                change.kind == Change::Kind::sync_dir && options.ignore_directory_syncs;
            if (!file && !directory) continue;
            change = Change{.kind = Change::Kind::sync, .node = kRootNode};
            ++removed;
        }
    }
    auto result = Crashes(options, check).run(start, seen);
    if ((options.ignore_syncs || options.ignore_directory_syncs) && removed == 0) {
        result.violations.clear();
    }
    return result;
}

MatrixResult run_matrix(const Scenario& scenario, const MatrixOptions& options) {
    CrashDisk disk;
    History history;
    const LogSettings settings = scenario.settings();
    {
        Stage stage(disk, settings, history);
        scenario.run(stage);
        if (stage.refused() > 0) history.violations.push_back("the scenario itself was refused");
    }
    auto result =
        crash_everywhere(disk.start(), disk.changes(), options,
                         [&](DiskImage image, std::size_t changes, std::vector<Change>* recovery) {
                             return recover_and_check(std::move(image), settings, history,
                                                      history.told_at(changes), recovery);
                         });
    std::ranges::move(history.violations, std::back_inserter(result.violations));
    return result;
}

}  // namespace milena::log::test
