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
                name != "cleanup.policy" && name != "min.insync.replicas" && name != "long") {
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

class TestCluster {
  public:
    explicit TestCluster(std::uint64_t seed = 1)
        : random_(seed), controller_(options_, rules_, std::make_shared<Image>()) {
        options_.cluster_id = "test-cluster";
        commit(bootstrap_records(options_));
    }

    Decision decide(const Request& request) {
        return controller_.decide(request, end_, MonoTime{}, random_);
    }
    // Decides and applies.
    template <class R>
    typename R::Reply ask(const R& request) {
        Decision decision = decide(request);
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
    std::vector<RecordList> log_;
};

}  // namespace milena::metadata
