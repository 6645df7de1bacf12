#include "broker/api/internal_topics.h"

#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <string>

namespace milena::api {
namespace {

namespace key = config::opt::broker;
using Topic = metadata::CreateTopics::Topic;

// As many as the cluster has once all of it has started: while some are missing, what is made for
// good waits for them. Replicas may be placed on brokers that are fenced.
std::int16_t brokers_of(const Services& services, const config::Settings& settings) {
    const auto known = services.controller.image()->brokers.size();
    const auto count = std::max({std::size_t{1}, known, settings.node().voters.size()});
    return static_cast<std::int16_t>(std::min<std::size_t>(count, INT16_MAX));
}

// (group-coordinator/.../GroupCoordinatorService.java, groupMetadataTopicConfigs)
Topic group_topic(const config::Settings& settings, std::int16_t brokers) {
    Topic topic;
    topic.partitions = settings.get(key::offsets_topic_num_partitions);
    topic.replication_factor = std::min<std::int16_t>(
        brokers, static_cast<std::int16_t>(settings.get(key::offsets_topic_replication_factor)));
    topic.settings = {
        {"cleanup.policy", "compact"},
        {"compression.type", "producer"},
        {"segment.bytes", std::to_string(settings.get(key::offsets_topic_segment_bytes))},
    };
    return topic;
}

// (core/.../coordinator/transaction/TransactionStateManager.scala, transactionStateTopicConfigs)
Topic transaction_topic(const config::Settings& settings, std::int16_t brokers) {
    Topic topic;
    topic.partitions = settings.get(key::transaction_state_log_num_partitions);
    topic.replication_factor = std::min<std::int16_t>(
        brokers,
        static_cast<std::int16_t>(settings.get(key::transaction_state_log_replication_factor)));
    const int in_sync =
        std::min<int>(topic.replication_factor, settings.get(key::transaction_state_log_min_isr));
    topic.settings = {
        {"unclean.leader.election.enable", "false"},
        {"compression.type", "uncompressed"},
        {"cleanup.policy", "compact"},
        {"min.insync.replicas", std::to_string(in_sync)},
        {"segment.bytes", std::to_string(settings.get(key::transaction_state_log_segment_bytes))},
    };
    return topic;
}

Status outcome(const Result<metadata::CreateTopics::Reply>& reply) {
    if (!reply) return std::unexpected(reply.error());
    for (const auto& topic : reply->topics) {
        const auto code = topic.error.code;
        if (code == ErrorCode::NONE || code == ErrorCode::TOPIC_ALREADY_EXISTS) continue;
        log_warn("internal_topic_not_created",
                 {{"topic", topic.name}, {"reason", topic.error.detail}});
        return std::unexpected(topic.error);
    }
    return {};
}

}  // namespace

std::optional<Topic> internal_topic(const Services& services, std::string_view name) {
    const auto settings = services.settings();
    const auto brokers = brokers_of(services, *settings);
    std::optional<Topic> topic;
    if (name == kGroupTopic) topic = group_topic(*settings, brokers);
    if (name == kTransactionTopic) topic = transaction_topic(*settings, brokers);
    if (topic) topic->name = std::string(name);
    return topic;
}

void create_internal_topic(Services& services, std::string_view name, net::Executor& executor,
                           std::move_only_function<void(Status)> done) {
    metadata::CreateTopics request;
    if (auto topic = internal_topic(services, name)) request.topics.push_back(std::move(*topic));
    services.controller.submit<metadata::CreateTopics>(
        std::move(request), executor,
        [done = std::move(done)](const Result<metadata::CreateTopics::Reply>& reply) mutable {
            done(outcome(reply));
        });
}

}  // namespace milena::api
