#include "replication/fetcher/session.h"

#include <limits>

namespace milena::fetcher {

void Session::answered(FetchSessionId id) {
    // Without a session there: every request is a first one.
    if (id.value() == 0) {
        id_ = id;
        epoch_ = FetchSessionEpoch{0};
        return;
    }
    const bool last = epoch_.value() == std::numeric_limits<std::int32_t>::max();
    epoch_ = FetchSessionEpoch{id != id_ || last ? 1 : epoch_.value() + 1};
    id_ = id;
}

void Session::refused(ErrorCode error) {
    if (error == ErrorCode::FETCH_SESSION_ID_NOT_FOUND) id_ = FetchSessionId{0};
    epoch_ = FetchSessionEpoch{0};
}

}  // namespace milena::fetcher
