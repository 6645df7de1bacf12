// The one binary: a table of subcommands.
#include <cstdio>

int main() {
    std::puts("milena " MILENA_VERSION);
    return 0;
}
