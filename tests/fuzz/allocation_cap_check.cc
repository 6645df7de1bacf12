// The cap must end a process that takes too much: without that the fuzz targets prove nothing.
// Exit status 0 when it does, and when it leaves alone what is allowed.
#include "tests/fuzz/allocation_cap.h"

#include <cstdio>
#include <memory>

#include <sys/wait.h>
#include <unistd.h>

namespace milena {
namespace {

constexpr std::size_t kInput = 1000;

// Runs `work` under the cap in a process of its own; whether it lived.
template <class Work>
bool lives(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
        {
            const AllocationCap cap(AllocationCap::for_input(kInput));
            work();
        }
        ::_exit(0);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void take(std::size_t bytes) {
    const auto memory = std::make_unique_for_overwrite<char[]>(bytes);
    // Seen from outside, so that the compiler keeps the allocation.
    [[maybe_unused]] static const char* volatile seen = nullptr;
    seen = memory.get();
}

int check() {
    const std::size_t cap = AllocationCap::for_input(kInput);
    const struct {
        const char* name;
        bool expected;
        bool found;
    } cases[] = {
        {"all that is allowed", true, lives([&] { take(cap); })},
        {"one byte more", false, lives([&] { take(cap + 1); })},
        {"twice, one after the other", true, lives([&] {
             take(cap);
             take(cap);
         })},
        {"in pieces that together are too much", false, lives([&] {
             const auto first = std::make_unique_for_overwrite<char[]>(cap);
             take(first[0] == 0 ? 1 : 2);
         })},
    };
    int wrong = 0;
    for (const auto& c : cases) {
        if (c.found == c.expected) continue;
        std::fprintf(stderr, "allocation cap: %s: %s\n", c.name, c.found ? "lived" : "ended");
        ++wrong;
    }
    return wrong;
}

}  // namespace
}  // namespace milena

int main() {
    return milena::check() == 0 ? 0 : 1;
}
