#include "tools/client/cluster.h"

#include "tools/client/machine.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::client {
namespace {

// A broker that does not answer must not keep us from trying the next one.
constexpr Millis kConnectTimeout{10'000};

TopicInfo to_info(const msg::MetadataResponse::MetadataResponseTopic& topic) {
    TopicInfo info;
    info.name = topic.name.value_or_empty();
    info.id = topic.topic_id;
    info.error = topic.error_code;
    info.internal = topic.is_internal;
    for (const auto& partition : topic.partitions) {
        PartitionInfo p;
        p.index = partition.partition_index;
        p.error = partition.error_code;
        p.leader = partition.leader_id;
        p.leader_epoch = partition.leader_epoch;
        p.replicas.assign(partition.replica_nodes.begin(), partition.replica_nodes.end());
        p.in_sync.assign(partition.isr_nodes.begin(), partition.isr_nodes.end());
        info.partitions.push_back(std::move(p));
    }
    std::ranges::sort(info.partitions, {}, &PartitionInfo::index);
    return info;
}

bool every_partition_leads(const TopicInfo& topic) {
    return !topic.partitions.empty() &&
           std::ranges::none_of(topic.partitions, [](const PartitionInfo& partition) {
               return partition.leader == kNoBroker;
           });
}

}  // namespace

Cluster::Cluster(ClusterSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {}

bool Cluster::is_network_failure(const Error& error) {
    return error.code == ErrorCode::NETWORK_EXCEPTION || error.code == ErrorCode::REQUEST_TIMED_OUT;
}

Result<std::unique_ptr<Connection>> Cluster::open(const Endpoint& endpoint) {
    const auto timeout = std::min(kConnectTimeout, settings_.request_timeout);
    return Connection::open(endpoint, settings_.client_id, clock_.now() + timeout, clock_);
}

Result<Connection*> Cluster::bootstrap() {
    const auto give_up_at = clock_.now() + settings_.connect_patience;
    Millis pause = settings_.retry_backoff;
    while (true) {
        std::string failures;
        for (const auto& endpoint : settings_.bootstrap) {
            auto opened = open(endpoint);
            if (opened) {
                first_ = *std::move(opened);
                return first_.get();
            }
            failures += (failures.empty() ? "" : "; ") + opened.error().detail;
            if (!is_network_failure(opened.error())) return std::unexpected(opened.error());
        }
        if (clock_.now() + pause > give_up_at) {
            return fail(ErrorCode::BROKER_NOT_AVAILABLE, std::move(failures));
        }
        if (settings_.warn) settings_.warn(failures);
        pause_for(pause);
        pause = std::min(pause * 2, Millis(1000));
    }
}

Result<Connection*> Cluster::any_broker() {
    if (first_) return first_.get();
    if (!connections_.empty()) return connections_.begin()->second.get();
    return bootstrap();
}

Result<Connection*> Cluster::open_known(Connections& among, BrokerId id) {
    if (const auto at = among.find(id); at != among.end()) return at->second.get();
    const auto known = brokers_.find(id);
    if (known == brokers_.end()) {
        return fail(ErrorCode::LEADER_NOT_AVAILABLE,
                    fmt::format("broker {} is not in the cluster's metadata", id.value()));
    }
    auto opened = open(known->second);
    if (!opened) {
        return fail(opened.error().code,
                    fmt::format("broker {} gives {} as its address (advertised.listeners), but: {}",
                                id.value(), known->second.to_string(), opened.error().detail));
    }
    return among.emplace(id, *std::move(opened)).first->second.get();
}

Result<Connection*> Cluster::broker(BrokerId id) {
    const auto known = brokers_.find(id);
    if (first_ && known != brokers_.end() && first_->endpoint() == known->second &&
        !connections_.contains(id)) {
        return connections_.emplace(id, std::move(first_)).first->second.get();
    }
    return open_known(connections_, id);
}

Result<Connection*> Cluster::poller(BrokerId id) {
    return open_known(pollers_, id);
}

void Cluster::forget(const Connection* connection) {
    if (first_.get() == connection) first_.reset();
    const auto same = [&](const auto& entry) { return entry.second.get() == connection; };
    std::erase_if(connections_, same);
    std::erase_if(pollers_, same);
}

bool Cluster::try_again(const Error& error, MonoTime deadline) {
    if (!is_retriable(error.code) || clock_.now() + settings_.retry_backoff >= deadline) {
        return false;
    }
    pause_after(error);
    return true;
}

void Cluster::pause_after(const Error& error) {
    if (settings_.warn) settings_.warn(error.detail);
    pause_for(settings_.retry_backoff);
}

Result<std::vector<TopicInfo>> Cluster::read_metadata(const msg::MetadataRequest& request) {
    MILENA_ASSIGN(const auto reply, call(request));
    const auto& message = reply->message;
    if (message.error_code != ErrorCode::NONE) {
        return fail(message.error_code,
                    fmt::format("the broker refuses metadata: {}", error_name(message.error_code)));
    }
    brokers_.clear();
    for (const auto& broker : message.brokers) {
        brokers_.emplace(broker.node_id, Endpoint{std::string(broker.host),
                                                  static_cast<std::uint16_t>(broker.port)});
    }
    // A broker that moved is reached at its new address; a long poll that is on its way fails
    // first.
    const auto moved = [&](const auto& entry) {
        const auto at = brokers_.find(entry.first);
        return at == brokers_.end() || at->second != entry.second->endpoint();
    };
    std::erase_if(connections_, moved);
    std::vector<TopicInfo> topics;
    for (const auto& topic : message.topics) topics.push_back(to_info(topic));
    return topics;
}

Result<std::vector<TopicInfo>> Cluster::topics(std::span<const std::string> names,
                                               bool may_create) {
    std::vector<msg::MetadataRequest::MetadataRequestTopic> wanted(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) wanted[i].name = names[i];
    msg::MetadataRequest request;
    request.topics = Array<msg::MetadataRequest::MetadataRequestTopic>(wanted);
    request.allow_auto_topic_creation = may_create;
    return read_metadata(request);
}

Result<std::vector<TopicInfo>> Cluster::topics(AllTopics) {
    msg::MetadataRequest request;
    request.topics = Array<msg::MetadataRequest::MetadataRequestTopic>::null();
    request.allow_auto_topic_creation = false;
    return read_metadata(request);
}

Result<TopicInfo> Cluster::topic_with_leaders(const std::string& name, bool may_create,
                                              MonoTime deadline) {
    while (true) {
        MILENA_ASSIGN(auto found, topics(std::span(&name, 1), may_create));
        if (found.empty()) {
            return fail(ErrorCode::UNKNOWN_SERVER_ERROR,
                        fmt::format("the broker does not say anything about topic '{}'", name));
        }
        auto& topic = found.front();
        const auto error = topic.error;
        if (error == ErrorCode::NONE && every_partition_leads(topic)) return std::move(topic);
        Error failure{error == ErrorCode::NONE ? ErrorCode::LEADER_NOT_AVAILABLE : error, {}};
        failure.detail =
            failure.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                ? fmt::format("topic '{}' does not exist", name)
                : fmt::format("topic '{}' cannot be used: {}", name, error_name(failure.code));
        if (!try_again(failure, deadline)) return std::unexpected(std::move(failure));
    }
}

}  // namespace milena::client
