// FindCoordinator (10), v0-6. KIP-699 (batched), KIP-932 (share keys).
// Errors: COORDINATOR_NOT_AVAILABLE (no live leader), INVALID_REQUEST (unknown key type; share keys
// below v6, or not of the form group:topic id:partition).
// Differences from Kafka: when the internal topic does not exist yet, the reply waits until it has
// been made, where Kafka answers COORDINATOR_NOT_AVAILABLE and has the client come again. Share
// groups have no coordinator yet (COORDINATOR_NOT_AVAILABLE). Rules: semantics F7.
#include "protocol/msg/find_coordinator.h"

#include "broker/api/handler.h"
#include "broker/api/internal_topics.h"
#include "broker/api/nodes.h"
#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "broker/replica/java_hash.h"

#include <charconv>
#include <string>
#include <vector>

namespace milena::api {
namespace {

using Body = msg::FindCoordinatorRequest;
using Response = msg::FindCoordinatorResponse;
using Coordinator = Response::Coordinator;

// Numbers of Kafka's FindCoordinatorRequest.CoordinatorType.
constexpr std::int8_t kGroupKey = 0;
constexpr std::int8_t kTransactionKey = 1;
constexpr std::int8_t kShareKey = 2;
constexpr ApiVersion kBatched{4};
constexpr ApiVersion kShareKeys{6};

// What is asked, kept for as long as the reply may wait.
struct Question {
    std::string_view topic;  // empty: there is no coordinator of this kind
    bool is_share = false;
    std::string listener;
    std::vector<std::string> keys;
};

// "group:topic id:partition" (server-common/.../SharePartitionKey.java#validate).
bool is_share_key(std::string_view key) {
    const auto first = key.find(':');
    const auto last = key.rfind(':');
    if (first == 0 || first == std::string_view::npos || first == last) return false;
    const auto topic = key.substr(first + 1, last - first - 1);
    const auto index = key.substr(last + 1);
    std::int32_t partition = -1;
    const auto [rest, error] =
        std::from_chars(index.data(), index.data() + index.size(), partition);
    return Uuid::parse(topic).has_value() && error == std::errc{} &&
           rest == index.data() + index.size() && partition >= 0;
}

Coordinator locate(const metadata::Image& image, const Question& question, std::string_view key) {
    Coordinator answer;
    answer.key = key;
    answer.node_id = kNoBroker;
    answer.port = -1;
    answer.error_code = ErrorCode::COORDINATOR_NOT_AVAILABLE;
    if (question.is_share && !is_share_key(key)) {
        answer.error_code = ErrorCode::INVALID_REQUEST;
        return answer;
    }
    const auto* topic = question.topic.empty() ? nullptr : image.topic(question.topic);
    if (topic == nullptr || topic->partitions.empty()) return answer;
    const auto count = static_cast<std::int32_t>(topic->partitions.size());
    const PartitionIndex shard(replica::coordinator_partition(key, count));
    const auto* partition = topic->partition(shard);
    const auto* broker = partition == nullptr ? nullptr : image.broker(partition->leader);
    const auto* endpoint = broker == nullptr ? nullptr : reachable(*broker, question.listener);
    if (endpoint == nullptr) return answer;
    answer.error_code = ErrorCode::NONE;
    answer.node_id = broker->id;
    answer.host = endpoint->host;
    answer.port = endpoint->port;
    return answer;
}

void send(const std::vector<Coordinator>& found, std::string_view message, Reply<Response>& reply) {
    Response response;
    if (reply.version() < kBatched) {
        const auto& only = found.front();
        const auto name = error_name(only.error_code);
        response.error_code = only.error_code;
        response.error_message = message.empty() ? std::string_view(name) : message;
        response.node_id = only.node_id;
        response.host = only.host;
        response.port = only.port;
        reply.send(response);
        return;
    }
    auto copy = found;
    response.coordinators = Array<Coordinator>(copy.data(), copy.size());
    reply.send(response);
}

void answer(Services& services, const Question& question, Reply<Response> reply) {
    const auto image = services.controller.image();
    std::vector<Coordinator> found;
    for (const auto& key : question.keys) found.push_back(locate(*image, question, key));
    send(found, {}, reply);
}

void refuse(const Question& question, Reply<Response> reply) {
    constexpr std::string_view kWhy = "unknown coordinator key type";
    std::vector<Coordinator> refused;
    for (const auto& key : question.keys) {
        auto& one = refused.emplace_back();
        one.key = key;
        one.node_id = kNoBroker;
        one.port = -1;
        one.error_code = ErrorCode::INVALID_REQUEST;
        one.error_message = kWhy;
    }
    send(refused, kWhy, reply);
}

void find_coordinator(Services& services, const Request<Body>& request, Reply<Response> reply) {
    Question question;
    question.listener = request.connection.peer().listener;
    if (request.version < kBatched) {
        question.keys.emplace_back(request.body.key);
    } else {
        for (const auto& key : request.body.coordinator_keys) question.keys.emplace_back(key);
    }
    const auto type = request.body.key_type;
    const bool share_too_early = type == kShareKey && request.version < kShareKeys;
    if (type < kGroupKey || type > kShareKey || share_too_early) {
        return refuse(question, std::move(reply));
    }
    question.is_share = type == kShareKey;
    if (type == kGroupKey) question.topic = kGroupTopic;
    if (type == kTransactionKey) question.topic = kTransactionTopic;
    if (question.topic.empty() || services.controller.image()->topic(question.topic) != nullptr) {
        return answer(services, question, std::move(reply));
    }
    auto& executor = reply.executor();
    const auto topic = question.topic;
    create_internal_topic(
        services, topic, executor,
        // Why it could not be made is in the log; the client is told that there is no coordinator.
        [&services, question = std::move(question), reply = std::move(reply)](Status) mutable {
            answer(services, question, std::move(reply));
        });
}

}  // namespace

MILENA_HANDLER(FindCoordinator, find_coordinator)

}  // namespace milena::api
