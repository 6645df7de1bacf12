// Several replicas of one partition, each with its machine and its fetcher, a controller, and
// everything that can go wrong between them, in one thread under one seed.
//
// After every step it checks by name:
//   AckedIsNeverLost                 the leader holds every record that was acknowledged
//   IsrMembersHaveCommitted          so does every member of the ISR; with Durability::disk on disk
//   HighWatermarkMonotonicPerEpoch   what a leader says is committed, it goes on to say
//   LogMatchingBelowHighWatermark    two replicas hold the same below both their high watermarks
//   StaleLeaderServesNothingAfterLease  a broker that the controller fenced serves no client
// and at the end, when everything has healed:
//   NoDivergenceAfterHealing         all are in sync and equal, and all is committed
// What may be lost is exempt: with Durability::page_cache when no member of the ISR lived to tell,
// and by an unclean election.
#pragma once

#include "replication/fetcher/fetcher.h"
#include "tests/unit/replication/partition/simulated_controller.h"
#include "tests/unit/replication/partition/simulated_log.h"

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>

namespace milena::partition {

struct SimulationOptions {
    std::uint64_t seed = 0;
    Durability durability = Durability::disk;
    bool unclean = false;
    Millis faults_for{20'000};
};

struct SimulationReport {
    std::string violation;  // empty: none
    std::size_t events = 0;
    std::size_t acknowledged = 0;
    std::size_t elections = 0;
    std::size_t cuts = 0;
    std::size_t crashes = 0;
    std::size_t isr_changes = 0;
};

class SimulatedWorld {
  public:
    explicit SimulatedWorld(const SimulationOptions& options);
    SimulationReport run();

  private:
    using Action = std::function<void()>;
    struct Event {
        MonoTime at;
        std::uint64_t order;
        Action action;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const {
            return std::tie(a.at, a.order) > std::tie(b.at, b.order);
        }
    };

    // What a leader remembers of a fetch session.
    struct ServerSession {
        std::int32_t next_epoch = 1;
        std::optional<fetcher::FetchPartition> partition;
        Offset high_watermark = kNoOffset;  // as last told
        Offset log_start = kNoOffset;
    };

    struct Node {
        BrokerId id;
        bool up = false;
        std::uint64_t incarnation = 0;
        BrokerEpoch epoch{-1};
        MonoTime paused_until{};
        MonoTime lease{};
        MetadataSnapshot metadata;
        // On disk.
        SimulatedLog log;
        Offset checkpointed{0};
        // In memory.
        std::unique_ptr<Partition> machine;
        std::unique_ptr<fetcher::Fetcher> fetcher;
        BrokerId fetches_from = kNoBroker;
        LeaderEpoch followed = kNoLeaderEpoch;
        std::optional<FetchPosition> told;
        bool owes_position = false;
        bool syncing = false;
        bool sync_again = false;
        std::uint64_t fetcher_life = 0;  // answers to an earlier one are nobody's
        std::uint64_t asked_alter = 0;   // id of the last AlterIsr
        std::uint64_t alter_serial = 0;  // of its last sending
        bool alter_answered = false;
        MonoTime asked_alter_at{};
        MonoTime alter_unsettled_until{};  // an earlier sending may still arrive
        std::map<std::int32_t, ServerSession> sessions;
        // For the checks.
        bool intact = true;  // has lost nothing since it is in the ISR
        // Its marks above `trusted` may be of what was lost, up to this epoch.
        std::optional<LeaderEpoch> suspect;
        Offset trusted{0};
        std::uint64_t verified_generation = 0;
        Offset verified_to{0};
        LeaderEpoch hw_epoch = kNoLeaderEpoch;
        Offset hw_seen{0};
    };

    // What a fetch brings, beside what the fetcher looks at.
    struct Fetch {
        fetcher::FetchAnswered answer;
        std::vector<SimulatedRecord> records;
        Offset log_start = kNoOffset;
        Offset high_watermark = kNoOffset;
        std::optional<EpochEnd> diverging;
        Offset from{0};
        bool read_late = false;  // bytes leave the file only when they leave the broker
    };

    struct Faults {
        std::uint64_t drop_per_mille = 0;
        bool crashes = false;
        bool power_cuts = false;
        bool pauses = false;
        bool cuts = false;
        bool moves = false;
        bool reassignments = false;
        bool deletes = false;
        bool slow_links = false;
        bool slow_disks = false;
        bool late_reads = false;
        bool no_sessions = false;  // the leader has no room for them
    };

    // simulated_world.cc: time, network, lives
    void at(Nanos delay, Action action);
    void on_node(std::size_t node, Nanos delay, std::function<void(Node&)> action);
    bool chance(std::uint64_t per_mille) { return random_.below(1000) < per_mille; }
    Nanos link_delay();
    void send(BrokerId from, BrokerId to, Action arrive);
    void send_to_node(BrokerId from, const Node& to, std::function<void(Node&)> action);
    Node& node(BrokerId id) { return *nodes_[static_cast<std::size_t>(id.value() - 1)]; }
    std::size_t index_of(const Node& one) const {
        return static_cast<std::size_t>(one.id.value() - 1);
    }
    void start(Node& node);
    void crash(Node& node);
    void enroll(std::size_t index);
    void heartbeat(Node& node);
    void beat(std::size_t index);
    void publish();
    void fault();
    void heal();
    void produce();
    void housekeeping(Node& node);
    void daily(std::size_t index);

    // simulated_replica.cc: the shell around machine and fetcher
    void take_metadata(Node& node, const MetadataSnapshot& metadata);
    void follow(Node& node);
    void step(Node& node, const Input& input);
    void perform(Node& node, const Ready& ready);
    void begin_sync(Node& node);
    void send_alter_isr(Node& node, const AlterIsr& request);
    void tell_position(Node& node);
    void step_fetcher(Node& node, const fetcher::Input& input, const Fetch* fetch = nullptr);
    void deliver(Node& node, const Fetch& fetch, const fetcher::Delivery& delivery);
    void send_fetch(Node& node, const fetcher::FetchRequest& request);
    void send_ends(Node& node, const fetcher::LogEndsRequest& request);
    struct Asker {
        std::size_t index = 0;
        BrokerEpoch epoch{-1};
        std::uint64_t fetcher_life = 0;
    };
    // A fetch as a leader understands it, with what its session knows.
    struct Served {
        std::uint64_t request = 0;
        FetchSessionId session{0};
        bool full = true;
        Millis max_wait{0};
        std::optional<fetcher::FetchPartition> partition;
    };
    void serve_fetch(Node& leader, Asker from, const fetcher::FetchRequest& request);
    Result<Served> open_session(Node& leader, const fetcher::FetchRequest& request);
    void serve(Node& leader, Asker from, const Served& served, bool first);
    ErrorCode read_fetch(Node& leader, Asker from, const FetchPosition& position, bool first,
                         Fetch& fetch);
    void answer_fetch(Node& leader, Asker to, Fetch fetch);

    // simulated_checks.cc
    void fail(const std::string& invariant, const std::string& why);
    void note_acknowledged(Node& node, Offset end);
    void note_registration();
    void forgive(LeaderEpoch lost_in);
    void suspect_all(LeaderEpoch lost_in);
    void check();
    void check_acked(Node& node, const char* invariant);
    void check_matching(const Node& a, const Node& b);
    void check_high_watermark(Node& node);
    bool serves(const Node& node) const;
    std::string unhealed() const;

    SimulationOptions options_;
    SeededRandom random_;
    Faults faults_;
    MonoTime now_{Millis(1000)};
    std::uint64_t order_ = 0;
    std::priority_queue<Event, std::vector<Event>, Later> queue_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::set<std::pair<std::int32_t, std::int32_t>> severed_;  // from, to; 0 is the controller
    std::unique_ptr<SimulatedController> controller_;
    std::uint64_t published_ = 0;
    bool healing_ = false;
    MonoTime last_reassignment_{};
    std::uint64_t next_value_ = 1;
    std::int32_t next_session_ = 1;
    const std::vector<SimulatedRecord>* incoming_ = nullptr;

    Settings settings_;
    struct Matched {
        std::uint64_t generations = 0;
        Offset to{0};
    };
    std::map<std::pair<std::int32_t, std::int32_t>, Matched> matched_;
    std::vector<std::optional<SimulatedRecord>> acked_;
    Offset acked_end_{0};
    bool void_ = false;                    // nobody lives who can tell what was acknowledged
    std::optional<LeaderEpoch> forgiven_;  // what leaders up to it acknowledged may be gone
    LeaderEpoch seen_epoch_{0};
    std::vector<BrokerId> seen_isr_;
    bool dirty_ = false;
    SimulationReport report_;
};

}  // namespace milena::partition
