#include "tools/bench/transactor.h"

#include "tools/bench/transaction_calls.h"
#include "tools/client/group_calls.h"
#include "tools/client/machine.h"
#include "tools/client/offsets.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::bench {
namespace {

constexpr std::int16_t kImplicitProduce = 12;
constexpr std::int16_t kImplicitEnd = 5;
constexpr Nanos kRequestTime = std::chrono::seconds(30);
// Before asking again what the coordinator was not ready for.
constexpr Nanos kRetry = std::chrono::milliseconds(1);

// The markers of the transaction before are still being written, or a shard is being loaded.
bool passes(ErrorCode error) {
    return error == ErrorCode::CONCURRENT_TRANSACTIONS ||
           error == ErrorCode::COORDINATOR_LOAD_IN_PROGRESS ||
           error == ErrorCode::COORDINATOR_NOT_AVAILABLE || error == ErrorCode::NOT_COORDINATOR;
}

Status refused(std::string_view what, const std::string& id, ErrorCode error) {
    return fail(error, fmt::format("transactional id '{}': {}: {}", id, what, error_name(error)));
}

// Asks until the answer's error is not one that passes.
template <class Ask>
Status ask_until_ready(const Clock& clock, MonoTime deadline, std::string_view what,
                       const std::string& id, Ask ask) {
    while (true) {
        MILENA_ASSIGN(const ErrorCode error, ask());
        if (error == ErrorCode::NONE) return {};
        if (!passes(error) || clock.now() > deadline) return refused(what, id, error);
        client::pause_for(kRetry);
    }
}

}  // namespace

Result<std::unique_ptr<client::Connection>> connect_leader(client::Cluster& cluster,
                                                           const client::TopicInfo& topic) {
    std::map<PartitionIndex, TimestampMs> ends;
    for (const auto& partition : topic.partitions) ends.emplace(partition.index, client::kLatest);
    MILENA_TRY(client::list_offsets(cluster, topic.name, std::move(ends),
                                    client::Isolation::read_uncommitted,
                                    cluster.operation_deadline()));
    const auto leader = topic.partitions.front().leader;
    const bool one = std::ranges::all_of(
        topic.partitions, [&](const auto& partition) { return partition.leader == leader; });
    const auto endpoint = cluster.brokers().find(leader);
    if (!one || endpoint == cluster.brokers().end()) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("this load needs one broker that leads every partition of '{}'",
                                topic.name));
    }
    return client::Connection::open(endpoint->second, cluster.settings().client_id,
                                    cluster.request_deadline(), cluster.clock());
}

Result<Transactor> Transactor::open(client::Cluster& cluster, std::string transactional_id,
                                    const client::TopicInfo& output) {
    Transactor made(cluster.clock(), std::move(transactional_id), output);
    MILENA_ASSIGN(made.leader_, connect_leader(cluster, output));
    MILENA_ASSIGN(const auto coordinator,
                  client::find_coordinator(cluster, made.transactional_id_,
                                           client::CoordinatorOf::transaction));
    MILENA_ASSIGN(made.coordinator_,
                  client::Connection::open(coordinator.endpoint, cluster.settings().client_id,
                                           cluster.request_deadline(), cluster.clock()));
    MILENA_ASSIGN(const auto end, made.coordinator_->version_of(ApiKey::EndTxn, kImplicitEnd));
    MILENA_ASSIGN(const auto produce,
                  made.leader_->version_of(ApiKey::Produce, api_row(ApiKey::Produce).max_version));
    if (end.value() < kImplicitEnd || produce.value() < kImplicitProduce) {
        return fail(ErrorCode::UNSUPPORTED_VERSION,
                    "this load needs a broker with transactions of version 2 (Kafka 4.0 or newer)");
    }
    MILENA_TRY(made.begin(cluster.operation_deadline()));
    return made;
}

MonoTime Transactor::deadline() const {
    return clock_.now() + kRequestTime;
}

Status Transactor::begin(MonoTime until) {
    msg::InitProducerIdRequest request;
    request.transactional_id = transactional_id_;
    request.transaction_timeout_ms = Millis(60'000);
    sequences_.assign(output_.partitions.size(), 0);
    return ask_until_ready(
        clock_, until, "no producer id", transactional_id_, [&]() -> Result<ErrorCode> {
            MILENA_ASSIGN(const auto reply, coordinator_->call(request, deadline()));
            producer_id_ = reply->message.producer_id;
            producer_epoch_ = reply->message.producer_epoch;
            return reply->message.error_code;
        });
}

Status Transactor::produce(std::span<const PartitionIndex> partitions,
                           std::span<const ByteView> values) {
    using Request = msg::ProduceRequest;
    std::vector<std::vector<std::uint8_t>> batches;
    for (const auto partition : partitions) {
        auto& sequence = sequences_[static_cast<std::size_t>(partition.value())];
        BatchTraits traits;
        traits.producer_id = producer_id_;
        traits.producer_epoch = producer_epoch_;
        traits.base_sequence = Sequence(sequence);
        traits.transactional = true;
        sequence += static_cast<std::int32_t>(values.size());
        builder_.reset(traits);
        for (const auto value : values) {
            builder_.add(clock_.wall_now(), NullableBytes(), NullableBytes(value));
        }
        const auto bytes = builder_.finish();
        batches.emplace_back(bytes.begin(), bytes.end());
    }
    std::vector<Request::PartitionProduceData> data(partitions.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i].index = partitions[i];
        data[i].records = Records(ByteView(batches[i]));
    }
    Request::TopicProduceData topic;
    topic.name = output_.name;
    topic.topic_id = output_.id;
    topic.partition_data = Array<Request::PartitionProduceData>(data.data(), data.size());
    Request request;
    request.transactional_id = transactional_id_;
    request.acks = -1;
    request.timeout_ms = Millis(30'000);
    request.topic_data = Array<Request::TopicProduceData>(&topic, 1);
    // A partition that was taken answers a second time as a duplicate: the whole may be sent again.
    return ask_until_ready(clock_, deadline(), "a batch is refused", transactional_id_,
                           [&]() -> Result<ErrorCode> {
                               MILENA_ASSIGN(const auto reply, leader_->call(request, deadline()));
                               auto error = ErrorCode::NONE;
                               for (const auto& answered : reply->message.responses) {
                                   for (const auto& partition : answered.partition_responses) {
                                       if (partition.error_code != ErrorCode::NONE)
                                           error = partition.error_code;
                                   }
                               }
                               return error;
                           });
}

Status Transactor::commit_position(client::Connection& groups, const std::string& group,
                                   const std::string& topic, PartitionIndex partition,
                                   Offset offset) {
    using Request = msg::TxnOffsetCommitRequest;
    Request::TxnOffsetCommitRequestPartition position;
    position.partition_index = partition;
    position.committed_offset = offset;
    Request::TxnOffsetCommitRequestTopic named;
    named.name = topic;
    named.partitions = Array<Request::TxnOffsetCommitRequestPartition>(&position, 1);
    Request request;
    request.transactional_id = transactional_id_;
    request.group_id = group;
    request.producer_id = producer_id_;
    request.producer_epoch = producer_epoch_;
    request.topics = Array<Request::TxnOffsetCommitRequestTopic>(&named, 1);
    return ask_until_ready(clock_, deadline(), "a position is refused", transactional_id_,
                           [&]() -> Result<ErrorCode> {
                               MILENA_ASSIGN(const auto reply, groups.call(request, deadline()));
                               auto error = ErrorCode::NONE;
                               for (const auto& answered : reply->message.topics) {
                                   for (const auto& at : answered.partitions) {
                                       if (at.error_code != ErrorCode::NONE) error = at.error_code;
                                   }
                               }
                               return error;
                           });
}

Status Transactor::commit() {
    msg::EndTxnRequest request;
    request.transactional_id = transactional_id_;
    request.producer_id = producer_id_;
    request.producer_epoch = producer_epoch_;
    request.committed = true;
    return ask_until_ready(
        clock_, deadline(), "no commit", transactional_id_, [&]() -> Result<ErrorCode> {
            MILENA_ASSIGN(const auto reply, coordinator_->call(request, deadline()));
            const auto& answer = reply->message;
            if (answer.error_code == ErrorCode::NONE) {
                producer_id_ = answer.producer_id;
                producer_epoch_ = answer.producer_epoch;
                std::ranges::fill(sequences_, 0);
            }
            return answer.error_code;
        });
}

}  // namespace milena::bench
