#include "tests/unit/broker/replica/replicated_world.h"

#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <gtest/gtest.h>

namespace milena::replica::test {
// A fetch at its leader, as api/ serves it: answered at once, or when something comes.
class World::ParkedFetch final : public Waiter {
  public:
    ParkedFetch(World& world, BrokerId from, BrokerEpoch epoch, BrokerId leader,
                fetcher::FetchRequest request, LeaderLink::FetchDone done)
        : Waiter(world.executor_),
          world_(world),
          from_(from),
          epoch_(epoch),
          leader_(leader),
          partition_(world.nodes_.at(leader.value())->partition),
          request_(std::move(request)),
          done_(std::move(done)) {}

    static void begin(const std::shared_ptr<ParkedFetch>& fetch) {
        if (fetch->ready() || fetch->request_.max_wait <= Millis(0)) return fetch->reply();
        fetch->expire_at(fetch->world_.executor_.now() + fetch->request_.max_wait);
        fetch->partition_->park_replica(fetch, fetch->log_end_);
    }

  private:
    bool ready() override {
        answers_ = {};
        if (world_.is_cut(from_, leader_)) return true;
        for (const auto& asked : request_.partitions) read(asked);
        if (answers_.partitions.empty()) return true;
        const auto& answer = answers_.partitions.front();
        const auto start_before = std::exchange(log_start_, answer.log_start);
        return answer.error != ErrorCode::NONE || answer.diverging || !answer.records.empty() ||
               (start_before != kNoOffset && start_before < answer.log_start);
    }

    void read(const fetcher::FetchPartition& asked) {
        LeaderAnswer answer;
        answer.key = asked.key;
        ReadRequest request;
        request.from = asked.position.offset;
        request.max_bytes = static_cast<std::uint64_t>(request_.partition_bytes);
        request.first = log::FirstBatch::always_whole;
        request.reader = partition::Reader::replica;
        request.current_leader_epoch = asked.position.leader_epoch;
        request.last_fetched_epoch = asked.position.last_fetched_epoch;
        request.now = world_.executor_.now();
        const auto outcome =
            partition_->read_as_replica(request, {from_, epoch_, asked.position.log_start});
        if (asked.key != key_of(*partition_)) {
            answer.error = ErrorCode::UNKNOWN_TOPIC_ID;
        } else if (outcome) {
            answer.high_watermark = outcome->high_watermark;
            answer.log_start = outcome->log_start_offset;
            if (outcome->diverging) {
                answer.diverging = {outcome->diverging->leader_epoch,
                                    outcome->diverging->end_offset};
            }
            log_end_ = outcome->log_end;
            const auto& slice = outcome->records.slice;
            bytes_.assign(slice.length, 0);
            if (slice.length > 0) {
                EXPECT_EQ(slice.source->read_some(slice.position, bytes_),
                          static_cast<std::int64_t>(slice.length));
                if (std::exchange(world_.damage_next_, false)) bytes_.back() ^= 0x40;
            }
            answer.records = bytes_;
        } else {
            answer.error = outcome.error().code;
        }
        answers_.partitions.push_back(std::move(answer));
    }

    void answer(bool expired) override {
        partition_->unpark_reader(this);
        if (expired) (void)ready();
        reply();
    }

    void reply() {
        if (world_.is_cut(from_, leader_)) {
            return done_(fail(ErrorCode::NETWORK_EXCEPTION, "the network is cut"));
        }
        done_(std::move(answers_));
    }

    World& world_;
    const BrokerId from_;
    const BrokerEpoch epoch_;
    const BrokerId leader_;
    const std::shared_ptr<Partition> partition_;
    const fetcher::FetchRequest request_;
    LeaderLink::FetchDone done_;
    LeaderAnswers answers_;
    std::vector<std::uint8_t> bytes_;
    Offset log_end_ = kNoOffset;
    Offset log_start_ = kNoOffset;
};

class World::Link final : public LeaderLink {
  public:
    Link(World& world, BrokerId from, BrokerId leader)
        : world_(world), from_(from), leader_(leader) {}

    void fetch(fetcher::FetchRequest request, FetchDone done) override {
        ++world_.fetches_;
        const auto epoch = world_.nodes_.at(from_.value())->epoch;
        auto parked = std::make_shared<ParkedFetch>(world_, from_, epoch, leader_,
                                                    std::move(request), std::move(done));
        world_.executor_.post([parked] { ParkedFetch::begin(parked); });
    }

    void find_ends(fetcher::LogEndsRequest request, EndsDone done) override {
        world_.executor_.post(
            [this, request = std::move(request), done = std::move(done)]() mutable {
                if (world_.is_cut(from_, leader_)) {
                    return done(fail(ErrorCode::NETWORK_EXCEPTION, "the network is cut"));
                }
                std::vector<fetcher::LogEnds> all;
                for (const auto& asked : request.partitions) {
                    auto& partition = *world_.nodes_.at(leader_.value())->partition;
                    const auto find = [&](OffsetQuery query) {
                        return partition.find_offset(query, {}, partition::Reader::replica,
                                                     asked.leader_epoch, codecs_);
                    };
                    const auto first = find(OffsetQuery::earliest);
                    const auto last = find(OffsetQuery::latest);
                    if (first && last) {
                        all.push_back({asked.key, ErrorCode::NONE, first->offset, last->offset});
                    } else {
                        all.push_back({asked.key, first ? last.error().code : first.error().code});
                    }
                }
                done(std::move(all));
            });
    }

    void abandon() override {}

  private:
    World& world_;
    const BrokerId from_;
    const BrokerId leader_;
    Codecs codecs_;
};

World::Node::Node(World& world, int number)
    : id(number),
      flusher(disk, world.clock_, [this](Flusher::Job job) { jobs.push_back(std::move(job)); }) {}

World::World(int nodes, partition::Settings settings) : settings_(settings) {
    for (int i = 1; i <= nodes; ++i) {
        auto& node = *nodes_.emplace(i, std::make_unique<Node>(*this, i)).first->second;
        EXPECT_TRUE(node.disk.make_dir("/data"));
        start(node);
        open(node, log::Shutdown::clean);
    }
    for (auto& [number, node] : nodes_) publish_brokers(*node);
}

World::~World() {
    for (auto& [number, node] : nodes_) {
        node->replication->stop();
        // Fetches that are parked at a partition hold it.
        (void)node->partition->close(Partition::Closing::removed,
                                     {clock_.wall_now(), clock_.now()});
    }
    executor_.run();
}

void World::start(Node& node) {
    Replication::Environment environment{
        .self = node.id,
        .listener = "PLAINTEXT",
        .executor = executor_,
        .clock = clock_,
        .partitions = node.table,
        .submit = [&node](Flusher::Job job) { node.jobs.push_back(std::move(job)); },
        .alter_partition =
            [this](metadata::AlterPartition request, net::Executor&,
                   IsrProposals::Answered answered) {
                alter(std::move(request), std::move(answered));
            },
        .assign_directories = {},
        .connect =
            [this, self = node.id](BrokerId leader, const metadata::Endpoint&) {
                return std::make_unique<Link>(*this, self, leader);
            },
        .fetch = {},
        .tuning = [this] { return tuning_; },
        .replica_lag_time_max = settings_.replica_lag_time_max};
    node.replication = std::make_unique<Replication>(std::move(environment));
}

void World::open(Node& node, log::Shutdown shutdown) {
    auto settings = std::make_shared<TopicSettings>();
    settings->replication = settings_;
    log::OpenOptions options;
    options.settings = settings->log;
    options.shutdown = shutdown;
    options.now = {clock_.wall_now(), clock_.now()};
    const auto directory = "/data/t-" + std::to_string(topic_.value().low);
    auto opened = log::PartitionLog::open(node.disk, directory, options);
    ASSERT_TRUE(opened) << opened.error().detail;
    node.partition =
        std::make_shared<Partition>(PartitionName{"t", topic_, {}}, node.id, std::move(*opened),
                                    settings, node.flusher, node.replication.get());
    node.table.put(node.partition);
}

void World::power_cycle(int number) {
    auto& node = *nodes_.at(number);
    node.replication->stop();
    (void)node.partition->close(Partition::Closing::removed, {clock_.wall_now(), clock_.now()});
    past_.push_back(node.partition);
    executor_.run();
    node.jobs.clear();
    node.disk.lose_unsynced();
    node.epoch = BrokerEpoch(node.epoch.value() + 1);
    start(node);
    open(node, log::Shutdown::unclean);
    for (auto& [other, each] : nodes_) publish_brokers(*each);
    publish(node);
}

void World::make_anew(int leader, std::vector<int> isr) {
    topic_ = TopicId(Uuid{7, topic_.value().low + 1});
    leader_epoch_ = LeaderEpoch(0);
    partition_epoch_ = PartitionEpoch(0);
    for (auto& [number, node] : nodes_) {
        (void)node->table.take(node->partition->name().topic_id, {});
        const log::LogTime now{clock_.wall_now(), clock_.now()};
        EXPECT_TRUE(node->partition->close(Partition::Closing::removed, now));
        past_.push_back(node->partition);
        open(*node, log::Shutdown::clean);
    }
    elect(leader, std::move(isr));
}

void World::tune(const Tuning& tuning) {
    tuning_ = tuning;
    metadata::Delta delta;
    delta.configs.push_back({metadata::ResourceType::broker, ""});
    for (auto& [number, node] : nodes_) node->replication->publish({}, delta);
}

void World::throttle(const std::string& replicas) {
    auto settings = std::make_shared<TopicSettings>(*partition(1).settings());
    settings->throttled_senders = ThrottledReplicas({replicas});
    settings->throttled_fetchers = ThrottledReplicas({replicas});
    for (auto& [number, node] : nodes_) node->partition->update_settings(settings, clock_.now());
}

void World::publish_brokers(Node& node) {
    metadata::Image image;
    metadata::Delta delta;
    for (const auto& [number, each] : nodes_) {
        metadata::BrokerImage broker;
        broker.id = each->id;
        broker.epoch = each->epoch;
        broker.is_fenced = false;
        broker.endpoints = {{"PLAINTEXT", "127.0.0.1", static_cast<std::uint16_t>(9000 + number)}};
        image.brokers.push_back(std::make_shared<const metadata::BrokerImage>(broker));
        delta.brokers.push_back(each->id);
    }
    node.replication->publish(image, delta);
    node.partition->update_brokers(views(), clock_.now());
}

std::vector<partition::BrokerView> World::views() const {
    std::vector<partition::BrokerView> views;
    for (const auto& [number, node] : nodes_) {
        views.push_back({node->id, node->epoch, true, true, "rack" + std::to_string(number)});
    }
    return views;
}

void World::publish(Node& node) {
    if (cut_.contains(node.id.value())) return;
    if (node.id != leader_) {
        node.partition->become_follower({leader_epoch_, partition_epoch_, leader_}, Offset(0),
                                        {clock_.wall_now(), clock_.now()});
        return;
    }
    Leadership leadership{leader_epoch_, partition_epoch_, {}, isr_, views()};
    for (const auto& [number, each] : nodes_) leadership.replicas.push_back(each->id);
    node.partition->become_leader(leadership, Offset(0), clock_.now());
}

void World::elect(int leader, std::vector<int> isr) {
    leader_ = BrokerId(leader);
    leader_epoch_ = leader_epoch_ + 1;
    partition_epoch_ = partition_epoch_ + 1;
    isr_.clear();
    for (const int id : isr) isr_.emplace_back(id);
    for (auto& [number, node] : nodes_) publish(*node);
}

void World::alter(metadata::AlterPartition request, IsrProposals::Answered answered) {
    executor_.post([this, request = std::move(request), answered = std::move(answered)]() mutable {
        if (controller_silent_ || cut_.contains(request.broker.value())) {
            return answered(fail(ErrorCode::NOT_CONTROLLER, "no answer"));
        }
        auto reply = decide(request);
        const bool changed = reply.topics[0].partitions[0].error.code == ErrorCode::NONE;
        answered(std::move(reply));
        if (!changed) return;
        for (auto& [number, node] : nodes_) publish(*node);
    });
}

metadata::AlterPartition::Reply World::decide(const metadata::AlterPartition& request) {
    const auto& asked = request.topics.at(0).partitions.at(0);
    metadata::AlterPartition::Reply::Partition answer{asked.index, {ErrorCode::NONE, {}}};
    const bool stale = asked.leader_epoch != leader_epoch_ || request.broker != leader_;
    if (stale) {
        answer.error = {ErrorCode::FENCED_LEADER_EPOCH, "another leader"};
    } else if (asked.partition_epoch != partition_epoch_) {
        answer.error = {ErrorCode::INVALID_UPDATE_VERSION, "another epoch"};
    } else if (std::ranges::any_of(asked.isr, [&](const auto& member) {
                   return member.epoch != nodes_.at(member.id.value())->epoch;
               })) {
        answer.error = {ErrorCode::INELIGIBLE_REPLICA, "a past life"};
    } else {
        partition_epoch_ = partition_epoch_ + 1;
        isr_.clear();
        for (const auto& member : asked.isr) isr_.push_back(member.id);
        answer.leader = leader_;
        answer.leader_epoch = leader_epoch_;
        answer.partition_epoch = partition_epoch_;
        answer.isr = isr_;
    }
    metadata::AlterPartition::Reply reply{{ErrorCode::NONE, {}}, {}};
    reply.topics.push_back({request.topics[0].id, {answer}});
    return reply;
}

void World::settle() {
    for (bool busy = true; busy;) {
        busy = executor_.run() > 0;
        for (auto& [number, node] : nodes_) {
            if (node->stalled) continue;
            while (!node->jobs.empty()) {
                auto job = std::move(node->jobs.front());
                node->jobs.pop_front();
                job();
                busy = true;
            }
        }
    }
}

void World::advance(Millis by) {
    constexpr Millis kStep{5};
    settle();
    for (Millis done{0}; done < by; done += kStep) {
        executor_.advance(kStep);
        settle();
    }
}

Result<AppendOutcome> World::append(int node, Acks acks, const std::string& value,
                                    log::AppendOrigin origin) {
    BatchBuilder builder;
    builder.add(clock_.wall_now(), NullableBytes(), NullableBytes(as_bytes(value)));
    return nodes_.at(node)->partition->append(builder.finish(), acks, origin,
                                              {clock_.wall_now(), clock_.now()});
}

bool World::is_acknowledged(int node, const AppendOutcome& outcome) {
    return nodes_.at(node)->partition->is_acknowledged(outcome).value_or(false);
}

// Below the log's start nothing is read; the marks are told all the same by -1.
ReadOutcome World::read(int node, std::int64_t from, ReadRequest request) {
    request.from = Offset(from);
    if (from < 0) request.from = nodes_.at(node)->partition->marks()->log_start_offset;
    request.max_bytes = 1 << 20;
    request.leader_only = false;
    request.now = clock_.now();
    auto outcome = nodes_.at(node)->partition->read(request);
    EXPECT_TRUE(outcome) << outcome.error().detail;
    return outcome ? *outcome : ReadOutcome{};
}

std::vector<std::uint8_t> World::content(int node) {
    std::vector<std::uint8_t> all;
    ReadRequest request;
    request.reader = partition::Reader::replica;
    const auto outcome = read(node, -1, request);
    const auto& slice = outcome.records.slice;
    all.resize(slice.length);
    if (slice.length > 0) {
        EXPECT_EQ(slice.source->read_some(slice.position, all),
                  static_cast<std::int64_t>(all.size()));
    }
    return all;
}

}  // namespace milena::replica::test
