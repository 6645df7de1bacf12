// DescribeAcls (29), CreateAcls (30), DeleteAcls (31), v1-3. KIP-140, KIP-290.
// Errors: SECURITY_DISABLED, always: no authorizer is configured, and Kafka answers the same then
// (semantics O7). Differences from Kafka: no authorizer can be configured yet.
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "protocol/msg/create_acls.h"
#include "protocol/msg/delete_acls.h"
#include "protocol/msg/describe_acls.h"

namespace milena::api {
namespace {

constexpr std::string_view kNoAuthorizer = "No Authorizer is configured on the broker";

void describe_acls(Services&, const Request<msg::DescribeAclsRequest>&,
                   Reply<msg::DescribeAclsResponse> reply) {
    msg::DescribeAclsResponse response;
    response.error_code = ErrorCode::SECURITY_DISABLED;
    response.error_message = kNoAuthorizer;
    reply.send(response);
}

void create_acls(Services&, const Request<msg::CreateAclsRequest>& request,
                 Reply<msg::CreateAclsResponse> reply) {
    msg::CreateAclsResponse response;
    response.results =
        decltype(response.results)::make(request.arena, request.body.creations.size());
    for (auto& result : response.results) {
        result.error_code = ErrorCode::SECURITY_DISABLED;
        result.error_message = kNoAuthorizer;
    }
    reply.send(response);
}

void delete_acls(Services&, const Request<msg::DeleteAclsRequest>& request,
                 Reply<msg::DeleteAclsResponse> reply) {
    msg::DeleteAclsResponse response;
    response.filter_results =
        decltype(response.filter_results)::make(request.arena, request.body.filters.size());
    for (auto& result : response.filter_results) {
        result.error_code = ErrorCode::SECURITY_DISABLED;
        result.error_message = kNoAuthorizer;
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DescribeAcls, describe_acls)
MILENA_HANDLER(CreateAcls, create_acls)
MILENA_HANDLER(DeleteAcls, delete_acls)

}  // namespace milena::api
