// What a cleaner knows of transactions while it walks the batches of a log in order: which data
// belongs to aborted ones, and which markers have outlived theirs. Pure.
//
// Source of the rules: storage/.../CleanedTransactionMetadata.java.
#pragma once

#include "log/batch_scan.h"
#include "log/log_types.h"

#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace milena::log {

// Of a control batch; nullopt when its record has gone before. What is no known key is no marker
// either: leader_change stands for it.
std::optional<ControlType> control_type(const BatchView& batch);

class TransactionTracker {
  public:
    // `aborted`: every transaction whose abort marker is at or above `from`, where the walk begins,
    // and perhaps others.
    TransactionTracker(std::vector<AbortedTransaction> aborted, Offset from);

    // A data batch: is it part of an aborted transaction?
    bool is_aborted(const BatchHead& data);

    struct Marker {
        bool outlived = false;  // no data of its transaction has come by
        // The index entry that readers of the data need as long as it is there.
        std::optional<AbortedTransaction> aborted;
    };
    // A control batch, and its control_type().
    Marker on_marker(const BatchHead& marker, std::optional<ControlType> type);

  private:
    struct Ongoing {
        AbortedTransaction transaction;
        bool data_seen = false;
    };

    void begin_up_to(Offset offset);

    std::vector<AbortedTransaction> aborted_;  // by first offset
    std::size_t next_ = 0;
    std::unordered_map<ProducerId, Ongoing> ongoing_;
    std::unordered_set<ProducerId> committed_;  // producers with data that no marker followed yet
};

}  // namespace milena::log
