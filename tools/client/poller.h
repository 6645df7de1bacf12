// epoll for the bench: many sockets, one thread, waits that are exact to some microseconds.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <span>
#include <vector>

namespace milena::client {

class Poller {
  public:
    struct Event {
        std::uint32_t token = 0;
        bool readable = false;  // also when the peer has gone
        bool writable = false;
    };

    static Result<Poller> make();
    Poller(Poller&& other) noexcept;
    Poller& operator=(Poller&&) = delete;
    ~Poller();

    // Watches for input; for room to write too when `writable` is set.
    void add(int handle, std::uint32_t token);
    void watch(int handle, std::uint32_t token, bool writable);

    // Events of at most `time`; the span is valid until the next call.
    std::span<const Event> wait(Nanos time);

  private:
    explicit Poller(int handle);

    int handle_ = -1;
    std::vector<Event> events_;
};

}  // namespace milena::client
