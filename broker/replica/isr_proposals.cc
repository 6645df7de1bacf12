#include "broker/replica/isr_proposals.h"

#include "broker/replica/replica_fetcher.h"
#include "protocol/base/logger.h"

#include <utility>

namespace milena::replica {
namespace {

// A request that got no answer does not arrive any more after that.
constexpr Millis kLongestDelay{30'000};

metadata::AlterPartition::Partition partition_of(PartitionIndex index,
                                                 const partition::AlterIsr& proposal) {
    metadata::AlterPartition::Partition asked;
    asked.index = index;
    asked.leader_epoch = proposal.leader_epoch;
    asked.partition_epoch = proposal.partition_epoch;
    for (const auto& member : proposal.isr) asked.isr.push_back({member.id, member.epoch});
    return asked;
}

}  // namespace

void IsrProposals::propose(std::shared_ptr<Partition> partition, partition::AlterIsr proposal) {
    const auto key = key_of(*partition);
    waiting_.insert_or_assign(key, Proposed{std::move(partition), std::move(proposal)});
    if (!under_way_) send();
}

void IsrProposals::send() {
    metadata::AlterPartition request;
    request.broker = self_;
    request.broker_epoch = broker_epoch_;
    asked_ = std::exchange(waiting_, {});
    for (const auto& [key, proposed] : asked_) {
        // Neighbours by the order of the keys.
        if (request.topics.empty() || request.topics.back().id != key.topic) {
            request.topics.push_back({key.topic, {}});
        }
        request.topics.back().partitions.push_back(partition_of(key.index, proposed.proposal));
    }
    under_way_ = true;
    submit_(std::move(request), executor_,
            [this, alive = std::weak_ptr(alive_)](Result<metadata::AlterPartition::Reply> reply) {
                if (!alive.expired()) on_answer(std::move(reply));
            });
}

void IsrProposals::on_answer(Result<metadata::AlterPartition::Reply> reply) {
    under_way_ = false;
    const auto now = executor_.now();
    std::erase_if(lost_, [&](const auto& one) { return now - one.second.at > kLongestDelay; });
    auto asked = std::exchange(asked_, {});
    if (reply && reply->error.code == ErrorCode::NONE) {
        for (const auto& topic : reply->topics) {
            for (const auto& partition : topic.partitions) {
                const auto found = asked.find({topic.id, partition.index});
                if (found == asked.end()) continue;
                answer(found->first, found->second,
                       {.id = 0,
                        .error = partition.error.code,
                        .leader_epoch = partition.leader_epoch,
                        .partition_epoch = partition.partition_epoch,
                        .isr = partition.isr});
                asked.erase(found);
            }
        }
    } else {
        log_info("isr_not_altered",
                 {{"reason", reply ? reply->error.detail : reply.error().detail}});
    }
    // Whoever has no answer of his own asks again.
    for (const auto& [key, proposed] : asked) {
        if (!reply) lost_.insert_or_assign(key, Lost{proposed.proposal.id, now});
        partition::AlterIsrAnswered none;
        none.error = ErrorCode::REQUEST_TIMED_OUT;
        answer(key, proposed, std::move(none));
    }
    if (!under_way_ && !waiting_.empty()) send();
}

bool IsrProposals::may_still_arrive(const fetcher::PartitionKey& key, std::uint64_t id) const {
    const auto lost = lost_.find(key);
    return lost != lost_.end() && lost->second.id == id;
}

void IsrProposals::answer(const fetcher::PartitionKey& key, const Proposed& proposed,
                          partition::AlterIsrAnswered answer) {
    answer.id = proposed.proposal.id;
    answer.final = !may_still_arrive(key, answer.id);
    const auto& partition = *proposed.partition;
    if (answer.error == ErrorCode::NONE) {
        log_info("isr_changed", {{"partition", partition.name().label()},
                                 {"in_sync", static_cast<std::int64_t>(answer.isr.size())},
                                 {"partition_epoch", answer.partition_epoch.value()}});
    } else {
        log_info("isr_unchanged",
                 {{"partition", partition.name().label()}, {"error", error_name(answer.error)}});
    }
    proposed.partition->on_isr_answer(answer, executor_.now());
    if (answer.error != ErrorCode::NONE) retry_();
}

}  // namespace milena::replica
