// Several nodes with one partition in one process: their shells of replication over real logs on
// memory disks, a network that can be cut, and a controller that says yes where Kafka's would.
#pragma once

#include "broker/replica/flusher.h"
#include "broker/replica/partition.h"
#include "broker/replica/partition_table.h"
#include "broker/replica/replication.h"
#include "tests/unit/broker/support/clocks.h"
#include "tests/unit/broker/support/manual_executor.h"
#include "tests/unit/log/support/memory_disk.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace milena::replica::test {

class World {
  public:
    explicit World(int nodes, partition::Settings settings = {});
    ~World();

    // The controller's decision: this broker leads in a new epoch, with these in sync.
    void elect(int leader, std::vector<int> isr);
    // Nothing passes between this node and the others any more, or does again.
    void cut(int node) { cut_.insert(node); }
    void heal(int node) { cut_.erase(node); }
    // The controller does not answer.
    void silence_controller(bool on) { controller_silent_ = on; }
    // No sync of this node ends.
    void stall_disk(int node, bool on) { nodes_.at(node)->stalled = on; }
    // The power of the node goes, and comes back: it holds what was synced.
    void power_cycle(int node);
    // The topic is deleted and made again: a new id, an empty log, epochs from the beginning.
    void make_anew(int leader, std::vector<int> isr);

    using Tuning = Replication::Environment::Tuning;
    void tune(const Tuning& tuning);
    // These replicas ("*", "0:2") are, where there is a rate.
    void throttle(const std::string& replicas);

    // Everything that can happen without time passing.
    void settle();
    void advance(Millis by);

    Result<AppendOutcome> append(int node, Acks acks, const std::string& value = "value",
                                 log::AppendOrigin origin = log::AppendOrigin::client);
    // Is it acknowledged by the node that took it?
    bool is_acknowledged(int node, const AppendOutcome& outcome);
    Partition& partition(int node) { return *nodes_.at(node)->partition; }
    Replication& replication(int node) { return *nodes_.at(node)->replication; }
    // All bytes of the node's log from its start on.
    std::vector<std::uint8_t> content(int node);
    ReadOutcome read(int node, std::int64_t from, ReadRequest request = {});
    Offset end(int node) { return read(node, -1).log_end; }
    Offset high_watermark(int node) { return read(node, -1).high_watermark; }

    const std::vector<BrokerId>& isr() const { return isr_; }
    LeaderEpoch epoch() const { return leader_epoch_; }
    BrokerEpoch broker_epoch(int node) const { return nodes_.at(node)->epoch; }
    ExecutorClock& clock() { return clock_; }
    ManualExecutor& executor() { return executor_; }
    std::size_t fetches() const { return fetches_; }
    // Spoils one byte of the records in the next answer that has some.
    void damage_next_answer() { damage_next_ = true; }

  private:
    class Link;
    class ParkedFetch;
    struct Node {
        Node(World& world, int number);

        BrokerId id;
        BrokerEpoch epoch{100};
        log::test::MemoryDisk disk;
        std::deque<Flusher::Job> jobs;
        bool stalled = false;
        PartitionTable table;
        Flusher flusher;
        std::unique_ptr<Replication> replication;
        std::shared_ptr<Partition> partition;
    };

    void start(Node& node);
    void open(Node& node, log::Shutdown shutdown);
    void publish(Node& node);
    void publish_brokers(Node& node);
    std::vector<partition::BrokerView> views() const;
    void alter(metadata::AlterPartition request, IsrProposals::Answered answered);
    metadata::AlterPartition::Reply decide(const metadata::AlterPartition& request);
    bool is_cut(BrokerId a, BrokerId b) const {
        return cut_.contains(a.value()) || cut_.contains(b.value());
    }

    ManualExecutor executor_;
    ExecutorClock clock_{executor_};
    const partition::Settings settings_;
    std::map<int, std::unique_ptr<Node>> nodes_;
    std::vector<std::shared_ptr<Partition>> past_;
    std::set<int> cut_;
    bool controller_silent_ = false;
    bool damage_next_ = false;
    std::size_t fetches_ = 0;

    Tuning tuning_;
    TopicId topic_{Uuid{7, 0}};
    BrokerId leader_ = kNoBroker;
    LeaderEpoch leader_epoch_{0};
    PartitionEpoch partition_epoch_{0};
    std::vector<BrokerId> isr_;
};

}  // namespace milena::replica::test
