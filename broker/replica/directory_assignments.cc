#include "broker/replica/directory_assignments.h"

#include "protocol/base/logger.h"

#include <utility>

namespace milena::replica {
namespace {

// Partitions of one topic come one after the other: they share a request.
constexpr Millis kGather{10};
constexpr Millis kRetry{500};

}  // namespace

void DirectoryAssignments::stop() {
    alive_.reset();
    if (timer_ != net::Executor::kNoTimer) executor_.cancel(timer_);
    timer_ = net::Executor::kNoTimer;
}

void DirectoryAssignments::assign(const fetcher::PartitionKey& key, DirectoryId directory) {
    if (!alive_) return;
    waiting_.insert_or_assign(key, directory);
    send_soon(kGather);
}

void DirectoryAssignments::send_soon(Millis delay) {
    if (under_way_ || timer_ != net::Executor::kNoTimer) return;
    timer_ = executor_.call_at(executor_.now() + delay, [this] {
        timer_ = net::Executor::kNoTimer;
        send();
    });
}

void DirectoryAssignments::send() {
    metadata::AssignReplicasToDirs request{self_, broker_epoch_, {}};
    asked_ = std::exchange(waiting_, {});
    std::map<DirectoryId, std::map<TopicId, std::vector<PartitionIndex>>> sorted;
    for (const auto& [key, directory] : asked_) sorted[directory][key.topic].push_back(key.index);
    for (auto& [directory, topics] : sorted) {
        auto& to = request.directories.emplace_back();
        to.id = directory;
        for (auto& [topic, partitions] : topics)
            to.topics.push_back({topic, std::move(partitions)});
    }
    under_way_ = true;
    submit_(std::move(request), executor_,
            [this, alive = std::weak_ptr(alive_)](
                const Result<metadata::AssignReplicasToDirs::Reply>& reply) {
                if (!alive.expired()) on_answer(reply);
            });
}

void DirectoryAssignments::on_answer(const Result<metadata::AssignReplicasToDirs::Reply>& reply) {
    under_way_ = false;
    auto asked = std::exchange(asked_, {});
    const Error error = reply ? reply->error : reply.error();
    if (error.code != ErrorCode::NONE) {
        log_info("directories_not_assigned",
                 {{"replicas", static_cast<std::int64_t>(asked.size())}, {"reason", error.detail}});
        // What has been said since counts.
        waiting_.merge(asked);
    }
    if (!waiting_.empty()) send_soon(error.code == ErrorCode::NONE ? kGather : kRetry);
}

}  // namespace milena::replica
