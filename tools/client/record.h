// A record as a tool shows or sends it. Views bytes that belong to somebody else.
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_view.h"

#include <optional>
#include <span>
#include <string_view>

namespace milena::client {

// nullopt is Kafka's null, which is not the empty string.
using OptionalBytes = std::optional<std::string_view>;

struct HeaderView {
    std::string_view key;
    OptionalBytes value;
};

struct ConsumedRecord {
    std::string_view topic;
    PartitionIndex partition{0};
    Offset offset{0};
    TimestampMs timestamp = kNoTimestamp;
    TimestampType timestamp_type = TimestampType::create_time;
    OptionalBytes key;
    OptionalBytes value;
    std::span<const HeaderView> headers;
};

}  // namespace milena::client
