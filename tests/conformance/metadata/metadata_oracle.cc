// Our side of tests/conformance/metadata/run.
//
//   metadata_oracle write FOLDER    founds a cluster in FOLDER and administers it through three
//                                   starts, one after a kill, with small snapshots
//   metadata_oracle state FOLDER    prints what the metadata log in FOLDER leads to, one fact a
//                                   line, without changing it: FOLDER is one that is done with
#include "broker/net/system_clock.h"
#include "broker/quorum/cluster_id.h"
#include "broker/quorum/quorum.h"
#include "log/posix_disk.h"

#include <cstdio>
#include <string>

namespace milena {
namespace {

using metadata::ConfigOp;
using metadata::ResourceType;

class AnySetting final : public metadata::ConfigRules {
  public:
    Status validate(const metadata::ConfigResource&, const metadata::ConfigMap&) const override {
        return {};
    }
    bool is_list(metadata::ResourceType, std::string_view) const override { return false; }
    std::optional<std::string> default_value(metadata::ResourceType,
                                             std::string_view) const override {
        return std::nullopt;
    }
};

struct Node {
    explicit Node(const std::string& folder, std::uint64_t seed = 0) : random(seed) {
        options.node = BrokerId(1);
        options.data_directory = folder;
        options.directory_id = DirectoryId(Uuid{0x1111222233334444, 0x5555666677778888});
        options.controller.cluster_id = "MkU3OEVBNTcwNTJENDM2Qk";
        options.controller_endpoints = {
            {"CONTROLLER", "127.0.0.1", 19093, metadata::SecurityProtocol::plaintext}};
        options.snapshot_bytes = 6'000;
    }

    bool open() {
        auto opened = quorum::Quorum::open(options, disk, clock, random, rules,
                                           [](net::Task task) { task(); });
        if (opened) quorum = std::move(*opened);
        return quorum != nullptr;
    }
    bool start() {
        if (!open() || !quorum->start()) return false;
        auto registered =
            quorum->register_broker({.incarnation = random.uuid(),
                                     .endpoints = {{"PLAINTEXT", "127.0.0.1", 19092,
                                                    metadata::SecurityProtocol::plaintext}},
                                     .rack = "rack-1",
                                     .log_dirs = {options.directory_id}});
        if (registered) epoch = *registered;
        return registered.has_value();
    }
    template <class R>
    void ask(R request) {
        quorum->submit<R>(std::move(request), [](auto reply) {
            if (!reply) std::fprintf(stderr, "%s\n", reply.error().detail.c_str());
        });
    }

    log::PosixDisk disk;
    net::SystemClock clock;
    SeededRandom random;
    AnySetting rules;
    quorum::QuorumOptions options;
    std::unique_ptr<quorum::Quorum> quorum;
    BrokerEpoch epoch{-1};
};

void create(Node& node, const std::string& name, std::int32_t partitions) {
    metadata::CreateTopics request;
    request.topics.push_back({.name = name, .partitions = partitions, .replication_factor = 1});
    request.topics[0].settings = {{"retention.ms", "12345"}, {"cleanup.policy", "compact"}};
    node.ask(request);
}

void administer(Node& node, const std::string& prefix) {
    for (int i = 0; i < 12; ++i) create(node, prefix + std::to_string(i), 1 + i % 5);
    metadata::DeleteTopics remove;
    remove.topics = {{prefix + "3", {}}, {prefix + "4", {}}};
    node.ask(remove);
    metadata::CreatePartitions grow;
    grow.topics = {{prefix + "5", 9, std::nullopt}};
    node.ask(grow);
    metadata::IncrementalAlterConfigs alter;
    alter.resources = {
        {{ResourceType::topic, prefix + "6"},
         {{"retention.ms", ConfigOp::remove, std::nullopt},
          {"max.message.bytes", ConfigOp::set, "1000"}}},
        {{ResourceType::broker, ""}, {{"log.cleaner.threads", ConfigOp::set, "2"}}},
        {{ResourceType::broker, "1"}, {{"log.cleaner.threads", ConfigOp::set, "1"}}}};
    node.ask(alter);
    node.ask(metadata::AllocateProducerIds{BrokerId(1), node.epoch});
}

bool write(const std::string& folder) {
    {
        Node node(folder, 1);
        if (!node.start()) return false;
        administer(node, "first-");
        if (!node.quorum->stop()) return false;
    }
    {
        Node node(folder, 2);
        if (!node.start()) return false;
        administer(node, "second-");
    }  // as if killed
    Node node(folder, 3);
    if (!node.start()) return false;
    administer(node, "third-");
    return node.quorum->stop().has_value();
}

void print(const metadata::Image& image) {
    for (const auto& [name, level] : image.features)
        std::printf("feature %s %d\n", name.c_str(), level);
    for (const auto& broker : image.brokers) {
        std::printf("broker %d epoch %lld %s\n", broker->id.value(),
                    static_cast<long long>(broker->epoch.value()),
                    broker->is_fenced ? "fenced" : "active");
    }
    image.topics_by_id.for_each([](const auto& topic) {
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const auto& partition = *topic->partitions[i];
            std::printf("partition %s-%zu id %s leader %d leader-epoch %d partition-epoch %d\n",
                        topic->name.c_str(), i, topic->id.value().to_string().c_str(),
                        partition.leader.value(), partition.leader_epoch.value(),
                        partition.partition_epoch.value());
        }
    });
    image.configs.for_each([](const auto& config) {
        for (const auto& [name, value] : config->values) {
            std::printf("config %s '%s' %s=%s\n",
                        config->resource.type == ResourceType::topic ? "TOPIC" : "BROKER",
                        config->resource.name.c_str(), name.c_str(), value.c_str());
        }
    });
    std::printf("next-producer-id %lld\n", static_cast<long long>(image.next_producer_id.value()));
}

bool state(const std::string& folder) {
    Node node(folder);
    node.options.controller_endpoints.clear();
    if (!node.open() || !node.quorum->start()) return false;
    print(*node.quorum->image());
    return true;
}

}  // namespace
}  // namespace milena

int main(int argc, char** argv) {
    const std::string verb = argc == 3 ? argv[1] : "";
    if (verb == "write") return milena::write(argv[2]) ? 0 : 1;
    if (verb == "state") return milena::state(argv[2]) ? 0 : 1;
    std::fprintf(stderr, "usage: metadata_oracle write|state FOLDER\n");
    return 2;
}
