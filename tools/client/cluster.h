// A cluster as a client sees it: finds a broker that answers, knows who leads which partition,
// tries again while a failure may pass, and explains the failure when it does not.
//
// Everything waits at most until the deadline of the operation. One thread.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "tools/client/connection.h"
#include "tools/client/endpoint.h"

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milena::client {

struct PartitionInfo {
    PartitionIndex index{0};
    ErrorCode error = ErrorCode::NONE;
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> in_sync;
};

struct TopicInfo {
    std::string name;
    TopicId id;
    ErrorCode error = ErrorCode::NONE;
    bool internal = false;
    std::vector<PartitionInfo> partitions;  // in order of their indexes
};

struct ClusterSettings {
    std::vector<Endpoint> bootstrap;
    std::string client_id = "milena";
    // The answer to one request may take this long.
    Millis request_timeout{30'000};
    // One operation, with all its retries.
    Millis operation_timeout{60'000};
    Millis retry_backoff{100};
    // How long to go on trying when no bootstrap address accepts a connection.
    Millis connect_patience{0};
    // Told about failures that are tried again.
    std::function<void(std::string_view)> warn;
};

class Cluster {
  public:
    Cluster(ClusterSettings settings, const Clock& clock);

    const ClusterSettings& settings() const { return settings_; }
    const Clock& clock() const { return clock_; }
    MonoTime operation_deadline() const { return clock_.now() + settings_.operation_timeout; }
    MonoTime request_deadline() const { return clock_.now() + settings_.request_timeout; }

    // Some broker: the last one that answered, a known one, or one of the bootstrap addresses.
    Result<Connection*> any_broker();
    // The broker with this id, from the newest metadata. For requests that are answered before the
    // next one is sent.
    Result<Connection*> broker(BrokerId id);
    // A second connection to that broker, for long polls, so that other requests need not wait.
    Result<Connection*> poller(BrokerId id);
    // Its connection has failed: open another one next time.
    void forget(const Connection* connection);

    // Sends `request` to any broker until one answers or the failure is not the network's. Errors
    // inside the answer are the caller's.
    template <class Request>
    Result<ReplyTo<Request>> call(const Request& request) {
        const auto deadline = operation_deadline();
        while (true) {
            auto reply = call_once(request);
            if (reply || !try_again(reply.error(), deadline)) return reply;
        }
    }

    // Asks for metadata and keeps the brokers. `topics` empty: none; null: all.
    struct AllTopics {};
    Result<std::vector<TopicInfo>> topics(std::span<const std::string> names, bool may_create);
    Result<std::vector<TopicInfo>> topics(AllTopics);

    // Waits until `name` exists and all its partitions have leaders. UNKNOWN_TOPIC_OR_PARTITION
    // when the deadline passes without the topic.
    Result<TopicInfo> topic_with_leaders(const std::string& name, bool may_create,
                                         MonoTime deadline);

    const std::map<BrokerId, Endpoint>& brokers() const { return brokers_; }

    // After a failure: true after a pause when it is worth trying again before `deadline`.
    bool try_again(const Error& error, MonoTime deadline);
    // Tells about a failure and waits a little.
    void pause_after(const Error& error);

  private:
    template <class Request>
    Result<ReplyTo<Request>> call_once(const Request& request) {
        MILENA_ASSIGN(Connection* const connection, any_broker());
        auto reply = connection->call(request, request_deadline());
        if (!reply && is_network_failure(reply.error())) forget(connection);
        return reply;
    }
    static bool is_network_failure(const Error& error);
    using Connections = std::map<BrokerId, std::unique_ptr<Connection>>;
    Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint);
    Result<Connection*> open_known(Connections& among, BrokerId id);
    Result<Connection*> bootstrap();
    Result<std::vector<TopicInfo>> read_metadata(const msg::MetadataRequest& request);

    ClusterSettings settings_;
    const Clock& clock_;
    std::map<BrokerId, Endpoint> brokers_;
    Connections connections_;
    Connections pollers_;
    std::unique_ptr<Connection> first_;  // to a bootstrap address, used until brokers are known
};

}  // namespace milena::client
