// <base>.txnindex: the transactions whose abort marker is in this segment. Made with the first one.
//
//    0  int16  version, 0
//    2  int64  producer id
//   10  int64  first offset of the transaction
//   18  int64  last offset: that of the marker
//   26  int64  last stable offset right after the marker
//
// Invariant: last offsets ascend strictly.
#pragma once

#include "log/index_file.h"
#include "log/log_types.h"

#include <vector>

namespace milena::log {

class TxnIndex {
  public:
    static constexpr std::size_t kEntryBytes = 34;

    TxnIndex(const LogPlace& place, Offset base, std::uint64_t file_bytes);

    void append(const AbortedTransaction& aborted);
    Result<AbortedTransaction> entry(std::size_t index) const;

    // Adds those that end at or after `from` and begin below `bound`. True: no later segment can
    // add any, for at this point everything below `bound` was decided.
    Result<bool> collect(Offset from, Offset bound, std::vector<AbortedTransaction>& into) const;
    // Drops transactions whose marker is at or above `offset`.
    Status truncate_to(Offset offset);
    Result<bool> looks_sane(std::uint64_t file_bytes) const;

    IndexFile& file() { return file_; }
    const IndexFile& file() const { return file_; }

  private:
    Offset base_;
    IndexFile file_;
};

}  // namespace milena::log
