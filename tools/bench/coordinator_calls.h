// Which response answers which request, for the APIs of coordinators that only the bench calls.
#pragma once

#include "protocol/msg/consumer_group_heartbeat.h"
#include "protocol/msg/end_txn.h"
#include "protocol/msg/heartbeat.h"
#include "protocol/msg/join_group.h"
#include "protocol/msg/leave_group.h"
#include "protocol/msg/sync_group.h"
#include "protocol/msg/txn_offset_commit.h"
#include "tools/client/calls.h"

namespace milena::client {

#define MILENA_CALL(name)                   \
    template <>                             \
    struct ResponseTo<msg::name##Request> { \
        using type = msg::name##Response;   \
    };
MILENA_CALL(ConsumerGroupHeartbeat)
MILENA_CALL(EndTxn)
MILENA_CALL(Heartbeat)
MILENA_CALL(JoinGroup)
MILENA_CALL(LeaveGroup)
MILENA_CALL(SyncGroup)
MILENA_CALL(TxnOffsetCommit)
#undef MILENA_CALL

}  // namespace milena::client
