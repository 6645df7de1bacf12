// Blocks of producer ids, 1000 at a time; an id is never handed out twice in the life of a cluster
// (metadata/.../ProducerIdControlManager.java).
#include "protocol/msg/records/producer_ids_record.h"
#include "replication/metadata/controller.h"
#include "replication/metadata/record_codec.h"

#include <limits>

namespace milena::metadata {

Decision decide(const AllocateProducerIds& request, const DecideContext& context) {
    const auto refused = [](ErrorCode code, std::string why) {
        AllocateProducerIds::Reply reply;
        reply.error = {code, std::move(why)};
        return Decision{{}, std::move(reply)};
    };
    const BrokerImage* broker = context.image.broker(request.broker);
    if (!broker) {
        return refused(ErrorCode::BROKER_ID_NOT_REGISTERED,
                       "broker " + std::to_string(request.broker.value()) +
                           " asks for producer ids, but is not registered");
    }
    if (broker->epoch != request.broker_epoch) {
        return refused(ErrorCode::STALE_BROKER_EPOCH,
                       "broker " + std::to_string(request.broker.value()) +
                           " asks for producer ids with epoch " +
                           std::to_string(request.broker_epoch.value()) +
                           ", but is registered with " + std::to_string(broker->epoch.value()));
    }
    const ProducerId first = context.image.next_producer_id;
    if (first.value() > std::numeric_limits<std::int64_t>::max() - kProducerIdBlock) {
        return refused(ErrorCode::UNKNOWN_SERVER_ERROR, "all producer ids of 63 bits are used up");
    }
    msg::ProducerIdsRecord record;
    record.broker_id = request.broker;
    record.broker_epoch = request.broker_epoch;
    record.next_producer_id = first + kProducerIdBlock;
    RecordList records;
    add_record(records, record, ApiVersion(0));
    return {std::move(records), AllocateProducerIds::Reply{success(), first, kProducerIdBlock}};
}

}  // namespace milena::metadata
