#include "tests/history/anomaly.h"

namespace milena::history {

namespace {

constexpr std::array<std::string_view, kAnomalies> kNames = {
#define ANOMALY(id, name, meaning) name,
#include "tests/history/anomalies.def"
#undef ANOMALY
};

}  // namespace

std::string_view name_of(Anomaly anomaly) {
    return kNames[static_cast<std::size_t>(anomaly)];
}

std::optional<Anomaly> anomaly_named(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Anomaly>(i);
    }
    return std::nullopt;
}

}  // namespace milena::history
