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
    if (Status known = check_broker_epoch(context.image, request.broker, request.broker_epoch);
        !known) {
        return refused(known.error().code, known.error().detail);
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
