// A heartbeat with epoch -1 or -2: a member goes of its own will.
#pragma once

#include "broker/coordinator/group/consumer/verbs.h"

namespace milena::coordinator::group::consumer {

Result<ConsumerGroupHeartbeat::Reply> leave(Deciding& deciding,
                                            const ConsumerGroupHeartbeat& request);

}  // namespace milena::coordinator::group::consumer
