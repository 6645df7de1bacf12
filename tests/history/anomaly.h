// What can be wrong with a history. Names are those of Jepsen's Kafka checker where it has one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::history {

enum class Anomaly : std::uint8_t {
#define ANOMALY(id, name, meaning) id,
#include "tests/history/anomalies.def"
#undef ANOMALY
    count_,
};

inline constexpr std::size_t kAnomalies = static_cast<std::size_t>(Anomaly::count_);

// "lost-write"
std::string_view name_of(Anomaly anomaly);
std::optional<Anomaly> anomaly_named(std::string_view name);

struct Finding {
    Anomaly anomaly;
    std::string text;  // names the operations
};

// Counts everything, and keeps words for the first few of each kind.
class Report {
  public:
    static constexpr std::size_t kKept = 5;

    // `words` makes the text, and is only called when it is kept.
    template <typename Words>
    void add(Anomaly anomaly, const Words& words) {
        if (++counts_[static_cast<std::size_t>(anomaly)] <= kKept) {
            findings_.push_back({anomaly, words()});
        }
    }

    bool clean() const { return findings_.empty(); }
    const std::vector<Finding>& findings() const { return findings_; }
    std::size_t count(Anomaly anomaly) const { return counts_[static_cast<std::size_t>(anomaly)]; }

  private:
    std::array<std::size_t, kAnomalies> counts_{};
    std::vector<Finding> findings_;
};

}  // namespace milena::history
