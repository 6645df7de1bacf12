#include "broker/server/server.h"

#include "broker/api/dispatch.h"
#include "broker/api/services.h"
#include "broker/http/metrics_site.h"
#include "broker/net/disk_pool.h"
#include "broker/net/kernel_random.h"
#include "broker/net/reactor_pool.h"
#include "broker/net/socket_server.h"
#include "broker/net/system_clock.h"
#include "broker/quorum/cluster_id.h"
#include "broker/quorum/quorum.h"
#include "broker/replica/flusher.h"
#include "broker/replica/log_cleaner.h"
#include "broker/replica/log_store.h"
#include "broker/replica/replication.h"
#include "broker/replica/topic_publisher.h"
#include "broker/replica/upkeep.h"
#include "broker/server/cluster.h"
#include "broker/server/config_rules.h"
#include "broker/server/coordinators.h"
#include "broker/server/in_parallel.h"
#include "broker/server/metrics.h"
#include "broker/server/net_settings.h"
#include "broker/server/replication.h"
#include "broker/server/settings_follower.h"
#include "broker/server/storage_limits.h"
#include "log/file_cache.h"
#include "log/posix_disk.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

namespace milena::broker {
namespace {

namespace key = config::opt::broker;

// Syncs of different partitions go on side by side: the device and the journal of the file system
// take several at once for little more than the price of one.
constexpr std::size_t kDiskThreads = 4;
constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();
constexpr Millis kFetchSessionIdle{120'000};
// How long requests in progress get to finish at the stop.
constexpr Millis kDrain{2'000};
// The same among several nodes, when others lead already.
constexpr Millis kCut{5};
// How long the controller may take to let this broker go.
constexpr Millis kLeave{30'000};
// What has to be read of a log after an unclean stop so that nobody should wait for it later.
constexpr std::uint64_t kRecoverAtOnce = 1 << 20;
constexpr std::size_t kRecoverInOneGo = 16;
// Closing a log is waiting for the device, which takes many at once for little more than one.
constexpr int kClosingThreads = 16;

std::size_t reactor_count() {
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

struct Server::Parts {
    Parts(const config::Settings& from, IsStopping is_told_to_stop)
        : self(from.node().node_id),
          node(from.node()),
          is_stopping(std::move(is_told_to_stop)),
          settings(from, self) {}

    replica::Flusher::Submit submit_to_disk_pool() {
        return [this](replica::Flusher::Job job) {
            // Refused only after stop(): closing the logs then does what the job would have done.
            (void)disk_pool.submit(std::move(job));
        };
    }
    // As this broker reaches it, whichever node it is on.
    quorum::ControllerHost& controller() {
        if (cluster) return cluster->controller();
        return *quorum;
    }
    log::LogTime now() const { return {clock.wall_now(), clock.now()}; }

    Status open_data();
    Status open_quorum();
    void publish(const metadata::Image& after, const metadata::Delta& delta);
    void make_services();
    Status start_quorum();
    Status listen();
    Status register_broker();
    quorum::LocalBroker local_broker();
    Status join(quorum::LocalBroker broker);
    void on_quorum_thread(std::function<void()> work);
    void stop_replication();
    Status serve();
    Status listen_for_metrics();
    void start_upkeep();
    void start_cleaner();
    Status stop();
    Status close_logs();
    void recover_large();
    void recover_rest(std::vector<std::shared_ptr<replica::Partition>> left);
    std::shared_ptr<const replica::TopicSettings> settings_of(const metadata::Image& image,
                                                              std::string_view topic);

    const BrokerId self;
    const config::NodePlan node;
    const IsStopping is_stopping;
    net::SystemClock clock;
    net::KernelRandom random;
    log::PosixDisk disk;
    SettingsFollower settings;
    ConfigRules rules{settings.current()};
    std::string cluster_id;

    net::ReactorPool reactors{clock, reactor_count()};
    net::DiskPool disk_pool{kDiskThreads, kUnbounded};
    // The rounds of the quorum write and sync: a thread of their own.
    net::DiskPool quorum_thread{1, kUnbounded};
    std::unordered_map<const net::Executor*, std::unique_ptr<api::ReactorScratch>> scratch;

    std::unique_ptr<log::FileCache> files;
    std::unique_ptr<replica::LogStore> store;
    replica::PartitionTable partitions;
    replica::Flusher flusher{disk, clock, submit_to_disk_pool()};
    std::unique_ptr<ReplicationParts> replication;
    std::unique_ptr<replica::TopicPublisher> publisher;
    std::unique_ptr<quorum::Quorum> quorum;
    std::unique_ptr<Cluster> cluster;  // of several nodes
    BrokerEpoch broker_epoch{-1};
    std::unique_ptr<quorum::ProducerIds> producer_ids;
    std::unique_ptr<Coordinators> coordinators;
    std::unique_ptr<session::SessionCache> sessions;
    std::unique_ptr<api::Services> services;
    std::unique_ptr<api::Dispatch> dispatch;
    std::unique_ptr<net::SocketServer> sockets;
    std::unique_ptr<replica::Upkeep> upkeep;
    std::unique_ptr<replica::LogCleaner> cleaner;
    std::vector<std::unique_ptr<net::DiskPool>> cleaner_threads;
    std::vector<Bound> bound;
    telemetry::Registry metrics;
    std::unique_ptr<http::HttpServer> metrics_server;
    std::optional<Bound> metrics_bound;
    std::atomic<bool> running = false;
    bool stopped = false;
    std::shared_ptr<const config::Settings> usual_settings_from;
    std::shared_ptr<const replica::TopicSettings> usual_settings;
};

Status Server::Parts::open_data() {
    MILENA_ASSIGN(cluster_id, quorum::find_or_make_cluster_id(
                                  disk, node.log_dirs, founding_of(*settings.get()), random));
    files = std::make_unique<log::FileCache>(max_open_log_files(*settings.get()));
    replica::LogStore::Options options;
    options.paths = node.log_dirs;
    options.identity = {cluster_id, self};
    options.files = files.get();
    options.room_marks = [this] { return room_marks(*settings.get()); };
    MILENA_ASSIGN(store, replica::LogStore::open(disk, std::move(options), clock, random));
    replication = std::make_unique<ReplicationParts>(ReplicationParts::Node{
        self, *settings.get(), [this] { return settings.get(); }, clock, partitions, reactors[0],
        submit_to_disk_pool(),
        [this](metadata::AlterPartition request, net::Executor& executor,
               replica::IsrProposals::Answered answered) {
            controller().submit<metadata::AlterPartition>(std::move(request), executor,
                                                          std::move(answered));
        },
        [this](metadata::AssignReplicasToDirs request, net::Executor& executor,
               replica::DirectoryAssignments::Answered answered) {
            controller().submit<metadata::AssignReplicasToDirs>(std::move(request), executor,
                                                                std::move(answered));
        }});
    publisher = std::make_unique<replica::TopicPublisher>(
        self, *store, partitions, flusher, clock, &replication->machine,
        [this](const metadata::Image& image, std::string_view topic) {
            return settings_of(image, topic);
        });
    return store->begin();
}

// Topics without settings of their own share one object; only the quorum's thread publishes.
std::shared_ptr<const replica::TopicSettings> Server::Parts::settings_of(
    const metadata::Image& image, std::string_view topic) {
    const auto current = settings.get();
    const auto& own = image.config(metadata::ResourceType::topic, topic);
    if (!own.empty()) return replica::topic_settings(*current, own);
    if (usual_settings_from != current) {
        usual_settings = replica::topic_settings(*current, own);
        usual_settings_from = current;
    }
    return usual_settings;
}

// After an unclean stop: logs that take a while are recovered before anything is served, side by
// side; all others when they are asked for, or in the background.
void Server::Parts::recover_large() {
    if (store->was_clean()) return;
    const auto all = partitions.all();
    in_parallel(settings.get()->get(key::num_recovery_threads_per_data_dir) *
                    static_cast<int>(node.log_dirs.size()),
                all.size(), [&](std::size_t i) { all[i]->recover(kRecoverAtOnce); });
    log_info("recovered", {{"partitions", all.size()}});
}

void Server::Parts::recover_rest(std::vector<std::shared_ptr<replica::Partition>> left) {
    for (std::size_t i = 0; i < kRecoverInOneGo && !left.empty(); ++i) {
        left.back()->recover(0);
        left.pop_back();
    }
    // In small pieces, so that syncs get their turn.
    if (left.empty()) return;
    (void)disk_pool.submit(
        [this, left = std::move(left)]() mutable { recover_rest(std::move(left)); });
}

Status Server::Parts::open_quorum() {
    const auto current = settings.get();
    quorum::QuorumOptions options;
    options.node = self;
    options.data_directory = node.metadata_log_dir;
    for (const auto& directory : store->directories()) {
        if (directory.path == node.metadata_log_dir && directory.id) {
            options.directory_id = *directory.id;
        }
    }
    options.voters = voters_of(node);
    options.raft = raft_options(*current);
    options.upkeep = upkeep_timing(*current);
    options.controller_endpoints = controller_endpoints(node);
    options.controller.cluster_id = cluster_id;
    options.controller.node = self;
    options.controller.num_partitions = current->get(key::num_partitions);
    options.controller.default_replication_factor =
        static_cast<std::int16_t>(current->get(key::default_replication_factor));
    options.controller.min_insync_replicas = current->get(key::min_insync_replicas);
    options.controller.unclean_leader_election = current->get(key::unclean_leader_election_enable);
    options.controller.session_timeout = Millis(current->get(key::broker_session_timeout_ms));
    options.snapshot_bytes = static_cast<std::uint64_t>(
        current->get(key::metadata_log_max_record_bytes_between_snapshots));
    options.on_failure = [](const Error& error) {
        log_error("metadata_log_failed",
                  {{"reason", error.detail},
                   {"remedy", "repair the disk of metadata.log.dir, then start again"}});
        // Nothing more can be decided; what was acknowledged is on disk.
        std::quick_exit(1);
    };
    MILENA_ASSIGN(quorum, quorum::Quorum::open(std::move(options), disk, clock, random, rules,
                                               [this](net::Task task) {
                                                   (void)quorum_thread.submit(std::move(task));
                                               }));
    if (is_clustered(node)) {
        cluster = std::make_unique<Cluster>(Cluster::Node{
            self, cluster_id, clock, node, *current, *quorum, *store,
            [this](MonoTime until) { replication->machine.hold_lease(until); }, is_stopping});
    }
    coordinators = std::make_unique<Coordinators>(Coordinators::Node{
        self, *current, clock, random, partitions, reactors, disk_pool,
        [this] { return quorum->image(); },
        [this](net::Executor& executor, replica::TransactionCoordinator::GotProducerId done) {
            producer_ids->next(executor, std::move(done));
        }});
    quorum->subscribe([this](const metadata::ImagePtr&, const metadata::ImagePtr& after,
                             const metadata::Delta& delta) { publish(*after, delta); });
    return {};
}

void Server::Parts::publish(const metadata::Image& after, const metadata::Delta& delta) {
    settings.publish(after, delta);
    if (cluster && cluster->lifecycle().has_left(after)) return;
    publisher->publish(after, delta);
    replication->machine.publish(after, delta);
    coordinators->publish(after, delta);
    if (cluster) cluster->lifecycle().publish(after);
}

// Among several nodes the partitions are known when this node has followed the log to its own
// registration.
Status Server::Parts::start_quorum() {
    if (cluster) {
        publisher->is_joining();
        // Nothing is led before a controller has answered.
        replication->machine.hold_lease(MonoTime::min());
        MILENA_TRY(cluster->listen(*services));
        return quorum->start(&cluster->network());
    }
    MILENA_TRY(quorum->start());
    store->set_aside_strays();
    recover_large();
    return {};
}

void Server::Parts::on_quorum_thread(std::function<void()> work) {
    std::promise<void> done;
    (void)quorum_thread.submit([&] {
        work();
        done.set_value();
    });
    done.get_future().get();
}

void Server::Parts::stop_replication() {
    if (!reactors[0].running()) return replication->machine.stop();
    std::promise<void> done;
    reactors[0].post([&] {
        replication->machine.stop();
        done.set_value();
    });
    done.get_future().get();
}

void Server::Parts::make_services() {
    const auto current = settings.get();
    sessions = std::make_unique<session::SessionCache>(
        static_cast<std::size_t>(current->get(key::max_incremental_fetch_session_cache_slots)),
        kFetchSessionIdle, random);
    for (std::size_t i = 0; i < reactors.size(); ++i) {
        scratch.emplace(&reactors[i], std::make_unique<api::ReactorScratch>());
    }
    services = std::make_unique<api::Services>(api::Services{
        self, cluster_id, settings.current(), clock, controller(), nullptr, partitions, *store,
        *sessions, coordinators->groups, coordinators->markers, coordinators->transactions,
        [this](net::Executor& executor) -> api::ReactorScratch& { return *scratch.at(&executor); },
        quorum.get(), cluster ? &cluster->forwarder() : nullptr});
    dispatch = std::make_unique<api::Dispatch>(*services);
}

// Nothing is accepted before the reactors run; the kernel keeps early callers waiting.
Status Server::Parts::listen() {
    sockets =
        std::make_unique<net::SocketServer>(reactors, *dispatch, net_settings(*settings.get()));
    for (const auto& listener : node.listeners.broker) {
        auto port = sockets->listen({listener.name, listener.host, listener.port});
        if (port) {
            bound.push_back({listener.name, listener.host, *port});
        } else if (listener.optional) {
            log_warn("listener_left_out",
                     {{"listener", listener.name}, {"reason", port.error().detail}});
        } else {
            return std::unexpected(std::move(port).error());
        }
    }
    return {};
}

quorum::LocalBroker Server::Parts::local_broker() {
    quorum::LocalBroker broker;
    broker.incarnation = random.uuid();
    for (const auto& advertised : node.listeners.advertised) {
        auto port = advertised.port;
        for (const auto& listener : bound) {
            if (port == 0 && listener.listener == advertised.name) port = listener.port;
        }
        broker.endpoints.push_back({advertised.name, advertised.host, port,
                                    static_cast<metadata::SecurityProtocol>(advertised.protocol)});
    }
    if (const auto rack = settings.get()->get(key::broker_rack)) broker.rack = std::string(*rack);
    for (const auto& directory : store->directories()) {
        if (directory.is_online) broker.log_dirs.push_back(*directory.id);
    }
    if (const auto previous = store->previous_broker_epoch()) broker.previous_epoch = *previous;
    return broker;
}

Status Server::Parts::register_broker() {
    auto broker = local_broker();
    if (cluster) {
        MILENA_TRY(join(std::move(broker)));
    } else {
        MILENA_ASSIGN(broker_epoch, quorum->register_broker(std::move(broker)));
    }
    producer_ids = std::make_unique<quorum::ProducerIds>(services->controller, self, broker_epoch);
    services->producer_ids = producer_ids.get();
    return {};
}

Status Server::Parts::join(quorum::LocalBroker broker) {
    MILENA_ASSIGN(broker_epoch, cluster->lifecycle().join(std::move(broker)));
    on_quorum_thread([this] {
        publisher->has_joined();
        store->set_aside_strays();
    });
    recover_large();
    return {};
}

Status Server::Parts::listen_for_metrics() {
    const auto current = settings.get();
    const auto where = current->get(key::metrics_listener);
    if (!where || where->empty()) return {};
    const auto address = config::parse_host_port(*where);
    if (!address) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "metrics.listener=" + std::string(*where) + ": " + address.error().detail);
    }
    std::vector<const telemetry::RequestCounters*> requests;
    for (const auto& [executor, memory] : scratch) requests.push_back(&memory->counters);
    add_metrics(metrics, {*sockets, disk_pool, partitions, flusher, *store, replication->machine,
                          *coordinators, requests});
    http::MetricsSource source{metrics, [this] { return running.load(); },
                               [this](net::Task task) { (void)disk_pool.submit(std::move(task)); }};
    MILENA_ASSIGN(metrics_server,
                  http::HttpServer::listen(reactors[0], {"metrics", address->host, address->port},
                                           http::metrics_site(std::move(source))));
    metrics_bound = Bound{"HTTP", address->host, metrics_server->port()};
    return {};
}

void Server::Parts::start_upkeep() {
    replica::Upkeep::Intervals intervals;
    intervals.retention = [this] {
        return settings.get()->get(key::log_retention_check_interval_ms);
    };
    intervals.checkpoint = [this] {
        return settings.get()->get(key::log_flush_offset_checkpoint_interval_ms);
    };
    intervals.producers = [this] {
        return settings.get()->get(key::producer_id_expiration_check_interval_ms);
    };
    upkeep = std::make_unique<replica::Upkeep>(reactors[0], submit_to_disk_pool(), clock, disk,
                                               *store, partitions, std::move(intervals));
    reactors[0].post([this] { upkeep->start(); });
}

void Server::Parts::start_cleaner() {
    if (!settings.get()->get(key::log_cleaner_enable)) return;
    const auto read = [this] {
        const auto current = settings.get();
        replica::LogCleaner::Settings cleaning;
        cleaning.threads = static_cast<std::size_t>(current->get(key::log_cleaner_threads));
        cleaning.dedupe_bytes =
            static_cast<std::uint64_t>(current->get(key::log_cleaner_dedupe_buffer_size));
        cleaning.load_factor = current->get(key::log_cleaner_io_buffer_load_factor);
        cleaning.io_bytes =
            static_cast<std::uint64_t>(current->get(key::log_cleaner_io_buffer_size));
        cleaning.bytes_per_second = current->get(key::log_cleaner_io_max_bytes_per_second);
        cleaning.backoff = current->get(key::log_cleaner_backoff_ms);
        return cleaning;
    };
    const auto new_worker = [this] {
        auto& thread =
            *cleaner_threads.emplace_back(std::make_unique<net::DiskPool>(1, kUnbounded));
        return [&thread](replica::Flusher::Job job) { (void)thread.submit(std::move(job)); };
    };
    cleaner = std::make_unique<replica::LogCleaner>(reactors[0], clock, partitions, read,
                                                    new_worker, random.next());
    reactors[0].post([this] { cleaner->start(); });
}

// Also of a node that did not come to serve.
Status Server::Parts::stop() {
    running = false;
    if (std::exchange(stopped, true)) return {};
    const bool has_left = cluster && cluster->lifecycle().leave(kLeave);
    if (sockets) sockets->stop(has_left ? kCut : kDrain);
    if (metrics_server) metrics_server->stop();
    if (coordinators) coordinators->stop();
    const bool has_led = quorum && quorum->is_active();
    Status status;
    // Resigns while the others still hear it.
    if (quorum) status = quorum->stop();
    if (cluster) cluster->stop(has_led);
    quorum_thread.stop();
    if (replication) stop_replication();
    (void)reactors.stop(kDrain);
    if (cleaner) cleaner->stop();
    for (const auto& thread : cleaner_threads) thread->stop();
    disk_pool.stop();
    // Without the marker of a clean stop the next start looks closer.
    const bool knows_partitions = broker_epoch.value() >= 0;
    if (!knows_partitions) return status;
    if (auto closed = close_logs(); !closed && status) status = std::move(closed);
    return status;
}

Status Server::Parts::close_logs() {
    const auto all = partitions.all();
    std::mutex mutex;
    Status status;
    replica::LogStore::Marks marks;
    std::set<replica::DirectoryIndex> unclosed;
    in_parallel(kClosingThreads, all.size(), [&](std::size_t i) {
        auto last = all[i]->close(replica::Partition::Closing::clean, now());
        const std::lock_guard lock(mutex);
        if (last) {
            if (*last) marks.emplace_back(all[i]->name(), **last);
            return;
        }
        // Without the marker the next start scans, which is what a log that did not close needs.
        unclosed.insert(all[i]->directory());
        if (status) status = std::unexpected(std::move(last).error());
    });
    auto closed = store->close(marks, unclosed, broker_epoch);
    return status ? closed : status;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
    if (parts_) (void)parts_->stop();
}

Result<std::unique_ptr<Server>> Server::start(config::Settings settings, IsStopping is_stopping) {
    auto parts = std::make_unique<Parts>(settings, std::move(is_stopping));
    if (auto status = parts->serve(); !status) {
        (void)parts->stop();
        return std::unexpected(std::move(status).error());
    }
    return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Status Server::Parts::serve() {
    MILENA_TRY(open_data());
    MILENA_TRY(open_quorum());
    make_services();
    MILENA_TRY(start_quorum());
    MILENA_TRY(listen());
    MILENA_TRY(register_broker());
    MILENA_TRY(listen_for_metrics());
    if (cluster) cluster->expect_others();
    reactors.start();
    start_upkeep();
    start_cleaner();
    on_quorum_thread([this] { coordinators->start(*quorum->image()); });
    if (cluster) MILENA_TRY(cluster->lifecycle().unfence());
    running = true;
    if (!store->was_clean()) recover_rest(partitions.all());
    return {};
}

const std::vector<Server::Bound>& Server::listeners() const {
    return parts_->bound;
}

const std::optional<Server::Bound>& Server::metrics() const {
    return parts_->metrics_bound;
}

const std::string& Server::cluster_id() const {
    return parts_->cluster_id;
}

Status Server::stop() {
    return parts_->stop();
}

}  // namespace milena::broker
