// Topics that come into being because somebody asked for their metadata
// (auto.create.topics.enable).
#pragma once

#include <string>
#include <vector>

namespace milena::api {

struct Services;

// Asks the controller for them and waits for nothing: the client is told "unknown" and asks again
// (semantics F3). Names that exist meanwhile are no error. Does nothing when the broker's setting
// forbids it.
void auto_create_topics(Services& services, std::vector<std::string> names);

}  // namespace milena::api
