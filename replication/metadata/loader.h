// Follows the metadata log: committed batches in, images out. Records between BeginTransaction and
// EndTransaction (KIP-868) take effect together at the end, or never.
//
// Driven by broker/quorum for replay and for what it has just committed; by the controller for what
// it has decided.
#pragma once

#include "protocol/base/arena.h"
#include "replication/metadata/image_editor.h"
#include "replication/record_list.h"

#include <optional>

namespace milena::metadata {

class Loader {
  public:
    explicit Loader(ImagePtr image) : image_(std::move(image)) {}

    // The value of one record of a data batch, in the order of the log. INVALID_RECORD when it is
    // malformed, contradicts the state, or begins a transaction inside another or ends one that
    // never began; UNSUPPORTED_VERSION for what a newer Kafka wrote. After an error the log cannot
    // be followed any further.
    Status apply(ByteView value);

    // Everything so far, unfinished transactions left out; `provenance` says how far "so far" is.
    ImageChange take(const Provenance& provenance);

    const ImagePtr& image() const { return image_; }
    // A transaction has begun and not ended: an image taken now lies before its first record.
    bool in_transaction() const { return transaction_.has_value(); }

  private:
    ImageEditor& editor();
    Status apply_all(const RecordList& records);

    ImagePtr image_;  // as last taken
    std::optional<ImageEditor> editor_;
    std::optional<RecordList> transaction_;
    Arena arena_;
};

}  // namespace milena::metadata
