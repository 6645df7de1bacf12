// What metadata costs: creating topics one by one, replaying them, memory, and the time of a
// lookup.
//
//   metadata_bench [TOPICS] [PARTITIONS]     default: 10000 1
//
// The log is in memory; what the disk adds is one sync per round.
#include "replication/metadata/controller.h"
#include "replication/metadata/features.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

namespace milena::metadata {
namespace {

using Clock = std::chrono::steady_clock;

class AnySetting final : public ConfigRules {
  public:
    Status validate(const ConfigResource&, const ConfigMap&) const override { return {}; }
    bool is_list(ResourceType, std::string_view) const override { return false; }
    std::optional<std::string> default_value(ResourceType, std::string_view) const override {
        return std::nullopt;
    }
};

double micros_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double resident_mb() {
    long pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
        std::fclose(file);
    }
    return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void run(int topics, int partitions) {
    ControllerOptions options;
    AnySetting rules;
    SeededRandom random(1);
    Controller controller(options, rules, std::make_shared<Image>(), MonoTime{});
    std::vector<RecordList> log;
    Offset end{0};
    const auto commit = [&](RecordList records) {
        end = end + static_cast<std::int64_t>(records.size());
        controller.apply(records, {end, LeaderEpoch(1), TimestampMs(0)});
        log.push_back(std::move(records));
    };
    const auto ask = [&](const Request& request) {
        commit(controller.decide(request, end, MonoTime{}, random).records);
    };
    commit(bootstrap_records(options));
    RegisterBroker broker;
    broker.id = BrokerId(1);
    broker.log_dirs = {DirectoryId(random.uuid())};
    for (const auto& f : kFeatures) broker.features.push_back({std::string(f.name), f.min, f.max});
    ask(broker);
    ask(BrokerHeartbeat{BrokerId(1), BrokerEpoch(end.value() - 1), end});

    const double before = resident_mb();
    auto start = Clock::now();
    for (int i = 0; i < topics; ++i) {
        CreateTopics request;
        request.topics.push_back({.name = "some_topic.with-a-name-" + std::to_string(i),
                                  .partitions = partitions,
                                  .replication_factor = 1});
        ask(request);
    }
    const double created = micros_since(start);
    std::printf("create %d topics of %d partitions, one by one: %.1f us each\n", topics, partitions,
                created / topics);
    std::printf("memory: %.1f MB with the log, %.0f bytes per partition\n", resident_mb() - before,
                (resident_mb() - before) * 1e6 / (1.0 * topics * partitions));

    start = Clock::now();
    Loader loader(std::make_shared<Image>());
    for (const auto& records : log) {
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (!loader.apply(records[i])) std::abort();
        }
    }
    const auto replayed = loader.take({}).image;
    const double replay = micros_since(start);
    std::printf("replay: %.1f ms for %zu partitions, %.2f us each\n", replay / 1000,
                replayed->partition_count, replay / static_cast<double>(replayed->partition_count));

    start = Clock::now();
    std::size_t found = 0;
    constexpr int kLookups = 1'000'000;
    for (int i = 0; i < kLookups; ++i) {
        found += replayed->topic("some_topic.with-a-name-" + std::to_string(i % topics)) != nullptr;
    }
    std::printf("lookup by name: %.0f ns (%zu found)\n", micros_since(start) * 1000 / kLookups,
                found);
}

}  // namespace
}  // namespace milena::metadata

int main(int argc, char** argv) {
    milena::metadata::run(argc > 1 ? std::atoi(argv[1]) : 10'000,
                          argc > 2 ? std::atoi(argv[2]) : 1);
}
