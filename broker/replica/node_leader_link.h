// LeaderLink over the network: Fetch and ListOffsets to one broker, as a replica.
#pragma once

#include "broker/peer/node_channel.h"
#include "broker/replica/leader_link.h"
#include "broker/replica/partition_table.h"

#include <functional>
#include <memory>

namespace milena::replica {

class NodeLeaderLink final : public LeaderLink, private peer::ChannelWatcher {
  public:
    struct Options {
        BrokerId self;
        std::function<BrokerEpoch()> broker_epoch;  // of this node's registration, as known now
        peer::RemoteNode leader;
        peer::ChannelSettings channel;
        Millis patience{30'000};  // replica.socket.timeout.ms
    };

    // All references outlive the link.
    NodeLeaderLink(net::Executor& executor, net::Connector& connector,
                   const PartitionTable& partitions, Options options);

    void fetch(fetcher::FetchRequest request, FetchDone done) override;
    void find_ends(fetcher::LogEndsRequest request, EndsDone done) override;
    void abandon() override;

  private:
    struct Ends;

    void on_up(BrokerId node) override;
    void on_down(BrokerId node, const Error& why) override;
    void ask_ends(const std::shared_ptr<Ends>& ends, bool latest);

    net::Executor& executor_;
    net::Connector& connector_;
    const PartitionTable& partitions_;
    const Options options_;
    bool was_up_ = true;  // the first failure is worth a line in the log, too
    std::unique_ptr<peer::NodeChannel> channel_;
};

}  // namespace milena::replica
