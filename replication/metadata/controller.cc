#include "replication/metadata/controller.h"

#include "protocol/base/assert.h"

namespace milena::metadata {

Decision Controller::decide(const Request& request, Offset log_end, MonoTime now,
                            Random& random) const {
    const DecideContext context{*loader_.image(), options_, rules_, log_end, now, random};
    return std::visit([&](const auto& verb) { return metadata::decide(verb, context); }, request);
}

ImageChange Controller::apply(const RecordList& records, const Provenance& provenance) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        MILENA_ASSERT(loader_.apply(records[i]));
    }
    return loader_.take(provenance);
}

}  // namespace milena::metadata
