#include "broker/replica/transaction_coordinator.h"

#include "broker/replica/coordinator_host.h"
#include "protocol/base/logger.h"

#include <mutex>
#include <utility>

namespace milena::replica {
namespace {

namespace txn = coordinator::txn;

constexpr std::string_view kTopic = "__transaction_state";

using Host = CoordinatorHost<txn::Machine>;

void set_fresh_id(txn::Request& request, ProducerId id) {
    if (auto* init = std::get_if<txn::InitProducer>(&request)) init->fresh_id = id;
    if (auto* end = std::get_if<txn::EndTransaction>(&request)) end->fresh_id = id;
}

// Collects the answers of all shards.
struct Listing {
    std::mutex mutex;
    std::size_t left = 0;
    std::optional<Error> error;
    std::vector<txn::Description> found;
    TransactionCoordinator::Listed done;

    void add(Result<txn::Reply> reply) {
        {
            const std::lock_guard lock(mutex);
            if (reply) {
                std::move(reply->transactions.begin(), reply->transactions.end(),
                          std::back_inserter(found));
            } else if (reply.error().code != ErrorCode::NOT_COORDINATOR) {
                error = std::move(reply).error();
            }
            if (--left > 0) return;
        }
        if (error) {
            done(std::unexpected(std::move(*error)));
        } else {
            done(std::move(found));
        }
    }
};

}  // namespace

struct TransactionCoordinator::Parts {
    Parts(Setup from, Host::Options options)
        : setup(std::move(from)),
          host(std::string(kTopic), setup.self, setup.partitions, setup.environment,
               setup.executors, std::move(options)) {}

    net::Executor& executor(PartitionIndex shard) const {
        const auto i = static_cast<std::size_t>(shard.value());
        return *setup.executors[i % setup.executors.size()];
    }

    // Is this still the life of the shard that began with `epoch`?
    bool leads(PartitionIndex shard, LeaderEpoch epoch) const {
        const auto image = setup.environment.image();
        const auto* topic = image->topic(kTopic);
        const auto partition = topic == nullptr ? nullptr : setup.partitions.find(topic->id, shard);
        if (!partition) return false;
        const auto leader = partition->leader();
        return leader.id == setup.self && leader.epoch == epoch;
    }

    // kNoBroker: on this node, if on any.
    BrokerId coordinator_elsewhere(std::string_view transactional_id) const {
        if (setup.others == nullptr) return kNoBroker;
        const auto shard = host.shard_of(transactional_id);
        const auto image = setup.environment.image();
        const auto* topic = image->topic(kTopic);
        const auto* partition = topic == nullptr || !shard ? nullptr : topic->partition(*shard);
        if (partition == nullptr || partition->leader == setup.self) return kNoBroker;
        return partition->leader;
    }

    const Setup setup;
    Host host;
};

TransactionCoordinator::TransactionCoordinator(Setup setup) {
    Host::Options options;
    options.settings = setup.settings;
    options.log = setup.log;
    options.perform = [this](PartitionIndex shard, LeaderEpoch epoch, txn::Action order) {
        perform(shard, epoch, std::move(order));
    };
    parts_ = std::make_unique<Parts>(std::move(setup), std::move(options));
}

TransactionCoordinator::~TransactionCoordinator() = default;

void TransactionCoordinator::submit(std::string_view transactional_id, Request request, Done done) {
    const auto shard = shard_of(transactional_id);
    if (!shard) return done(std::unexpected(shard.error()));
    const bool may_need_id = std::holds_alternative<txn::InitProducer>(request) ||
                             std::holds_alternative<txn::EndTransaction>(request);
    if (may_need_id) return submit_with_id(*shard, std::move(request), std::move(done));
    parts_->host.submit(*shard, std::move(request), std::move(done));
}

void TransactionCoordinator::submit_anywhere(txn::LeaderQuestion question, Done done) {
    const auto id = std::visit([](const auto& asked) { return asked.transactional_id; }, question);
    const BrokerId coordinator = parts_->coordinator_elsewhere(id);
    if (coordinator != kNoBroker) {
        return parts_->setup.others->ask(coordinator, std::move(question), std::move(done));
    }
    std::visit([&](auto& asked) { submit(id, std::move(asked), std::move(done)); }, question);
}

void TransactionCoordinator::submit_with_id(PartitionIndex shard, Request request, Done done) {
    auto again = request;
    parts_->host.submit(
        shard, std::move(request),
        [this, shard, again = std::move(again), done = std::move(done)](auto reply) mutable {
            if (!reply || !reply->needs_producer_id) return done(std::move(reply));
            parts_->setup.next_producer_id(
                parts_->executor(shard), [this, shard, again = std::move(again),
                                          done = std::move(done)](Result<ProducerId> id) mutable {
                    if (!id) return done(std::unexpected(std::move(id).error()));
                    set_fresh_id(again, *id);
                    parts_->host.submit(shard, std::move(again), std::move(done));
                });
        });
}

void TransactionCoordinator::perform(PartitionIndex shard, LeaderEpoch epoch,
                                     txn::WriteMarkers order) {
    auto& executor = parts_->executor(shard);
    MarkerWriter::Order writing;
    writing.end.producer_id = order.producer_id;
    writing.end.producer_epoch = order.producer_epoch;
    writing.end.marker = {
        order.result == txn::EndResult::commit ? ControlType::commit : ControlType::abort,
        epoch.value()};
    writing.end.raises_epoch = order.client_version == txn::ClientVersion::implicit;
    writing.partitions = std::move(order.partitions);
    writing.still_wanted = [this, shard, epoch] { return parts_->leads(shard, epoch); };
    writing.done = [this, shard, epoch, id = std::move(order.transactional_id),
                    token = order.token](Status status) mutable {
        if (!status) {
            log_warn("markers_given_up",
                     {{"transactional_id", id}, {"reason", status.error().detail}});
            return;
        }
        // What another life of the shard wants written, it orders itself.
        if (!parts_->leads(shard, epoch)) return;
        parts_->host.submit(shard, txn::MarkersWritten{std::move(id), token}, [](auto) {});
    };
    parts_->setup.markers.carry_out(std::move(writing), executor);
}

void TransactionCoordinator::list(Listed done) {
    const auto shards = parts_->host.shards();
    if (shards.empty()) return done(std::vector<txn::Description>());
    auto listing = std::make_shared<Listing>();
    listing->left = shards.size();
    listing->done = std::move(done);
    for (const auto shard : shards) {
        parts_->host.submit(shard, txn::ListTransactions{},
                            [listing](auto reply) { listing->add(std::move(reply)); });
    }
}

Result<PartitionIndex> TransactionCoordinator::shard_of(std::string_view transactional_id) const {
    return parts_->host.shard_of(transactional_id);
}

TransactionCoordinator::Tally TransactionCoordinator::tally() const {
    const auto counts = parts_->host.shard_counts();
    Tally tally{counts.hosted, counts.loading, {}};
    parts_->host.show_machines([&](const txn::Machine& machine) {
        for (const auto& [id, entry] : machine.state().transactions) {
            ++tally.transactions[txn::status_name(entry.status)];
        }
    });
    return tally;
}

const CoordinatorCounters& TransactionCoordinator::counters() const {
    return parts_->host.counters();
}

void TransactionCoordinator::publish(const metadata::Image& after) {
    parts_->host.publish(after);
}
void TransactionCoordinator::start(const metadata::Image& image) {
    parts_->host.start(image);
}
void TransactionCoordinator::stop() {
    parts_->host.stop();
}

}  // namespace milena::replica
