// `milena serve`: the broker as a command.
#pragma once

namespace milena::broker {

// Arguments after "serve". Runs until SIGTERM or SIGINT; the exit status: 0 after a clean stop, 1
// when it could not start or stop cleanly, 2 for a wrong command line or configuration.
int serve_main(int argc, char** argv);

}  // namespace milena::broker
