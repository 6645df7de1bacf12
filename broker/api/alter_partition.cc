// AlterPartition (56), v2-3; AssignReplicasToDirs (73), v0: what the brokers that hold partitions
// ask the active controller, on the controllers' listener. KIP-497, KIP-903, KIP-858.
// Errors: NOT_CONTROLLER; those of the verbs (replication/metadata). Differences from Kafka: none
// known.
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/quorum/partition_codec.h"

namespace milena::api {
namespace {

void alter_partition(Services& services, const Request<msg::AlterPartitionRequest>& request,
                     Reply<msg::AlterPartitionResponse> reply) {
    services.controller.submit<metadata::AlterPartition>(
        quorum::from_message(request.body),
        [reply = std::move(reply)](Result<metadata::AlterPartition::Reply> answer) mutable {
            Arena arena;
            if (answer) return reply.send(quorum::to_message(*answer, arena));
            msg::AlterPartitionResponse refused;
            refused.error_code = answer.error().code;
            reply.send(refused);
        });
}

void assign_replicas_to_dirs(Services& services,
                             const Request<msg::AssignReplicasToDirsRequest>& request,
                             Reply<msg::AssignReplicasToDirsResponse> reply) {
    auto asked = quorum::from_message(request.body);
    auto copy = asked;
    services.controller.submit<metadata::AssignReplicasToDirs>(
        std::move(copy), [asked = std::move(asked), reply = std::move(reply)](
                             Result<metadata::AssignReplicasToDirs::Reply> answer) mutable {
            Arena arena;
            if (answer) return reply.send(quorum::to_message(*answer, asked, arena));
            msg::AssignReplicasToDirsResponse refused;
            refused.error_code = answer.error().code;
            reply.send(refused);
        });
}

}  // namespace

MILENA_HANDLER(AlterPartition, alter_partition)
MILENA_HANDLER(AssignReplicasToDirs, assign_replicas_to_dirs)

}  // namespace milena::api
