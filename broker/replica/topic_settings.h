// The settings of a topic that its partitions act on: the topic's own over the broker's.
#pragma once

#include "broker/config/scoped.h"
#include "broker/replica/throttled_replicas.h"
#include "log/settings.h"
#include "protocol/record/batch_check.h"
#include "replication/partition/io.h"

#include <memory>

namespace milena::replica {

struct TopicSettings {
    log::LogSettings log;
    partition::Settings replication;
    BatchRules batches;                    // all but what belongs to one request
    ThrottledReplicas throttled_senders;   // as their leader has it
    ThrottledReplicas throttled_fetchers;  // as they have it
};

// `own`: what the metadata holds for the topic; empty for one without overrides.
std::shared_ptr<const TopicSettings> topic_settings(const config::Settings& broker,
                                                    const config::ConfigMap& own);

}  // namespace milena::replica
