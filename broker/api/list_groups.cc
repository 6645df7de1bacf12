// ListGroups (16), v0-5. KIP-518 (states), KIP-848 (types).
// Errors: COORDINATOR_LOAD_IN_PROGRESS (some shard of this node is not loaded yet; no groups then).
// Differences from Kafka: none known.
#include "protocol/msg/list_groups.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::ListGroupsRequest;
using Response = msg::ListGroupsResponse;
using Answer = group::ListGroups::Reply;

void answer(const std::vector<Answer>& shards, Reply<Response>& reply) {
    Response response;
    std::vector<Response::ListedGroup> groups;
    for (const auto& shard : shards) {
        // A shard that has just moved away has nothing to tell.
        const auto code = shard.error.code;
        if (code != ErrorCode::NONE && code != ErrorCode::NOT_COORDINATOR) {
            response.error_code = code;
        }
        for (const auto& group : shard.groups) {
            auto& listed = groups.emplace_back();
            listed.group_id = group.id;
            listed.protocol_type = group.protocol_type;
            listed.group_state = group.state;
            listed.group_type = group.type;
        }
    }
    if (response.error_code == ErrorCode::NONE) response.groups = decltype(response.groups)(groups);
    reply.send(response);
}

void list_groups(Services& services, const Request<Body>& request, Reply<Response> reply) {
    group::ListGroups asked;
    for (const auto state : request.body.states_filter) asked.states.emplace_back(state);
    for (const auto type : request.body.types_filter) asked.types.emplace_back(type);
    const auto shards = group_shards(services);
    if (shards.empty()) return answer({}, reply);
    auto gathering = std::make_shared<Gathering<Answer>>(
        shards.size(), [reply = std::move(reply)](const std::vector<Answer>& answers) mutable {
            answer(answers, reply);
        });
    for (std::size_t i = 0; i < shards.size(); ++i) {
        ask_shard(services, shards[i], asked,
                  [slot = gathering->slot(i)](Result<group::Reply> result) mutable {
                      slot(unpack<group::ListGroups>(std::move(result)));
                  });
    }
}

}  // namespace

MILENA_HANDLER(ListGroups, list_groups)

}  // namespace milena::api
