// How the transactions of this node reach other brokers: the leaders that a marker is meant for,
// and the coordinator that is asked whether a transaction may write here.
//
// Every question is answered exactly once, from any thread, never from within the call.
#pragma once

#include "broker/coordinator/txn/requests.h"
#include "log/log_types.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace milena::replica {

// What a leader said of the markers of one transaction, partition by partition.
class MarkerAnswer {
  public:
    using Partitions = coordinator::txn::Partitions;

    void set(std::string_view topic, PartitionIndex index, ErrorCode code) {
        codes_[std::string(topic)][index] = code;
    }
    // UNKNOWN_SERVER_ERROR for one it said nothing of.
    ErrorCode of(std::string_view topic, PartitionIndex index) const {
        const auto found = codes_.find(topic);
        if (found == codes_.end()) return ErrorCode::UNKNOWN_SERVER_ERROR;
        const auto code = found->second.find(index);
        return code == found->second.end() ? ErrorCode::UNKNOWN_SERVER_ERROR : code->second;
    }

  private:
    std::map<std::string, std::map<PartitionIndex, ErrorCode>, std::less<>> codes_;
};

class TransactionPeers {
  public:
    using Partitions = coordinator::txn::Partitions;
    // An error: it is not known whether anything was written.
    using Marked = std::move_only_function<void(Result<MarkerAnswer>)>;
    using Asked = std::move_only_function<void(Result<coordinator::txn::Reply>)>;

    virtual ~TransactionPeers() = default;
    virtual void write_markers(BrokerId leader, const Partitions& partitions,
                               const log::TransactionEnd& end, Marked done) = 0;
    virtual void ask(BrokerId coordinator, coordinator::txn::LeaderQuestion question,
                     Asked done) = 0;
};

}  // namespace milena::replica
