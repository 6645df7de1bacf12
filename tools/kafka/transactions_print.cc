#include "tools/kafka/transactions_print.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their widest value, a tab behind each.
std::string table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += fmt::format("{:<{}}\t", row[i], widths[i]);
        }
        out += '\n';
    }
    return out;
}

template <class T>
std::string or_none(const std::optional<T>& value) {
    return value ? std::to_string(value->value()) : "None";
}

std::string partitions_text(const client::TopicPartitions& partitions) {
    std::string out;
    for (const auto& [topic, indexes] : partitions) {
        for (const auto index : indexes) {
            out += fmt::format("{}{}-{}", out.empty() ? "" : ",", topic, index.value());
        }
    }
    return out;
}

}  // namespace

std::string transactions_text(const std::vector<client::TransactionListing>& listed) {
    std::vector<Row> rows = {{"TransactionalId", "Coordinator", "ProducerId", "TransactionState"}};
    for (const auto& one : listed) {
        rows.push_back({one.id, std::to_string(one.coordinator.value()),
                        std::to_string(one.producer_id.value()), one.state});
    }
    return table(rows);
}

std::string transaction_text(const client::TransactionDescription& description, TimestampMs now) {
    const auto duration =
        description.start ? std::to_string(now - *description.start) : std::string("None");
    return table({{"CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch",
                   "TransactionState", "TransactionTimeoutMs", "CurrentTransactionStartTimeMs",
                   "TransactionDurationMs", "TopicPartitions"},
                  {std::to_string(description.coordinator.value()), description.id,
                   std::to_string(description.producer_id.value()),
                   std::to_string(description.producer_epoch.value()), description.state,
                   std::to_string(description.timeout.count()), or_none(description.start),
                   duration, partitions_text(description.partitions)}});
}

std::string producers_text(const std::vector<client::ProducerState>& producers) {
    std::vector<Row> rows = {{"ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch",
                              "LastSequence", "LastTimestamp", "CurrentTransactionStartOffset"}};
    for (const auto& one : producers) {
        rows.push_back(
            {std::to_string(one.id.value()), std::to_string(one.epoch),
             std::to_string(one.coordinator_epoch), std::to_string(one.last_sequence.value()),
             std::to_string(one.last_timestamp.value()), or_none(one.transaction_start)});
    }
    return table(rows);
}

std::string hanging_text(const std::vector<client::HangingTransaction>& hanging, TimestampMs now) {
    constexpr std::int64_t kMinute = 60'000;
    std::vector<Row> rows = {{"Topic", "Partition", "ProducerId", "ProducerEpoch",
                              "CoordinatorEpoch", "StartOffset", "LastTimestamp", "Duration(min)"}};
    for (const auto& [partition, producer] : hanging) {
        rows.push_back({partition.first, std::to_string(partition.second.value()),
                        std::to_string(producer.id.value()), std::to_string(producer.epoch),
                        std::to_string(producer.coordinator_epoch),
                        std::to_string(producer.transaction_start.value_or(kNoOffset).value()),
                        std::to_string(producer.last_timestamp.value()),
                        std::to_string((now - producer.last_timestamp) / kMinute)});
    }
    return table(rows);
}

std::string java_words(const Error& error) {
    switch (error.code) {
        case ErrorCode::UNKNOWN_TOPIC_OR_PARTITION:
            return "This server does not host this topic-partition.";
        default:
            return error.detail;
    }
}

}  // namespace milena::kafka_tools
