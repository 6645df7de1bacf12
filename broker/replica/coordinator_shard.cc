#include "broker/replica/coordinator_shard.h"

namespace milena::replica {

Error not_coordinator(std::string_view topic, PartitionIndex shard) {
    return {ErrorCode::NOT_COORDINATOR, "this broker does not lead " + std::string(topic) + "-" +
                                            std::to_string(shard.value()) +
                                            "; look for the coordinator again"};
}

Error load_in_progress(std::string_view label) {
    return {ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            "the coordinator is still reading " + std::string(label) + "; try again"};
}

Error too_many_owed(std::string_view label) {
    return {ErrorCode::COORDINATOR_NOT_AVAILABLE,
            "too many requests wait in " + std::string(label) + "; try again later"};
}

Error write_timed_out(std::string_view label, Millis after) {
    return {ErrorCode::REQUEST_TIMED_OUT, "what was decided in " + std::string(label) +
                                              " is not committed after " +
                                              std::to_string(after.count()) + " ms; try again"};
}

}  // namespace milena::replica
