// The tables of kafka-transactions (TransactionsCommand of Kafka 4.2).
#pragma once

#include "tools/client/transactions.h"

#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

std::string transactions_text(const std::vector<client::TransactionListing>& listed);
std::string transaction_text(const client::TransactionDescription& description, TimestampMs now);
std::string producers_text(const std::vector<client::ProducerState>& producers);
std::string hanging_text(const std::vector<client::HangingTransaction>& hanging, TimestampMs now);

// The words of Kafka's exception for this error, where they are known.
std::string java_words(const Error& error);

}  // namespace milena::kafka_tools
