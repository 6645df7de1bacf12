#include "broker/net/reactor_pool.h"

#include "protocol/base/assert.h"

#include <string>

#include <fmt/format.h>

namespace milena::net {

ReactorPool::ReactorPool(const Clock& clock, std::size_t size) {
    MILENA_ASSERT(size > 0);
    for (std::size_t i = 0; i < size; ++i) {
        reactors_.push_back(std::make_shared<Reactor>(clock, fmt::format("reactor-{}", i)));
    }
}

ReactorPool::~ReactorPool() {
    for (auto& reactor : reactors_) reactor->request_stop();
    for (auto& reactor : reactors_) reactor->finish();
}

void ReactorPool::start() {
    for (auto& reactor : reactors_) reactor->start();
}

Status ReactorPool::stop(Millis deadline) {
    for (auto& reactor : reactors_) reactor->request_stop();
    const auto until = std::chrono::steady_clock::now() + deadline;
    std::string busy;
    for (auto& reactor : reactors_) {
        if (reactor->join_until(until)) continue;
        busy += (busy.empty() ? "" : ", ") + reactor->name();
    }
    if (busy.empty()) return {};
    return fail(ErrorCode::REQUEST_TIMED_OUT,
                fmt::format("{} did not stop within {} ms: a handler blocks the thread; a stack "
                            "trace of the process shows it",
                            busy, deadline.count()));
}

}  // namespace milena::net
