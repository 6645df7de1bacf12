// A file descriptor with one owner.
#pragma once

#include <utility>

#include <unistd.h>

namespace milena::net {

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int handle) : handle_(handle) {}
    UniqueFd(UniqueFd&& other) noexcept : handle_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    ~UniqueFd() {
        if (handle_ >= 0) ::close(handle_);
    }

    explicit operator bool() const { return handle_ >= 0; }
    int get() const { return handle_; }
    int release() { return std::exchange(handle_, -1); }

  private:
    int handle_ = -1;
};

}  // namespace milena::net
