#include "tools/client/producer.h"

#include "tools/client/partitioner.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::client {
namespace {

NullableBytes to_bytes(const OptionalBytes& bytes) {
    return bytes ? NullableBytes(as_bytes(*bytes)) : NullableBytes();
}

// Failures after which nobody knows which sequences the broker has seen.
bool spoils_sequence(ErrorCode code) {
    return code == ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER ||
           code == ErrorCode::UNKNOWN_PRODUCER_ID || code == ErrorCode::INVALID_PRODUCER_EPOCH ||
           code == ErrorCode::REQUEST_TIMED_OUT || code == ErrorCode::NETWORK_EXCEPTION ||
           code == ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND;
}

}  // namespace

Producer::Producer(Cluster& cluster, ProducerSettings settings, Random& random, OnLoss on_loss)
    : cluster_(cluster),
      settings_(std::move(settings)),
      random_(random),
      on_loss_(std::move(on_loss)) {}

Status Producer::open() {
    MILENA_ASSIGN(topic_,
                  cluster_.topic_with_leaders(settings_.topic, settings_.may_create_topic,
                                              cluster_.clock().now() + settings_.topic_timeout));
    return init_producer_id();
}

Status Producer::init_producer_id() {
    needs_new_id_ = false;
    if (!settings_.idempotent || settings_.acks != Acks::all) return {};
    MILENA_ASSIGN(const Connection* connection, cluster_.any_broker());
    if (!connection->speaks(ApiKey::InitProducerId)) return {};
    const auto deadline = cluster_.operation_deadline();
    msg::InitProducerIdRequest request;
    request.transactional_id = NullableString();
    request.transaction_timeout_ms = Millis(2'147'483'647);
    while (true) {
        MILENA_ASSIGN(const auto reply, cluster_.call(request));
        const auto& message = reply->message;
        if (message.error_code == ErrorCode::NONE) {
            producer_id_ = message.producer_id;
            producer_epoch_ = message.producer_epoch;
            return {};
        }
        const Error error{message.error_code, fmt::format("no producer id is given: {}",
                                                          error_name(message.error_code))};
        if (!cluster_.try_again(error, deadline)) return std::unexpected(error);
    }
}

PartitionIndex Producer::choose(const Record& record) {
    const auto count = static_cast<std::int32_t>(topic_.partitions.size());
    if (record.partition) return *record.partition;
    if (record.key) return partition_of_key(as_bytes(*record.key), count);
    if (!sticky_) {
        sticky_ = PartitionIndex(
            static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(count))));
    }
    return *sticky_;
}

BatchTraits Producer::traits(const Partition& partition) const {
    BatchTraits traits;
    traits.compression = settings_.compression;
    if (producer_id_ != kNoProducerId) {
        traits.producer_id = producer_id_;
        traits.producer_epoch = producer_epoch_;
        traits.base_sequence = partition.next_sequence;
    }
    return traits;
}

Status Producer::add(const Record& record) {
    const auto index = choose(record);
    if (index.value() < 0 || static_cast<std::size_t>(index.value()) >= topic_.partitions.size()) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    fmt::format("topic '{}' has no partition {}, only 0 to {}", topic_.name,
                                index.value(), topic_.partitions.size() - 1));
    }
    std::vector<RecordHeader> headers;
    for (const auto& header : record.headers) {
        headers.push_back({header.key, to_bytes(header.value)});
    }
    const auto key = to_bytes(record.key);
    const auto value = to_bytes(record.value);
    auto& partition = partitions_[index];
    const auto size = BatchBuilder::max_record_size(key, value, headers);
    if (!partition.open.empty() &&
        partition.open.size_uncompressed() + size > settings_.batch_bytes) {
        flush();
    }
    if (partition.open.empty()) partition.open.reset(traits(partition));
    const auto before = partition.open.size_uncompressed();
    partition.open.add(record.timestamp.value_or(cluster_.clock().wall_now()), key, value, headers);
    buffered_bytes_ += partition.open.size_uncompressed() - before;
    if (partition.open.size_uncompressed() >= settings_.batch_bytes ||
        buffered_bytes_ >= settings_.buffer_bytes) {
        flush();
    }
    return {};
}

void Producer::seal_all() {
    for (auto& [index, partition] : partitions_) {
        if (partition.sealed || partition.open.empty()) continue;
        partition.bytes = partition.open.finish(codecs_);
        partition.sealed = true;
        partition.attempts = 0;
    }
}

bool Producer::anything_sealed() const {
    return std::ranges::any_of(partitions_, [](const auto& entry) { return entry.second.sealed; });
}

void Producer::flush() {
    seal_all();
    sticky_.reset();  // the next records without keys may go elsewhere
    delivery_deadline_ = cluster_.clock().now() + settings_.delivery_timeout;
    while (anything_sealed()) {
        last_failure_.reset();
        send_round();
        if (anything_sealed() && last_failure_) cluster_.pause_after(*last_failure_);
        if (needs_new_id_ && !anything_sealed()) start_over();
    }
    buffered_bytes_ = 0;
}

void Producer::start_over() {
    for (auto& [index, partition] : partitions_) partition.next_sequence = Sequence(0);
    // Without an id the records go out as those of an old producer: no worse than before.
    producer_id_ = kNoProducerId;
    if (const auto status = init_producer_id(); !status) needs_new_id_ = true;
}

void Producer::send_round() {
    std::map<BrokerId, Sealed> by_leader;
    for (const auto& [index, partition] : partitions_) {
        if (!partition.sealed) continue;
        const auto leader = topic_.partitions[static_cast<std::size_t>(index.value())].leader;
        by_leader[leader].push_back(index);
    }
    for (const auto& [leader, partitions] : by_leader) send_to(leader, partitions);
}

void Producer::send_to(BrokerId leader, const Sealed& partitions) {
    using Request = msg::ProduceRequest;
    std::vector<Request::PartitionProduceData> data;
    for (const auto index : partitions) {
        Request::PartitionProduceData one;
        one.index = index;
        one.records = Records(partitions_[index].bytes);
        data.push_back(one);
    }
    Request::TopicProduceData topic;
    topic.name = topic_.name;
    topic.topic_id = topic_.id;
    topic.partition_data = Array<Request::PartitionProduceData>(data);
    Request request;
    request.acks = static_cast<std::int16_t>(settings_.acks);
    request.timeout_ms = cluster_.settings().request_timeout;
    request.topic_data = Array<Request::TopicProduceData>(&topic, 1);

    const auto failed = [&](const Error& error) {
        for (const auto index : partitions) fail_or_retry(index, error);
        refresh_leaders();
    };
    auto connection = cluster_.broker(leader);
    if (!connection) return failed(connection.error());
    if (settings_.acks == Acks::none) {
        const auto sent = (*connection)->send(request, cluster_.request_deadline());
        if (sent) {
            for (const auto index : partitions) finish(index, ErrorCode::NONE, {});
            return;
        }
        cluster_.forget(*connection);
        return failed(sent.error());
    }
    const auto reply = (*connection)->call(request, cluster_.request_deadline());
    if (reply) return take_answer((*reply)->message, partitions);
    cluster_.forget(*connection);
    failed(reply.error());
}

void Producer::take_answer(const msg::ProduceResponse& response, const Sealed& partitions) {
    Sealed unanswered = partitions;
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partition_responses) {
            if (std::erase(unanswered, partition.index) == 0) continue;
            std::string message(partition.error_message.value_or_empty());
            for (const auto& record : partition.record_errors) {
                message +=
                    fmt::format("{}record {}: {}", message.empty() ? "" : "; ", record.batch_index,
                                record.batch_index_error_message.value_or_empty());
            }
            finish(partition.index, partition.error_code, message);
        }
    }
    for (const auto index : unanswered) {
        give_up(index, {ErrorCode::UNKNOWN_SERVER_ERROR, "the broker's answer leaves it out"});
    }
}

void Producer::finish(PartitionIndex index, ErrorCode error, const std::string& message) {
    auto& partition = partitions_[index];
    if (error == ErrorCode::NONE || error == ErrorCode::DUPLICATE_SEQUENCE_NUMBER) {
        const auto count = partition.open.record_count();
        acknowledged_ += static_cast<std::uint64_t>(count);
        partition.next_sequence = sequence_after(partition.next_sequence, count);
        return release(partition);
    }
    fail_or_retry(index,
                  {error, message.empty() ? error_name(error)
                                          : fmt::format("{} ({})", message, error_name(error))});
    if (is_retriable(error)) refresh_leaders();
}

void Producer::fail_or_retry(PartitionIndex index, const Error& error) {
    auto& partition = partitions_[index];
    // A connection that cannot even be opened is worth another try as well.
    const bool may_pass = is_retriable(error.code) || error.code == ErrorCode::BROKER_NOT_AVAILABLE;
    if (may_pass && partition.attempts++ < settings_.retries &&
        cluster_.clock().now() < delivery_deadline_) {
        last_failure_ = error;
        return;
    }
    give_up(index, error);
}

void Producer::give_up(PartitionIndex index, const Error& error) {
    auto& partition = partitions_[index];
    const auto count = partition.open.record_count();
    lost_ += static_cast<std::uint64_t>(count);
    if (producer_id_ != kNoProducerId && spoils_sequence(error.code)) needs_new_id_ = true;
    if (on_loss_) on_loss_(index, count, error);
    release(partition);
}

void Producer::release(Partition& partition) {
    partition.sealed = false;
    partition.bytes = {};
    partition.open.reset(traits(partition));
}

void Producer::refresh_leaders() {
    auto found = cluster_.topics(std::span(&topic_.name, 1), false);
    if (!found || found->empty() || found->front().error != ErrorCode::NONE) return;
    if (found->front().partitions.size() >= topic_.partitions.size()) topic_ = found->front();
}

}  // namespace milena::client
