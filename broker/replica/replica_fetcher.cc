#include "broker/replica/replica_fetcher.h"

#include "log/batch_scan.h"
#include "protocol/base/logger.h"

#include <utility>

namespace milena::replica {
namespace {

// Batches are stored as they come, so what a wire or a disk has damaged must not get in. A cut one
// at the end is nobody's mistake.
Status check_fetched(ByteView records) {
    while (!records.empty()) {
        MILENA_ASSIGN(const auto head, log::parse_batch_head(records));
        if (!head || head->size > records.size()) return {};
        const auto batch = records.first(head->size);
        if (!log::batch_checksum_matches(*head, batch)) {
            return fail(ErrorCode::CORRUPT_MESSAGE, "the batch at offset " +
                                                        std::to_string(head->base_offset.value()) +
                                                        " does not match its CRC");
        }
        records = records.subspan(head->size);
    }
    return {};
}

}  // namespace

fetcher::PartitionKey key_of(const Partition& partition) {
    return {partition.name().topic_id, partition.name().index};
}

ReplicaFetcher::~ReplicaFetcher() {
    alive_.reset();
    if (timer_ != net::Executor::kNoTimer) environment_.executor.cancel(timer_);
}

void ReplicaFetcher::set_link(std::unique_ptr<LeaderLink> link) {
    link_ = std::move(link);
}

void ReplicaFetcher::follow(std::shared_ptr<Partition> partition, const FollowedPartition& where) {
    const auto key = key_of(*partition);
    partitions_[key] = std::move(partition);
    step(fetcher::Follow{key, where.leader_epoch, where.position});
    step(fetcher::Throttled{key, where.throttled});
    if (where.log_failed) step(fetcher::LogFailed{key});
}

void ReplicaFetcher::update(const Partition& partition, const FollowedPartition& where) {
    const auto key = key_of(partition);
    if (where.log_failed) {
        step(fetcher::LogFailed{key});
    } else {
        step(fetcher::Throttled{key, where.throttled});
        step(fetcher::Positioned{key, where.position});
    }
}

void ReplicaFetcher::unfollow(const fetcher::PartitionKey& key) {
    step(fetcher::Unfollow{key});
    partitions_.erase(key);
}

// `answers` is what the machine's deliveries count in.
void ReplicaFetcher::step(const fetcher::Input& input, const LeaderAnswers* answers) {
    auto ready = machine_.step(input, environment_.executor.now());
    if (ready.abandon && link_) link_->abandon();
    for (const auto& delivery : ready.deliver)
        deliver(delivery, answers->partitions[delivery.answer]);
    for (const auto& located : ready.locate) locate(located);
    if (ready.fetch) send(std::move(*ready.fetch));
    if (ready.ends) send(std::move(*ready.ends));
    arm_timer();
}

void ReplicaFetcher::deliver(const fetcher::Delivery& delivery, const LeaderAnswer& answer) {
    const auto found = partitions_.find(delivery.key);
    if (found == partitions_.end()) return;
    const auto partition = found->second;
    FetchedData data{.asked = delivery.asked,
                     .high_watermark = answer.high_watermark,
                     .log_start = answer.log_start,
                     .diverging = answer.diverging,
                     .records = answer.records};
    if (data.diverging) {
        // A cut is synced before anything else happens. The partition tells when it is done.
        data.records = {};
        environment_.submit([partition, data, at = now()] { partition->take_fetched(data, at); });
        return;
    }
    if (auto checked = check_fetched(data.records); !checked) {
        log_warn("fetched_damaged", {{"partition", partition->name().label()},
                                     {"reason", checked.error().detail},
                                     {"remedy",
                                      "it is fetched again; if that does not help, "
                                      "the leader's disk or the network is at fault"}});
        settle(*partition, /*unusable=*/true);
        return;
    }
    const bool usable = partition->take_fetched(data, now());
    environment_.fetched_bytes.fetch_add(data.records.size(), std::memory_order_relaxed);
    settle(*partition, !usable);
}

void ReplicaFetcher::locate(const fetcher::Located& located) {
    const auto found = partitions_.find(located.key);
    if (found == partitions_.end()) return;
    environment_.submit([partition = found->second, located, at = now()] {
        partition->take_leader_ends(located.leader_epoch, located.leader_start, located.leader_end,
                                    at);
    });
}

// Where the partition stands after what it was given. When it does not follow any more, Replication
// is about to be told.
void ReplicaFetcher::settle(const Partition& partition, bool unusable) {
    const auto where = partition.following();
    if (!where) return;
    if (where->log_failed) {
        step(fetcher::LogFailed{key_of(partition)});
    } else {
        step(fetcher::Positioned{key_of(partition), where->position, unusable});
    }
}

void ReplicaFetcher::lose(std::uint64_t request) {
    environment_.executor.post([this, request, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) step(fetcher::RequestLost{request});
    });
}

void ReplicaFetcher::send(fetcher::FetchRequest request) {
    const auto id = request.id;
    if (!link_) return lose(id);
    link_->fetch(std::move(request), [this, id, alive = std::weak_ptr(alive_)](
                                         Result<LeaderAnswers> answers) {
        if (alive.expired()) return;
        if (!answers) return step(fetcher::RequestLost{id});
        fetcher::FetchAnswered answered{id, answers->error, answers->session, {}};
        answered.partitions.reserve(answers->partitions.size());
        for (const auto& answer : answers->partitions) {
            answered.partitions.push_back(
                {answer.key, answer.error, answer.records.size(), answer.high_watermark});
        }
        step(answered, &*answers);
    });
}

void ReplicaFetcher::send(fetcher::LogEndsRequest request) {
    const auto id = request.id;
    if (!link_) return lose(id);
    link_->find_ends(std::move(request), [this, id, alive = std::weak_ptr(alive_)](
                                             Result<std::vector<fetcher::LogEnds>> ends) {
        if (alive.expired()) return;
        if (!ends) return step(fetcher::RequestLost{id});
        step(fetcher::LogEndsAnswered{id, ErrorCode::NONE, std::move(*ends)});
    });
}

void ReplicaFetcher::arm_timer() {
    const auto due = machine_.deadline().value_or(MonoTime::max());
    if (due == timer_at_) return;
    auto& executor = environment_.executor;
    if (timer_ != net::Executor::kNoTimer) executor.cancel(timer_);
    timer_ = net::Executor::kNoTimer;
    timer_at_ = due;
    if (due == MonoTime::max()) return;
    timer_ = executor.call_at(due, [this] {
        timer_ = net::Executor::kNoTimer;
        timer_at_ = MonoTime::max();
        step(fetcher::Tick{});
    });
}

}  // namespace milena::replica
