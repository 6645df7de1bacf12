#include "tools/command/txn_json.h"

#include <boost/json.hpp>

namespace milena::cli {
namespace {

namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(value->value()) : json::value(nullptr);
}

json::object producer(const client::ProducerState& state) {
    return {{"producer_id", state.id.value()},
            {"producer_epoch", state.epoch},
            {"coordinator_epoch", state.coordinator_epoch},
            {"last_sequence", state.last_sequence.value()},
            {"last_timestamp", state.last_timestamp.value()},
            {"transaction_start", or_null(state.transaction_start)}};
}

}  // namespace

std::string transactions_json(const std::vector<client::TransactionListing>& listed) {
    json::array out;
    for (const auto& one : listed) {
        out.push_back(json::object{{"transactional_id", one.id},
                                   {"coordinator", one.coordinator.value()},
                                   {"producer_id", one.producer_id.value()},
                                   {"state", one.state}});
    }
    return json::serialize(json::object{{"transactions", std::move(out)}});
}

std::string transaction_json(const client::TransactionDescription& description) {
    json::array partitions;
    for (const auto& [topic, indexes] : description.partitions) {
        for (const auto index : indexes) {
            partitions.push_back(json::object{{"topic", topic}, {"partition", index.value()}});
        }
    }
    return json::serialize(json::object{{"transactional_id", description.id},
                                        {"coordinator", description.coordinator.value()},
                                        {"producer_id", description.producer_id.value()},
                                        {"producer_epoch", description.producer_epoch.value()},
                                        {"state", description.state},
                                        {"timeout_ms", description.timeout.count()},
                                        {"start", or_null(description.start)},
                                        {"partitions", std::move(partitions)}});
}

std::string producers_json(const std::vector<client::ProducerState>& producers) {
    json::array out;
    for (const auto& state : producers) out.push_back(producer(state));
    return json::serialize(json::object{{"producers", std::move(out)}});
}

std::string hanging_json(const std::vector<client::HangingTransaction>& hanging) {
    json::array out;
    for (const auto& [partition, state] : hanging) {
        auto one = producer(state);
        one["topic"] = partition.first;
        one["partition"] = partition.second.value();
        out.push_back(std::move(one));
    }
    return json::serialize(json::object{{"transactions", std::move(out)}});
}

}  // namespace milena::cli
