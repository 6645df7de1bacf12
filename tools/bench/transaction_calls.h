// Which response answers which request, for the APIs that only the bench calls.
#pragma once

#include "protocol/msg/end_txn.h"
#include "protocol/msg/txn_offset_commit.h"
#include "tools/client/calls.h"

namespace milena::client {

#define MILENA_CALL(name)                   \
    template <>                             \
    struct ResponseTo<msg::name##Request> { \
        using type = msg::name##Response;   \
    };
MILENA_CALL(EndTxn)
MILENA_CALL(TxnOffsetCommit)
#undef MILENA_CALL

}  // namespace milena::client
