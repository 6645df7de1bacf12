// A controller with its log in memory, for tests: requests go in, records are applied at once.
#pragma once

#include "replication/metadata/controller.h"
#include "replication/metadata/features.h"

#include <gtest/gtest.h>

namespace milena::metadata {

// Knows a few settings, so that both good and bad ones can be tried.
class FewSettings final : public ConfigRules {
  public:
    Status validate(const ConfigResource& resource, const ConfigMap& values) const override {
        for (const auto& [name, value] : values) {
            if (resource.type == ResourceType::topic && name != "retention.ms" &&
                name != "cleanup.policy" && name != "min.insync.replicas" &&
                name != "unclean.leader.election.enable" && name != "long") {
                return fail(ErrorCode::INVALID_CONFIG, "unknown setting " + name);
            }
            if (name == "retention.ms" && value.find_first_not_of("0123456789") != value.npos) {
                return fail(ErrorCode::INVALID_CONFIG, "not a number: " + value);
            }
        }
        return {};
    }
    bool is_list(ResourceType, std::string_view name) const override {
        return name == "cleanup.policy" || name == "long";
    }
    std::optional<std::string> default_value(ResourceType, std::string_view name) const override {
        if (name == "cleanup.policy") return "delete";
        return std::nullopt;
    }
};

inline std::vector<BrokerId> ids(std::initializer_list<std::int32_t> numbers) {
    std::vector<BrokerId> list;
    for (const std::int32_t number : numbers) list.emplace_back(number);
    return list;
}

class TestCluster {
  public:
    explicit TestCluster(std::uint64_t seed = 1)
        : random_(seed), controller_(options_, rules_, std::make_shared<Image>(), MonoTime{}) {
        options_.cluster_id = "test-cluster";
        commit(bootstrap_records(options_));
    }

    Decision decide(const Request& request) {
        return controller_.decide(request, end_, now_, random_);
    }
    // Decides and applies.
    template <class R>
    typename R::Reply ask(const R& request) {
        Decision decision = decide(request);
        controller_.observe(decision);
        commit(decision.records);
        return std::get<typename R::Reply>(std::move(decision.reply));
    }
    Delta commit(const RecordList& records) {
        if (records.empty()) return {};
        log_.push_back(records);
        end_ = end_ + static_cast<std::int64_t>(records.size());
        Provenance provenance;
        provenance.end = end_;
        auto change = controller_.apply(records, provenance);
        EXPECT_EQ(check_invariants(*change.image), std::nullopt);
        return std::move(change.delta);
    }

    // Registered; active when `unfence`.
    BrokerEpoch add_broker(std::int32_t id, bool unfence = true,
                           std::optional<std::string> rack = std::nullopt) {
        const auto reply = ask(registration(id, std::move(rack)));
        EXPECT_EQ(error_name(reply.error.code), "NONE") << reply.error.detail;
        if (unfence) {
            EXPECT_FALSE(ask(heartbeat(id, reply.epoch)).is_fenced);
        }
        return reply.epoch;
    }
    RegisterBroker registration(std::int32_t id, std::optional<std::string> rack = std::nullopt) {
        RegisterBroker request;
        request.id = BrokerId(id);
        request.cluster_id = options_.cluster_id;
        request.incarnation = random_.uuid();
        request.endpoints = {{"PLAINTEXT", "127.0.0.1", 9092, SecurityProtocol::plaintext}};
        for (const auto& f : kFeatures) {
            request.features.push_back({std::string(f.name), f.min, f.max});
        }
        request.rack = std::move(rack);
        request.log_dirs = {DirectoryId(random_.uuid())};
        return request;
    }
    BrokerHeartbeat heartbeat(std::int32_t id, BrokerEpoch epoch) const {
        return {.id = BrokerId(id), .epoch = epoch, .metadata_end = end_};
    }
    // CreateTopics for one topic.
    CreateTopics::Reply::Topic create(const std::string& name, std::int32_t partitions = 1,
                                      std::int16_t replication_factor = 1) {
        CreateTopics request;
        request.topics = {
            {.name = name, .partitions = partitions, .replication_factor = replication_factor}};
        return ask(request).topics.at(0);
    }

    // A topic of one partition on these brokers.
    TopicId create_on(const std::string& name, std::vector<BrokerId> replicas) {
        CreateTopics request;
        request.topics = {{.name = name, .assignments = {{PartitionIndex(0), replicas}}}};
        const auto reply = ask(request).topics.at(0);
        EXPECT_EQ(error_name(reply.error.code), "NONE") << reply.error.detail;
        return reply.id;
    }
    const PartitionImage& partition(const std::string& topic, std::size_t index = 0) const {
        return *image().topic(topic)->partitions.at(index);
    }
    BrokerEpoch epoch_of(std::int32_t id) const { return image().broker(BrokerId(id))->epoch; }
    BrokerHeartbeat::Reply beat(std::int32_t id) { return ask(heartbeat(id, epoch_of(id))); }
    // As if its process had died.
    void kill(std::int32_t id) { ask(BrokerConnectionLost{BrokerId(id), epoch_of(id)}); }
    // The leader of a partition proposes an ISR.
    AlterPartition proposal(const std::string& topic, const std::vector<BrokerId>& isr,
                            std::size_t index = 0) const {
        const auto& now = partition(topic, index);
        AlterPartition request;
        request.broker = now.leader;
        request.broker_epoch = image().broker(now.leader)->epoch;
        AlterPartition::Partition wanted;
        wanted.index = PartitionIndex(static_cast<std::int32_t>(index));
        wanted.leader_epoch = now.leader_epoch;
        wanted.partition_epoch = now.partition_epoch;
        for (const BrokerId id : isr) {
            const BrokerImage* broker = image().broker(id);
            wanted.isr.push_back({id, broker ? broker->epoch : BrokerEpoch(-1)});
        }
        request.topics = {{image().topic(topic)->id, {std::move(wanted)}}};
        return request;
    }
    ErrorCode propose(const std::string& topic, const std::vector<BrokerId>& isr) {
        const auto reply = ask(proposal(topic, isr));
        EXPECT_EQ(error_name(reply.error.code), "NONE") << reply.error.detail;
        return reply.topics.at(0).partitions.at(0).error.code;
    }
    void set(ResourceType type, const std::string& resource, const std::string& name,
             const std::string& value) {
        IncrementalAlterConfigs alter;
        alter.resources = {{{type, resource}, {{name, ConfigOp::set, value}}}};
        const auto reply = ask(alter);
        EXPECT_EQ(error_name(reply.resources.at(0).error.code), "NONE")
            << reply.resources.at(0).error.detail;
    }

    void advance(Nanos by) { now_ += by; }
    Offset end() const { return end_; }

    const Image& image() const { return *controller_.image(); }
    // Every decision's records, in order: what the log would hold.
    const std::vector<RecordList>& log() const { return log_; }
    SeededRandom& random() { return random_; }

    ControllerOptions options_;
    FewSettings rules_;

  private:
    SeededRandom random_;
    Controller controller_;
    Offset end_{0};
    MonoTime now_{};
    std::vector<RecordList> log_;
};

}  // namespace milena::metadata
