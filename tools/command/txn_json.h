// What `milena txn --json` prints.
#pragma once

#include "tools/client/transactions.h"

#include <string>
#include <vector>

namespace milena::cli {

std::string transactions_json(const std::vector<client::TransactionListing>& listed);
std::string transaction_json(const client::TransactionDescription& description);
std::string producers_json(const std::vector<client::ProducerState>& producers);
std::string hanging_json(const std::vector<client::HangingTransaction>& hanging);

}  // namespace milena::cli
