// DeleteGroups (42), v0-2. KIP-229.
// Errors per group: INVALID_GROUP_ID, NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, those of the coordinator
// host. Rules: semantics G17.
// Differences from Kafka: none known.
#include "protocol/msg/delete_groups.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::DeleteGroupsRequest;
using Response = msg::DeleteGroupsResponse;
using Answer = group::DeleteGroup::Reply;

void delete_groups(Services& services, const Request<Body>& request, Reply<Response> reply) {
    std::vector<group::DeleteGroup> asked;
    std::vector<std::string> names;
    for (const auto name : request.body.groups_names) {
        names.emplace_back(name);
        asked.push_back({names.back()});
    }
    ask_groups(services, std::move(asked),
               [names = std::move(names),
                reply = std::move(reply)](const std::vector<Answer>& answers) mutable {
                   Arena arena;
                   Response response;
                   response.results = decltype(response.results)::make(arena, names.size());
                   for (std::size_t i = 0; i < names.size(); ++i) {
                       response.results[i].group_id = names[i];
                       response.results[i].error_code = answers[i].error.code;
                   }
                   reply.send(response);
               });
}

}  // namespace

MILENA_HANDLER(DeleteGroups, delete_groups)

}  // namespace milena::api
