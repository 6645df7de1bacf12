#include "replication/metadata/controller.h"

#include "protocol/base/assert.h"

namespace milena::metadata {

Decision Controller::decide(const Request& request, Offset log_end, MonoTime now,
                            Random& random) const {
    const DecideContext context{*loader_.image(), options_, rules_, log_end, now,
                                random,           sessions_};
    return std::visit([&](const auto& verb) { return metadata::decide(verb, context); }, request);
}

ImageChange Controller::apply(const RecordList& records, const Provenance& provenance) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        MILENA_ASSERT(loader_.apply(records[i]));
    }
    return loader_.take(provenance);
}

Status check_broker_epoch(const Image& image, BrokerId broker, BrokerEpoch epoch) {
    const BrokerImage* registered = image.broker(broker);
    if (registered && registered->epoch == epoch) return {};
    return fail(
        ErrorCode::STALE_BROKER_EPOCH,
        "broker " + std::to_string(broker.value()) + " speaks with epoch " +
            std::to_string(epoch.value()) +
            (registered ? ", but is registered with " + std::to_string(registered->epoch.value())
                        : std::string(", but is not registered")) +
            "; it has to register again");
}

}  // namespace milena::metadata
