// The vocabulary of identifiers and positions. Widths are those of the wire protocol.
#pragma once

#include "protocol/base/strong.h"
#include "protocol/base/uuid.h"

#include <cstdint>

namespace milena {

namespace tag {
struct Plain {
    static constexpr bool ordinal = false;
};
struct Ordinal {
    static constexpr bool ordinal = true;
};
struct Offset : Ordinal {};
struct LeaderEpoch : Ordinal {};
struct PartitionEpoch : Ordinal {};
struct PartitionIndex : Ordinal {};
struct BrokerId : Plain {};
struct BrokerEpoch : Plain {};
struct ProducerId : Ordinal {};
struct ProducerEpoch : Plain {};
struct Sequence : Plain {};
struct TopicId : Plain {};
struct DirectoryId : Plain {};
struct FetchSessionId : Plain {};
struct FetchSessionEpoch : Plain {};
struct CorrelationId : Plain {};
struct ApiVersion : Plain {};
}  // namespace tag

// Position of a record in a partition. -1 means "none" where a field is optional.
using Offset = Strong<tag::Offset, std::int64_t>;
// Counts the leaders a partition (or the metadata quorum) has had.
using LeaderEpoch = Strong<tag::LeaderEpoch, std::int32_t>;
// Counts the changes of a partition's registration.
using PartitionEpoch = Strong<tag::PartitionEpoch, std::int32_t>;
using PartitionIndex = Strong<tag::PartitionIndex, std::int32_t>;
using BrokerId = Strong<tag::BrokerId, std::int32_t>;
using BrokerEpoch = Strong<tag::BrokerEpoch, std::int64_t>;
using ProducerId = Strong<tag::ProducerId, std::int64_t>;
using ProducerEpoch = Strong<tag::ProducerEpoch, std::int16_t>;
// Per-producer batch sequence number; wraps from 2^31-1 to 0.
using Sequence = Strong<tag::Sequence, std::int32_t>;
using TopicId = Strong<tag::TopicId, Uuid>;
using DirectoryId = Strong<tag::DirectoryId, Uuid>;
using FetchSessionId = Strong<tag::FetchSessionId, std::int32_t>;
using FetchSessionEpoch = Strong<tag::FetchSessionEpoch, std::int32_t>;
using CorrelationId = Strong<tag::CorrelationId, std::int32_t>;
using ApiVersion = Strong<tag::ApiVersion, std::int16_t>;

inline constexpr Offset kNoOffset{-1};
inline constexpr LeaderEpoch kNoLeaderEpoch{-1};
inline constexpr ProducerId kNoProducerId{-1};
inline constexpr ProducerEpoch kNoProducerEpoch{-1};
inline constexpr Sequence kNoSequence{-1};
inline constexpr BrokerId kNoBroker{-1};

}  // namespace milena
