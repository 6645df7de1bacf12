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

std::int16_t live_brokers(const metadata::Image& image) {
    const auto count = std::count_if(image.brokers.begin(), image.brokers.end(),
                                     [](const auto& broker) { return broker->is_active(); });
    return static_cast<std::int16_t>(std::max<std::ptrdiff_t>(1, count));
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
    const auto brokers = live_brokers(*services.controller.image());
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
