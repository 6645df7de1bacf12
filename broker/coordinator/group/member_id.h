// Ids that the broker makes for members of the classic protocol.
#pragma once

#include "broker/coordinator/group/requests.h"
#include "protocol/base/random.h"

#include <string>

namespace milena::coordinator::group {

// The instance or client id, and a random UUID as Java prints it.
std::string make_member_id(const JoinGroup& request, Random& random);

}  // namespace milena::coordinator::group
