// What the admin handlers share: how an Error stands in a response.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/nullable_string.h"

namespace milena::api {

// Null on success; else a copy that lives as long as the arena.
inline NullableString message_of(Arena& arena, const Error& error) {
    if (error.code == ErrorCode::NONE) return {};
    return arena.copy(error.detail);
}

}  // namespace milena::api
