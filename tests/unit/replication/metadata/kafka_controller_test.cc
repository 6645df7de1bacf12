// The same requests to our controller and to the parts of Kafka's: answers and the state they lead
// to agree, request for request (tests/golden/metadata/controller.txt; Controllers.java beside it
// says what stands where).
#include "tests/unit/replication/metadata/golden_words.h"
#include "tests/unit/replication/metadata/test_cluster.h"

#include <fstream>

namespace milena::metadata {
namespace {

class Comparison {
  public:
    Comparison() { cluster_.options_.session_timeout = Millis(0); }

    // The answer to a request, as the file writes it.
    std::string ask(GoldenWords& words) {
        cluster_.advance(std::chrono::seconds(1));
        const std::string verb = words.word();
        if (verb == "register") return register_broker(words);
        if (verb == "heartbeat") return heartbeat(words);
        if (verb == "topic") return create(words);
        if (verb == "propose") return propose(words);
        if (verb == "elect") return elect(words);
        if (verb == "balance") return std::to_string(cluster_.ask(BalanceLeaders{}).elections);
        if (verb == "reassign") return reassign(words);
        EXPECT_EQ(verb, "set");
        const std::string topic = words.word();
        const std::string name = words.word();
        cluster_.set(ResourceType::topic, topic, name, words.word());
        return "NONE";
    }

    // Reads what the request changed, and compares everything that is known by now.
    void compare(GoldenWords& words) {
        for (std::string name = words.word(); !name.empty() && name != "-"; name = words.word()) {
            if (name == ";") name = words.word();
            if (name[0] == 'b') {
                brokers_[std::stoi(name.substr(1))] = words.word();
            } else {
                auto& partition = partitions_[name];
                partition = words.partition();
                partition.leader_epoch = LeaderEpoch(words.number());
                partition.partition_epoch = PartitionEpoch(words.number());
            }
        }
        for (const auto& [id, expected] : brokers_) {
            const BrokerImage& broker = *cluster_.image().broker(BrokerId(id));
            EXPECT_EQ(broker.is_fenced                ? "fenced"
                      : broker.in_controlled_shutdown ? "leaving"
                                                      : "active",
                      expected)
                << "broker " << id;
        }
        for (const auto& [topic, expected] : partitions_) {
            PartitionImage partition = cluster_.partition(topic);
            partition.directories.clear();
            EXPECT_EQ(partition.isr, expected.isr) << topic;
            EXPECT_EQ(partition.elr, expected.elr) << topic;
            EXPECT_EQ(partition.last_known_elr, expected.last_known_elr) << topic;
            EXPECT_EQ(partition.leader, expected.leader) << topic;
            EXPECT_EQ(partition.leader_epoch, expected.leader_epoch) << topic;
            EXPECT_EQ(partition.partition_epoch, expected.partition_epoch) << topic;
            EXPECT_TRUE(partition == expected) << topic;
        }
    }

  private:
    std::string register_broker(GoldenWords& words) {
        const auto id = words.number();
        auto request = cluster_.registration(id);
        request.log_dirs = {DirectoryId(Uuid{1000, 1000U + static_cast<std::uint64_t>(id)})};
        if (words.number() == 1 && cluster_.image().broker(BrokerId(id))) {
            request.previous_epoch = cluster_.epoch_of(id);
        }
        return error_name(cluster_.ask(request).error.code);
    }
    std::string heartbeat(GoldenWords& words) {
        const auto id = words.number();
        auto request = cluster_.heartbeat(id, cluster_.epoch_of(id));
        request.want_fence = words.number() == 1;
        request.want_shut_down = words.number() == 1;
        const auto reply = cluster_.ask(request);
        EXPECT_EQ(error_name(reply.error.code), "NONE");
        return std::string(reply.is_fenced ? "1" : "0") + (reply.should_shut_down ? "1" : "0");
    }
    std::string create(GoldenWords& words) {
        const std::string name = words.word();
        cluster_.create_on(name, words.list());
        return "NONE";
    }
    std::string propose(GoldenWords& words) {
        const std::string topic = words.word();
        const PartitionImage& now = cluster_.partition(topic);
        AlterPartition request;
        request.broker = BrokerId(words.number());
        request.broker_epoch = cluster_.epoch_of(request.broker.value());
        AlterPartition::Partition wanted;
        for (const BrokerId id : words.list()) {
            wanted.isr.push_back({id, cluster_.epoch_of(id.value())});
        }
        wanted.leader_epoch = LeaderEpoch(now.leader_epoch.value() + words.number());
        wanted.partition_epoch = PartitionEpoch(now.partition_epoch.value() + words.number());
        wanted.recovery = words.recovery();
        request.topics = {{cluster_.image().topic(topic)->id, {std::move(wanted)}}};
        const auto reply = cluster_.ask(request);
        EXPECT_EQ(error_name(reply.error.code), "NONE");
        return error_name(reply.topics.at(0).partitions.at(0).error.code);
    }
    std::string elect(GoldenWords& words) {
        ElectLeaders request;
        request.topics = {{words.word(), {PartitionIndex(0)}}};
        request.type = static_cast<ElectionType>(words.number());
        return error_name(cluster_.ask(request).topics.at(0).partitions.at(0).error.code);
    }
    std::string reassign(GoldenWords& words) {
        AlterPartitionReassignments request;
        const std::string topic = words.word();
        AlterPartitionReassignments::Partition partition;
        const std::string target = words.word();
        if (target != "cancel") partition.replicas = GoldenWords::list_of(target);
        request.topics = {{topic, {std::move(partition)}}};
        request.allow_replication_factor_change = words.number() == 1;
        return error_name(cluster_.ask(request).topics.at(0).partitions.at(0).error.code);
    }

    TestCluster cluster_;
    std::map<std::int32_t, std::string> brokers_;
    std::map<std::string, PartitionImage> partitions_;
};

TEST(KafkaController, DecidesAsOursDoes) {
    std::ifstream file(MILENA_SOURCE_DIR "/tests/golden/metadata/controller.txt");
    std::optional<Comparison> comparison;
    std::size_t scenarios = 0;
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        SCOPED_TRACE("line " + std::to_string(++number) + ": " + line);
        if (line == "scenario") {
            comparison.emplace();
            ++scenarios;
            continue;
        }
        GoldenWords words(line);
        const std::string answer = comparison->ask(words);
        ASSERT_EQ(words.word(), "=");
        EXPECT_EQ(answer, words.word());
        ASSERT_EQ(words.word(), "|");
        comparison->compare(words);
        if (HasFailure()) return;
    }
    EXPECT_EQ(scenarios, 40U);
    EXPECT_GT(number, 2000U);
}

}  // namespace
}  // namespace milena::metadata
