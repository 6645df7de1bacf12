// The topics that brokers make for themselves, on first use.
#pragma once

#include "replication/metadata/requests.h"

#include <functional>
#include <optional>
#include <string_view>

namespace milena::net {
class Executor;
}

namespace milena::api {

struct Services;

// How the topic is made; nullopt for a topic that is not internal. Never more replicas than the
// cluster has brokers: Kafka refuses to make these topics in a cluster that is smaller than their
// replication factor, and single nodes then need settings of their own.
std::optional<metadata::CreateTopics::Topic> internal_topic(const Services& services,
                                                            std::string_view name);

// Makes it; `done`, on the executor, with success also when it exists already.
void create_internal_topic(Services& services, std::string_view name, net::Executor& executor,
                           std::move_only_function<void(Status)> done);

}  // namespace milena::api
