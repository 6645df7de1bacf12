#include "tools/client/poller.h"

#include "protocol/base/assert.h"
#include "tools/client/socket.h"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace milena::client {
namespace {

void control(int poller, int operation, int handle, std::uint32_t token, bool writable) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    if (writable) event.events |= EPOLLOUT;
    event.data.u32 = token;
    MILENA_ASSERT(::epoll_ctl(poller, operation, handle, &event) == 0);
}

}  // namespace

Poller::Poller(int handle) : handle_(handle) {}
Poller::Poller(Poller&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), events_(std::move(other.events_)) {}
Poller::~Poller() {
    if (handle_ >= 0) ::close(handle_);
}

Result<Poller> Poller::make() {
    const int handle = ::epoll_create1(EPOLL_CLOEXEC);
    if (handle < 0) {
        return fail(ErrorCode::UNKNOWN_SERVER_ERROR, "epoll_create1: " + system_message(errno));
    }
    // The kernel may otherwise delay each wake-up by 50 microseconds.
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    return Poller(handle);
}

void Poller::add(int handle, std::uint32_t token) {
    control(handle_, EPOLL_CTL_ADD, handle, token, false);
}

void Poller::watch(int handle, std::uint32_t token, bool writable) {
    control(handle_, EPOLL_CTL_MOD, handle, token, writable);
}

std::span<const Poller::Event> Poller::wait(Nanos time) {
    constexpr int kMost = 256;
    std::array<epoll_event, kMost> ready;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec limit{seconds.count(), (time - seconds).count()};
    const int count = ::epoll_pwait2(handle_, ready.data(), kMost, &limit, nullptr);
    events_.clear();
    for (int i = 0; i < count; ++i) {
        const auto& event = ready[static_cast<std::size_t>(i)];
        events_.push_back(
            {event.data.u32, (event.events & ~EPOLLOUT) != 0, (event.events & EPOLLOUT) != 0});
    }
    return events_;
}

}  // namespace milena::client
