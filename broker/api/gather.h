// An answer put together from the answers of others: coordinators, partitions. Lives until the last
// of them has come, then the reply leaves.
//
// G1 home: everything but the callers of part() runs on the executor of the connection.
// G2 own memory: what the response views is in `arena`, not in the request.
#pragma once

#include "broker/api/request.h"

#include <functional>
#include <memory>
#include <utility>

namespace milena::api {

template <class Body>
class Gather : public std::enable_shared_from_this<Gather<Body>> {
  public:
    explicit Gather(Reply<Body> reply) : reply_(std::move(reply)), executor_(reply_.executor()) {}

    Arena arena;
    Body response;

    // A function that takes one answer, from any thread and exactly once, and has `take` fill it
    // in. The reply waits for it.
    template <class Answer, class Take>
    auto part(Take take) {
        ++left_;
        return [self = this->shared_from_this(), take = std::move(take)](Answer answer) mutable {
            auto fill_in = [self, take = std::move(take), answer = std::move(answer)]() mutable {
                take(std::move(answer));
                self->finish_one();
            };
            if (self->executor_.is_current()) {
                fill_in();
            } else {
                self->executor_.post(std::move(fill_in));
            }
        };
    }
    // Everybody has been asked: the reply leaves once all have answered.
    void finish_one() {
        if (--left_ == 0) reply_.send(response);
    }

  private:
    Reply<Body> reply_;
    net::Executor& executor_;
    std::size_t left_ = 1;  // one for who asks
};

}  // namespace milena::api
