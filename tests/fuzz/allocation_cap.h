// Watches the heap while hostile bytes are read: nothing may take more than a small multiple of
// what was received. Needs AddressSanitizer's hooks, which the fuzz preset has.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <sanitizer/allocator_interface.h>

namespace milena {

// Counts what is allocated, and not freed again, while one of these lives. One at a time.
class AllocationCap {
  public:
    // `cap`: bytes that may be alive at any moment.
    explicit AllocationCap(std::size_t cap) {
        static const int installed = __sanitizer_install_malloc_and_free_hooks(allocated, freed);
        if (installed == 0) fail("cannot watch the heap");
        cap_ = cap;
        live_ = 0;
        peak_ = 0;
        watching_ = true;
    }
    ~AllocationCap() {
        watching_ = false;
        if (peak_ > cap_) {
            std::fprintf(stderr, "%zu bytes were allocated where %zu are allowed\n", peak_.load(),
                         cap_);
            std::abort();
        }
    }
    AllocationCap(const AllocationCap&) = delete;
    AllocationCap& operator=(const AllocationCap&) = delete;

    // The bound for decoders: four times the input and 64 KiB.
    static std::size_t for_input(std::size_t bytes) { return 4 * bytes + 64 * 1024; }

  private:
    static void fail(const char* text) {
        std::fprintf(stderr, "%s\n", text);
        std::abort();
    }
    static void allocated(const volatile void*, std::size_t size) {
        if (!watching_) return;
        live_ += size;
        if (live_ > peak_) peak_ = live_.load();
    }
    static void freed(const volatile void* at) {
        if (!watching_ || at == nullptr) return;
        const auto size = __sanitizer_get_allocated_size(at);
        live_ -= size < live_ ? size : live_.load();
    }

    static inline std::atomic<bool> watching_ = false;
    static inline std::atomic<std::size_t> live_ = 0;
    static inline std::atomic<std::size_t> peak_ = 0;
    static inline std::size_t cap_ = 0;
};

}  // namespace milena
