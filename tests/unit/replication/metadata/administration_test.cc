// Random administration of a cluster of several brokers that come and go. After every step: the
// image's own invariants; the image is the fold of its log, and of a snapshot with the log from
// there on; and
//   OneLeaderPerEpoch   a leader epoch of a partition has one leader, and epochs never go back
//   WhoCanLeadDoes      a partition has a leader when a member of its ISR, or of its ELR when the
//                       ISR is empty, is alive
//   DirectoriesKnown    every replica has a directory, if only the unassigned one
#include "replication/metadata/broker_lists.h"
#include "replication/metadata/snapshot_records.h"
#include "replication/metadata/topic_rules.h"
#include "tests/unit/replication/metadata/test_cluster.h"

#include <cstdlib>

namespace milena::metadata {
namespace {

constexpr std::int32_t kBrokers = 5;
using std::chrono::milliseconds;

class Administration {
  public:
    explicit Administration(std::uint64_t seed) : cluster_(seed) {
        for (std::int32_t id = 1; id <= kBrokers; ++id) {
            cluster_.add_broker(id, true, "rack-" + std::to_string(id % 3));
        }
        reload();
    }

    void step() {
        switch (random().below(16)) {
            case 0:
                return create();
            case 1:
                return change_topic();
            case 2:
                return kill();
            case 3:
            case 4:
                return restart();
            case 5:
                return heartbeats();
            case 6:
                return shut_down();
            case 7:
                return pass_time();
            case 8:
                return reassign();
            case 9:
                return elect();
            case 10:
                return fail_directory();
            default:
                return propose();
        }
    }

    void check() {
        const Image& image = cluster_.image();
        for (; applied_ < cluster_.log().size(); ++applied_) {
            const RecordList& records = cluster_.log()[applied_];
            for (std::size_t i = 0; i < records.size(); ++i) {
                ASSERT_TRUE(replay_.apply(records[i]));
                ASSERT_TRUE(from_snapshot_->apply(records[i]));
            }
        }
        ASSERT_TRUE(same_state(image, *replay_.take({}).image));
        ASSERT_TRUE(same_state(image, *from_snapshot_->take({}).image));
        image.topics_by_id.for_each([&](const auto& topic) {
            for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
                check_epoch(topic->id, i, *topic->partitions[i]);
                check_led(topic->name, i, *topic->partitions[i]);
                check_directories(*topic->partitions[i]);
            }
        });
        if (random().below(25) == 0) reload();
    }

    const TestCluster& cluster() const { return cluster_; }

  private:
    Random& random() { return cluster_.random(); }
    std::int32_t any_broker() { return 1 + static_cast<std::int32_t>(random().below(kBrokers)); }
    bool is_registered(std::int32_t id) const { return cluster_.image().broker(BrokerId(id)); }
    std::vector<BrokerId> some_brokers() {
        std::vector<BrokerId> some;
        for (auto n = 1 + random().below(3); n > 0; --n) {
            const BrokerId id(any_broker());
            if (!contains(some, id)) some.push_back(id);
        }
        return some;
    }
    // nullptr when there are none.
    std::shared_ptr<const TopicImage> any_topic() {
        std::vector<std::shared_ptr<const TopicImage>> all;
        cluster_.image().topics_by_id.for_each([&](const auto& topic) { all.push_back(topic); });
        return all.empty() ? nullptr : all[random().below(all.size())];
    }
    std::size_t any_partition(const TopicImage& topic) {
        return random().below(topic.partitions.size());
    }

    // A snapshot of now, to be followed from here on.
    void reload() {
        from_snapshot_.emplace(std::make_shared<Image>());
        write_image(cluster_.image(), 100, 1U << 20, [&](const RecordList& records) {
            for (std::size_t i = 0; i < records.size(); ++i) {
                ASSERT_TRUE(from_snapshot_->apply(records[i]));
            }
        });
        for (; applied_ < cluster_.log().size(); ++applied_) {
            const RecordList& records = cluster_.log()[applied_];
            for (std::size_t i = 0; i < records.size(); ++i) {
                ASSERT_TRUE(replay_.apply(records[i]));
            }
        }
    }

    void create() {
        cluster_.ask([&] {
            CreateTopics request;
            request.topics = {
                {.name = "topic-" + std::to_string(random().below(9)),
                 .partitions = static_cast<std::int32_t>(1 + random().below(4)),
                 .replication_factor = static_cast<std::int16_t>(1 + random().below(3))}};
            return request;
        }());
    }
    void change_topic() {
        const auto topic = any_topic();
        if (!topic) return;
        if (random().below(5) == 0) {
            DeleteTopics request;
            request.topics = {{topic->name, {}}};
            cluster_.ask(request);
        } else if (random().below(3) == 0) {
            CreatePartitions request;
            request.topics = {
                {topic->name, static_cast<std::int32_t>(topic->partitions.size() + 1), {}}};
            cluster_.ask(request);
        } else if (random().below(2) == 0) {
            cluster_.set(ResourceType::topic, topic->name, "min.insync.replicas",
                         std::to_string(1 + random().below(3)));
        } else {
            cluster_.set(ResourceType::topic, topic->name, "unclean.leader.election.enable",
                         random().below(3) == 0 ? "true" : "false");
        }
    }
    void kill() {
        const auto id = any_broker();
        if (!is_registered(id)) return;
        cluster_.kill(id);
        if (random().below(6) == 0) cluster_.ask(UnregisterBroker{BrokerId(id)});
    }
    // A process with that id starts, whatever became of the one before.
    void restart() {
        const auto id = any_broker();
        auto request = cluster_.registration(id, "rack-" + std::to_string(id % 3));
        if (is_registered(id)) {
            if (random().below(2) == 0) request.previous_epoch = cluster_.epoch_of(id);
            if (random().below(4) != 0) {
                request.log_dirs = cluster_.image().broker(BrokerId(id))->log_dirs;
            }
        }
        while (request.log_dirs.size() < 2) {
            request.log_dirs.push_back(DirectoryId(random().uuid()));
        }
        request.is_local = random().below(2) == 0;
        cluster_.ask(request);
        if (random().below(3) != 0 && is_registered(id)) cluster_.beat(id);
    }
    void heartbeats() {
        for (std::int32_t id = 1; id <= kBrokers; ++id) {
            if (is_registered(id) && random().below(3) != 0) cluster_.beat(id);
        }
    }
    void shut_down() {
        const auto id = any_broker();
        if (!is_registered(id)) return;
        auto request = cluster_.heartbeat(id, cluster_.epoch_of(id));
        request.want_shut_down = true;
        cluster_.ask(request);
    }
    void pass_time() {
        cluster_.advance(milliseconds(static_cast<std::int64_t>(random().below(6000))));
        while (cluster_.ask(FenceExpiredBroker{}).has_more) {
        }
    }
    void reassign() {
        const auto topic = any_topic();
        if (!topic) return;
        AlterPartitionReassignments::Partition partition;
        partition.index = PartitionIndex(static_cast<std::int32_t>(any_partition(*topic)));
        if (random().below(4) != 0) partition.replicas = some_brokers();
        AlterPartitionReassignments request;
        request.topics = {{topic->name, {partition}}};
        cluster_.ask(request);
    }
    void elect() {
        if (random().below(2) == 0) {
            cluster_.ask(BalanceLeaders{});
        } else if (random().below(2) == 0) {
            cluster_.ask(ElectMissingLeaders{});
        } else {
            ElectLeaders request;
            request.type = static_cast<ElectionType>(random().below(2));
            cluster_.ask(request);
        }
    }
    // First the broker tells where a replica is, then that it failed there.
    void fail_directory() {
        const auto topic = any_topic();
        const auto id = any_broker();
        if (!topic || !is_registered(id)) return;
        const auto directories = cluster_.image().broker(BrokerId(id))->log_dirs;
        AssignReplicasToDirs assign;
        assign.broker = BrokerId(id);
        assign.broker_epoch = cluster_.epoch_of(id);
        const auto index = static_cast<std::int32_t>(any_partition(*topic));
        assign.directories = {{directories.back(), {{topic->id, {PartitionIndex(index)}}}}};
        cluster_.ask(assign);
        if (random().below(3) != 0) return;
        auto beat = cluster_.heartbeat(id, cluster_.epoch_of(id));
        beat.offline_dirs = {directories.back()};
        cluster_.ask(beat);
    }
    void propose() {
        const auto topic = any_topic();
        if (!topic) return;
        const std::size_t index = any_partition(*topic);
        const PartitionImage& now = *topic->partitions[index];
        if (now.leader == kNoBroker) return;
        std::vector<BrokerId> isr{now.leader};
        for (const BrokerId id : now.replicas) {
            if (id != now.leader && random().below(3) != 0) isr.push_back(id);
        }
        cluster_.ask(cluster_.proposal(topic->name, isr, index));
    }

    void check_epoch(TopicId topic, std::size_t index, const PartitionImage& partition) {
        auto& known = leaders_[{topic, index}];
        if (!known.empty()) {
            ASSERT_GE(partition.leader_epoch, known.rbegin()->first) << "OneLeaderPerEpoch";
        }
        const auto [at, is_new] = known.emplace(partition.leader_epoch, partition.leader);
        ASSERT_EQ(at->second, partition.leader)
            << "OneLeaderPerEpoch " << partition.leader_epoch.value();
    }
    // A record that forgets one loses them all when it is applied.
    void check_directories(const PartitionImage& partition) {
        ASSERT_EQ(partition.directories.size(), partition.replicas.size()) << "DirectoriesKnown";
    }
    void check_led(const std::string& topic, std::size_t index, const PartitionImage& partition) {
        if (partition.leader != kNoBroker) return;
        const auto& candidates = partition.isr.empty() ? partition.elr : partition.isr;
        for (const BrokerId id : candidates) {
            ASSERT_FALSE(may_lead(cluster_.image(), partition, id))
                << "WhoCanLeadDoes: " << topic << '-' << index << ", broker " << id.value();
        }
    }

    TestCluster cluster_;
    Loader replay_{std::make_shared<Image>()};
    std::optional<Loader> from_snapshot_;
    std::size_t applied_ = 0;
    std::map<std::pair<TopicId, std::size_t>, std::map<LeaderEpoch, BrokerId>> leaders_;
};

TEST(RandomAdministration, KeepsEveryPartitionLedByWhoMayLead) {
    std::uint64_t first = 1;
    if (const char* seed = std::getenv("MILENA_SEED")) first = std::strtoull(seed, nullptr, 10);
    for (std::uint64_t seed = first; seed < first + 12; ++seed) {
        SCOPED_TRACE("MILENA_SEED=" + std::to_string(seed));
        Administration administration(seed);
        for (int step = 0; step < 250; ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            administration.step();
            administration.check();
            if (testing::Test::HasFailure()) return;
        }
        EXPECT_GT(administration.cluster().log().size(), 80U);
    }
}

}  // namespace
}  // namespace milena::metadata
