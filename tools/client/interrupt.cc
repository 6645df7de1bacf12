#include "tools/client/interrupt.h"

#include <csignal>

namespace milena::client {
namespace {

volatile std::sig_atomic_t caught = 0;

void note(int signal) {
    caught = signal;
}

}  // namespace

void watch_for_interrupts() {
    struct sigaction action{};
    action.sa_handler = &note;
    action.sa_flags = SA_RESETHAND;  // without SA_RESTART: waits come back
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

int interrupted_by() {
    return caught;
}

}  // namespace milena::client
