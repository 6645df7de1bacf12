// A waiter that counts how often it is looked at, and never has what it waits for.
#pragma once

#include "broker/purgatory/waiter.h"

namespace milena {

class Woken final : public Waiter {
  public:
    explicit Woken(net::Executor& executor) : Waiter(executor) {}
    int times = 0;

  private:
    bool ready() override {
        ++times;
        return false;
    }
    void answer(bool) override {}
};

}  // namespace milena
