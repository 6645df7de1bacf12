// Ctrl-C for commands that must finish what they do: the first signal is noted and ends waits, the
// second one kills as usual.
#pragma once

namespace milena::client {

// For SIGINT and SIGTERM.
void watch_for_interrupts();
// The number of the signal that came; 0 when none has.
int interrupted_by();

}  // namespace milena::client
