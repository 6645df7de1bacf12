// What a partition's log should be, told in the simplest words: a list of batches.
#pragma once

#include "log/log_types.h"
#include "protocol/base/bytes.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena::log::test {

struct ModelBatch {
    Offset base;
    Offset last;
    LeaderEpoch epoch;
    TimestampMs max_timestamp;
    std::vector<std::uint8_t> bytes;  // as stored
};

struct LogModel {
    std::vector<ModelBatch> batches;
    Offset start{0};
    Offset end{0};

    // The batches that a read of everything from `from` below `bound` gives.
    std::vector<const ModelBatch*> range(Offset from, Offset bound) const {
        std::vector<const ModelBatch*> found;
        for (const auto& batch : batches) {
            if (batch.last >= from && batch.last < bound) found.push_back(&batch);
        }
        return found;
    }
    void truncate_to(Offset offset) {
        if (offset >= end) return;
        end = offset;
        for (const auto& batch : batches) {
            if (batch.last >= offset) end = std::min(end, batch.base);
        }
        std::erase_if(batches, [&](const ModelBatch& batch) { return batch.last >= offset; });
        start = std::min(start, end);
    }
    // By the definition: where the first batch of a later epoch begins. Epochs that wrote nothing
    // are not known here.
    EpochEndOffset epoch_end(LeaderEpoch epoch) const {
        const ModelBatch* latest = batches.empty() ? nullptr : &batches.back();
        if (latest == nullptr || epoch > latest->epoch) return {};
        if (epoch == latest->epoch) return {epoch, end};
        LeaderEpoch known = epoch;
        bool any = false;
        for (const auto& batch : batches) {
            if (batch.epoch > epoch) return {any ? known : epoch, std::max(batch.base, start)};
            if (batch.last < start) continue;
            known = batch.epoch;
            any = true;
        }
        return {};
    }
};

}  // namespace milena::log::test
