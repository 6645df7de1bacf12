#include "tools/client/consumer.h"

#include "protocol/record/record_reader.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace milena::client {
namespace {

constexpr Millis kLongPoll{500};

OptionalBytes to_optional(const NullableBytes& bytes) {
    if (bytes.is_null()) return std::nullopt;
    return as_text(*bytes);
}

// Transactions that were aborted, as a fetch answer lists them: says which batches to leave out.
class AbortedTransactions {
  public:
    explicit AbortedTransactions(const msg::FetchResponse::PartitionData& data) {
        for (const auto& aborted : data.aborted_transactions) {
            starts_.emplace(aborted.first_offset, aborted.producer_id);
        }
    }
    // Call for every batch in order.
    bool hides(const BatchView& batch) {
        while (!starts_.empty() && starts_.begin()->first <= batch.last_offset()) {
            open_.insert(starts_.begin()->second);
            starts_.erase(starts_.begin());
        }
        if (!batch.is_transactional()) return false;
        if (batch.is_control()) {
            // A marker ends what its producer had open.
            open_.erase(batch.producer_id());
            return true;
        }
        return open_.contains(batch.producer_id());
    }

  private:
    std::multimap<Offset, ProducerId> starts_;
    std::set<ProducerId> open_;
};

Error partition_error(const TopicPartition& partition, ErrorCode code) {
    return {code, fmt::format("partition {} of topic '{}' cannot be read: {}",
                              partition.second.value(), partition.first, error_name(code))};
}

}  // namespace

Consumer::Consumer(Cluster& cluster, ConsumerSettings settings)
    : cluster_(cluster), settings_(settings) {}

void Consumer::assign(const TopicPartition& partition, Offset offset) {
    positions_.insert_or_assign(partition, offset);
    stale_ = true;
}

void Consumer::unassign(const TopicPartition& partition) {
    positions_.erase(partition);
    epochs_.erase(partition);
    sources_.erase(partition);
}

Status Consumer::refresh_leaders() {
    std::set<std::string> topics;
    for (const auto& [partition, offset] : positions_) topics.insert(partition.first);
    const std::vector<std::string> names(topics.begin(), topics.end());
    MILENA_ASSIGN(const auto found, cluster_.topics(names, false));
    sources_.clear();
    bool complete = true;
    for (const auto& topic : found) {
        for (const auto& partition : topic.partitions) {
            const TopicPartition key{topic.name, partition.index};
            if (!positions_.contains(key)) continue;
            if (partition.leader == kNoBroker) {
                complete = false;
            } else {
                sources_[key] = {partition.leader, partition.leader_epoch, topic.id};
            }
        }
    }
    if (complete && sources_.size() == positions_.size()) {
        stale_ = false;
    } else if (cluster_.settings().warn) {
        cluster_.settings().warn("some partitions have no leader now, or do not exist");
    }
    return {};
}

Status Consumer::ask(BrokerId leader, std::vector<TopicPartition> partitions) {
    using Request = msg::FetchRequest;
    MILENA_ASSIGN(Connection* const connection, cluster_.poller(leader));
    // Whoever is first may fill the whole answer, so all take turns.
    std::ranges::rotate(
        partitions, partitions.begin() + static_cast<std::ptrdiff_t>(turn_++ % partitions.size()));
    std::ranges::stable_sort(partitions, {}, &TopicPartition::first);
    std::vector<Request::FetchPartition> wanted;
    for (const auto& key : partitions) {
        Request::FetchPartition one;
        one.partition = key.second;
        one.current_leader_epoch = sources_[key].leader_epoch;
        one.fetch_offset = positions_[key];
        one.partition_max_bytes = settings_.partition_bytes;
        wanted.push_back(one);
    }
    std::vector<Request::FetchTopic> topics;
    for (std::size_t i = 0; i < partitions.size();) {
        std::size_t end = i;
        while (end < partitions.size() && partitions[end].first == partitions[i].first) ++end;
        Request::FetchTopic topic;
        topic.topic = partitions[i].first;
        topic.topic_id = sources_[partitions[i]].topic_id;
        topic.partitions = Array<Request::FetchPartition>(wanted.data() + i, end - i);
        topics.push_back(topic);
        i = end;
    }
    Request request;
    request.max_wait_ms = kLongPoll;
    request.min_bytes = 1;
    request.max_bytes = settings_.max_bytes;
    request.isolation_level = static_cast<std::int8_t>(settings_.isolation);
    request.topics = Array<Request::FetchTopic>(topics);
    auto sent = connection->send(request, cluster_.request_deadline());
    if (!sent) {
        cluster_.forget(connection);
        return std::unexpected(sent.error());
    }
    std::vector<Asked> asked;
    for (auto& partition : partitions) {
        const auto offset = positions_[partition];
        asked.push_back({std::move(partition), offset});
    }
    leaders_[leader] = {*sent, std::move(asked)};
    return {};
}

Status Consumer::ask_leaders() {
    std::map<BrokerId, std::vector<TopicPartition>> by_leader;
    for (const auto& [key, source] : sources_) by_leader[source.leader].push_back(key);
    for (auto& [leader, partitions] : by_leader) {
        if (leaders_[leader].sent) continue;
        if (const auto status = ask(leader, std::move(partitions)); !status) {
            lose(leader, status.error());
        }
    }
    return {};
}

void Consumer::lose(BrokerId leader, const Error& error) {
    leaders_.erase(leader);
    stale_ = true;
    cluster_.pause_after(error);
}

Result<std::size_t> Consumer::poll(MonoTime deadline, const OnRecord& on_record) {
    stopped_ = false;
    std::size_t count = 0;
    while (true) {
        if (stale_) MILENA_TRY(refresh_leaders());
        MILENA_TRY(ask_leaders());
        std::vector<int> handles;
        std::vector<BrokerId> ids;
        for (const auto& [id, leader] : leaders_) {
            if (!leader.sent) continue;
            const auto connection = cluster_.poller(id);
            if (!connection) continue;
            handles.push_back((*connection)->socket().handle());
            ids.push_back(id);
        }
        if (handles.empty()) {
            if (cluster_.clock().now() >= deadline) return count;
            cluster_.pause_after({ErrorCode::LEADER_NOT_AVAILABLE, "no leader to read from"});
            continue;
        }
        const auto ready = wait_readable(handles, deadline, cluster_.clock());
        for (const auto i : ready) {
            MILENA_ASSIGN(const std::size_t taken, take_answer(ids[i], on_record));
            count += taken;
            if (stopped_) return count;
        }
        // Nothing is ready when the time is over, or a signal wants something of the caller.
        if (count > 0 || ready.empty()) return count;
        if (cluster_.clock().now() >= deadline) return count;
    }
}

const std::string* Consumer::topic_of(
    const Leader& leader, const msg::FetchResponse::FetchableTopicResponse& topic) const {
    for (const auto& asked : leader.asked) {
        const auto source = sources_.find(asked.partition);
        if (topic.topic == asked.partition.first ||
            (source != sources_.end() && !topic.topic_id.value().is_zero() &&
             source->second.topic_id == topic.topic_id)) {
            return &asked.partition.first;
        }
    }
    return nullptr;
}

bool Consumer::is_wanted(const Leader& leader, const TopicPartition& partition) const {
    const auto now = positions_.find(partition);
    const auto asked = std::ranges::find(leader.asked, partition, &Asked::partition);
    return now != positions_.end() && asked != leader.asked.end() && asked->offset == now->second;
}

Result<std::size_t> Consumer::take_answer(BrokerId id, const OnRecord& on_record) {
    const auto leader = std::exchange(leaders_[id], Leader());
    MILENA_ASSIGN(Connection* const connection, cluster_.poller(id));
    const auto reply =
        connection->receive<msg::FetchRequest>(*leader.sent, cluster_.request_deadline());
    if (!reply) {
        cluster_.forget(connection);
        lose(id, reply.error());
        return 0;
    }
    const auto& message = (*reply)->message;
    if (message.error_code != ErrorCode::NONE) {
        const Error error{message.error_code,
                          fmt::format("broker {} refuses to be read: {}", id.value(),
                                      error_name(message.error_code))};
        if (!is_retriable(error.code)) return std::unexpected(error);
        lose(id, error);
        return 0;
    }
    std::size_t count = 0;
    for (const auto& topic : message.responses) {
        const auto* name = topic_of(leader, topic);
        if (name == nullptr) continue;
        for (const auto& data : topic.partitions) {
            if (stopped_) return count;
            if (!is_wanted(leader, {*name, data.partition_index})) continue;
            MILENA_ASSIGN(const std::size_t taken,
                          take_partition({*name, data.partition_index}, data, on_record));
            count += taken;
        }
    }
    return count;
}

Status Consumer::take_error(const TopicPartition& from, ErrorCode code) {
    const auto error = partition_error(from, code);
    if (code == ErrorCode::OFFSET_OUT_OF_RANGE) {
        if (!settings_.reset) {
            return fail(code, fmt::format("{}: offset {} is not there", error.detail,
                                          positions_[from].value()));
        }
        MILENA_ASSIGN(const auto found,
                      list_offsets(cluster_, from.first, {{from.second, *settings_.reset}},
                                   settings_.isolation, cluster_.operation_deadline()));
        positions_[from] = found.at(from.second);
        return {};
    }
    if (!is_retriable(code)) return std::unexpected(error);
    stale_ = true;
    cluster_.pause_after(error);
    return {};
}

Result<std::size_t> Consumer::take_partition(const TopicPartition& from,
                                             const msg::FetchResponse::PartitionData& data,
                                             const OnRecord& on_record) {
    if (data.error_code != ErrorCode::NONE) {
        MILENA_TRY(take_error(from, data.error_code));
        return 0;
    }
    AbortedTransactions aborted(data);
    BatchSplitter split(data.records.bytes());
    std::size_t count = 0;
    while (!stopped_ && split.next()) {
        const auto batch = split.batch();
        const bool hidden =
            settings_.isolation == Isolation::read_committed && aborted.hides(batch);
        if (!hidden && !batch.is_control()) {
            MILENA_ASSIGN(const std::size_t taken, take_batch(from, batch, on_record));
            count += taken;
        }
        if (!stopped_) positions_[from] = std::max(positions_[from], batch.last_offset() + 1);
    }
    if (split.ended() == BatchFrame::Kind::old_format) {
        return fail(ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
                    fmt::format("{} holds messages of a format older than Kafka 0.11",
                                partition_error(from, ErrorCode::NONE).detail));
    }
    return count;
}

Result<std::size_t> Consumer::take_batch(const TopicPartition& from, const BatchView& batch,
                                         const OnRecord& on_record) {
    if (!batch.crc_matches()) {
        return fail(ErrorCode::CORRUPT_MESSAGE,
                    fmt::format("the batch at offset {} of partition {} of topic '{}' is damaged "
                                "(its checksum is wrong)",
                                batch.base_offset().value(), from.second.value(), from.first));
    }
    MILENA_ASSIGN(const ByteView payload,
                  payload_of(batch, codecs_, buffer_, settings_.max_batch_bytes));
    RecordReader reader(batch, payload);
    std::size_t count = 0;
    while (reader.next()) {
        const auto& record = reader.record();
        if (record.offset < positions_[from]) continue;
        headers_.clear();
        for (const auto& header : record.headers) {
            headers_.push_back({header.key, to_optional(header.value)});
        }
        ConsumedRecord out;
        out.topic = from.first;
        out.partition = from.second;
        out.offset = record.offset;
        out.timestamp = record.timestamp;
        out.timestamp_type = batch.timestamp_type();
        out.key = to_optional(record.key);
        out.value = to_optional(record.value);
        out.headers = headers_;
        positions_[from] = record.offset + 1;
        epochs_[from] = batch.leader_epoch();
        ++count;
        if (!on_record(out)) {
            stopped_ = true;
            return count;
        }
    }
    MILENA_TRY(reader.status());
    return count;
}

}  // namespace milena::client
