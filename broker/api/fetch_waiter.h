// A fetch that found too little: waits for its partitions to move, or for its deadline.
#pragma once

#include "broker/api/fetch_reader.h"
#include "broker/purgatory/waiter.h"

namespace milena::api {

class FetchWaiter final : public Waiter {
  public:
    FetchWaiter(FetchReader reader, Reply<msg::FetchResponse> reply)
        : Waiter(reply.executor()), reader_(std::move(reader)), reply_(std::move(reply)) {}

    static void park(FetchReader reader, Reply<msg::FetchResponse> reply, MonoTime deadline) {
        const auto waiter = std::make_shared<FetchWaiter>(std::move(reader), std::move(reply));
        waiter->expire_at(deadline);
        waiter->reader_.park(waiter);
    }

  private:
    bool ready() override {
        reader_.read();
        return reader_.satisfied();
    }

    void answer(bool expired) override {
        reader_.unpark(this);
        if (expired) reader_.read_at_end();
        Arena arena;
        reader_.answer(arena, reply_);
    }

    FetchReader reader_;
    Reply<msg::FetchResponse> reply_;
};

}  // namespace milena::api
