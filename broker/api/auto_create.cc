#include "broker/api/auto_create.h"

#include "broker/api/internal_topics.h"
#include "broker/api/services.h"
#include "protocol/base/logger.h"

namespace milena::api {

void auto_create_topics(Services& services, std::vector<std::string> names) {
    if (names.empty() ||
        !services.settings()->get(config::opt::broker::auto_create_topics_enable)) {
        return;
    }
    metadata::CreateTopics request;
    for (auto& name : names) {
        auto topic = internal_topic(services, name).value_or(metadata::CreateTopics::Topic{});
        topic.name = std::move(name);
        request.topics.push_back(std::move(topic));
    }
    services.controller.submit<metadata::CreateTopics>(
        std::move(request), [](const Result<metadata::CreateTopics::Reply>& reply) {
            if (!reply) {
                log_warn("auto_create_failed", {{"reason", reply.error().detail}});
                return;
            }
            for (const auto& topic : reply->topics) {
                const auto code = topic.error.code;
                if (code == ErrorCode::NONE || code == ErrorCode::TOPIC_ALREADY_EXISTS) continue;
                log_warn("auto_create_failed",
                         {{"topic", topic.name}, {"reason", topic.error.detail}});
            }
        });
}

}  // namespace milena::api
