// The follower's side of an incremental fetch session (KIP-227; clients/.../FetchSessionHandler).
//
//   (0, 0)    asks for a new session; (id, 0) closes it and asks for another: both name all
//             partitions
//   (id, n)   names what changed since n - 1; the epoch goes from 2^31-1 to 1
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"

namespace milena::fetcher {

class Session {
  public:
    FetchSessionId id() const { return id_; }
    FetchSessionEpoch epoch() const { return epoch_; }
    // The next request names every partition.
    bool is_full() const { return epoch_.value() == 0; }

    // The leader answered a request made from here, naming `id` (0: no session).
    void answered(FetchSessionId id);
    // It refused the request as a whole.
    void refused(ErrorCode error);
    // No answer came, or none that fits: the session's state over there is unknown.
    void lost() { epoch_ = FetchSessionEpoch{0}; }

  private:
    FetchSessionId id_{0};
    FetchSessionEpoch epoch_{0};
};

}  // namespace milena::fetcher
