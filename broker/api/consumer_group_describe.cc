// ConsumerGroupDescribe (69), v0-1. KIP-848; v1 tells classic members of a consumer group.
// Errors per group: GROUP_ID_NOT_FOUND, those of the coordinator host. Rules: semantics H13.
// Differences from Kafka: no ACLs yet, so every operation is authorized and no topic is hidden.
#include "protocol/msg/consumer_group_describe.h"

#include "broker/api/error_message.h"
#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::ConsumerGroupDescribeRequest;
using Response = msg::ConsumerGroupDescribeResponse;
using Answer = group::ConsumerGroupDescribe::Reply;

Response::Assignment assignment(Arena& arena, const std::vector<Answer::Partitions>& from) {
    Response::Assignment to;
    to.topic_partitions = decltype(to.topic_partitions)::make(arena, from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
        auto& topic = to.topic_partitions[i];
        topic.topic_id = from[i].topic;
        topic.topic_name = from[i].topic_name;
        topic.partitions = Array<PartitionIndex>::make(arena, from[i].partitions.size());
        std::copy(from[i].partitions.begin(), from[i].partitions.end(), topic.partitions.begin());
    }
    return to;
}

void fill_member(Arena& arena, const Answer::Member& from, Response::Member& to) {
    to.member_id = from.id;
    to.instance_id = nullable(from.instance_id);
    to.rack_id = nullable(from.rack);
    to.member_epoch = from.epoch;
    to.client_id = from.client.id;
    to.client_host = from.client.host;
    to.subscribed_topic_names = Array<std::string_view>::make(arena, from.subscribed_topics.size());
    std::copy(from.subscribed_topics.begin(), from.subscribed_topics.end(),
              to.subscribed_topic_names.begin());
    to.subscribed_topic_regex = nullable(from.subscribed_regex);
    to.assignment = assignment(arena, from.assignment);
    to.target_assignment = assignment(arena, from.target_assignment);
    to.member_type = from.type;
}

void fill(Arena& arena, const Answer& from, Response::DescribedGroup& to) {
    to.error_code = from.error.code;
    to.error_message = message_of(arena, from.error);
    to.group_state = from.state;
    to.group_epoch = from.epoch;
    to.assignment_epoch = from.assignment_epoch;
    to.assignor_name = from.assignor;
    to.members = decltype(to.members)::make(arena, from.members.size());
    for (std::size_t i = 0; i < from.members.size(); ++i) {
        fill_member(arena, from.members[i], to.members[i]);
    }
}

void consumer_group_describe(Services& services, const Request<Body>& request,
                             Reply<Response> reply) {
    std::vector<group::ConsumerGroupDescribe> asked;
    std::vector<std::string> names;
    for (const auto name : request.body.group_ids) {
        names.emplace_back(name);
        asked.push_back({names.back()});
    }
    const bool operations = request.body.include_authorized_operations;
    ask_groups(services, std::move(asked),
               [names = std::move(names), operations,
                reply = std::move(reply)](const std::vector<Answer>& answers) mutable {
                   Arena arena;
                   Response response;
                   response.groups = decltype(response.groups)::make(arena, names.size());
                   for (std::size_t i = 0; i < names.size(); ++i) {
                       auto& out = response.groups[i];
                       fill(arena, answers[i], out);
                       out.group_id = names[i];
                       if (operations) out.authorized_operations = kAllGroupOperations;
                   }
                   reply.send(response);
               });
}

}  // namespace

MILENA_HANDLER(ConsumerGroupDescribe, consumer_group_describe)

}  // namespace milena::api
