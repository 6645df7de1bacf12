// What must hold for any bytes that claim to be a message.
#pragma once

#include "protocol/base/assert.h"
#include "protocol/wire/registry.h"
#include "tests/fuzz/allocation_cap.h"

namespace milena {

// Reading takes bounded memory; what can be read can be written, and reads as the same again.
inline void check_message(const MessageType& type, ApiVersion version, ByteView body) {
    {
        const AllocationCap cap(AllocationCap::for_input(body.size()));
        const auto consumed = type.read(body, version, kRequestLimits);
        if (!consumed) return;
        MILENA_ASSERT(*consumed <= body.size());
    }
    const auto first = type.recode(body, version, kTrustedLimits);
    MILENA_ASSERT(first.has_value());
    // Unknown tagged fields and roundabout varints are gone now.
    MILENA_ASSERT(first->bytes.size() <= first->consumed);
    const auto second = type.recode(first->bytes, version, kTrustedLimits);
    MILENA_ASSERT(second.has_value());
    MILENA_ASSERT(second->consumed == first->bytes.size());
    MILENA_ASSERT(second->bytes == first->bytes);
    MILENA_ASSERT(type.to_json(body, version, {.with_records = true}).has_value());
}

}  // namespace milena
