// Batches of records with keys, and what is in them.
#pragma once

#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milena::log::test {

struct KeyedRecord {
    std::optional<std::string> key;
    std::optional<std::string> value;
};

struct KeyedBatch {
    std::vector<KeyedRecord> records;
    Codec codec = Codec::none;
    std::int64_t timestamp = 1'000;  // of the first record; the others follow by 1 ms
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Sequence base_sequence = kNoSequence;
    bool transactional = false;
    Offset base_offset{0};
};

std::vector<std::uint8_t> make_keyed(const KeyedBatch& batch);

struct StoredRecord {
    std::int64_t offset = 0;
    std::int64_t timestamp = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;

    friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};

// The data records of a row of batches; fails the test when one does not match its checksum.
std::vector<StoredRecord> stored_records(ByteView batches);

}  // namespace milena::log::test
