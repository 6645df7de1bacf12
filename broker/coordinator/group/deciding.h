// A decision in the making: what the verbs of the group coordinator read, and what they fill.
//
// Every verb is a function `void decide(Deciding&, const Verb&, ReplyId)` in the file of its
// family.
#pragma once

#include "broker/coordinator/group/machine.h"
#include "broker/coordinator/group/timers.h"

#include <string>
#include <utility>

namespace milena::coordinator::group {

struct Deciding {
    const State& state;
    const Settings& settings;
    const DecideContext& context;
    Decision out{};

    template <class R>
    void reply(ReplyId to, R answer) {
        out.replies.emplace_back(to, std::move(answer));
    }
    void set_timer(TimerKey key, Millis delay) {
        out.timers.push_back({std::move(key), context.now + delay});
    }
    void cancel_timer(TimerKey key) { out.timers.push_back({std::move(key), std::nullopt}); }
};

}  // namespace milena::coordinator::group
