// TransactionPeers over the network.
#pragma once

#include "broker/replica/broker_channels.h"
#include "broker/replica/transaction_peers.h"

namespace milena::replica {

class NodeTransactionPeers final : public TransactionPeers {
  public:
    // The channels outlive it.
    explicit NodeTransactionPeers(BrokerChannels& channels) : channels_(channels) {}

    void write_markers(BrokerId leader, const Partitions& partitions,
                       const log::TransactionEnd& end, Marked done) override;
    void ask(BrokerId coordinator, coordinator::txn::LeaderQuestion question, Asked done) override;

  private:
    BrokerChannels& channels_;
};

}  // namespace milena::replica
