#include "broker/net/kernel_random.h"

#include "protocol/base/assert.h"

#include <cerrno>
#include <utility>

#include <sys/random.h>

namespace milena::net {
namespace {

void fill(void* into, std::size_t bytes) {
    auto* at = static_cast<std::uint8_t*>(into);
    while (bytes > 0) {
        const auto got = ::getrandom(at, bytes, 0);
        if (got < 0 && errno == EINTR) continue;
        // Linux has had the call since 3.17; without randomness no id of this node is safe.
        MILENA_ASSERT(got > 0);
        at += got;
        bytes -= static_cast<std::size_t>(got);
    }
}

}  // namespace

std::uint64_t KernelRandom::next() {
    const std::lock_guard lock(mutex_);
    if (left_ == 0) {
        fill(block_.data(), sizeof block_);
        left_ = block_.size();
    }
    return std::exchange(block_[--left_], 0);
}

}  // namespace milena::net
