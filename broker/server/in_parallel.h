// A loop over independent work, most of it waiting for the disk, at start and stop.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace milena::broker {

// Runs work(0) to work(count - 1) on up to `threads` threads, this one among them; returns when all
// are done.
template <class Work>
void in_parallel(int threads, std::size_t count, const Work& work) {
    std::atomic<std::size_t> next = 0;
    const auto run = [&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    };
    const auto wanted =
        std::min<std::size_t>(count, static_cast<std::size_t>(std::max(threads, 1)));
    std::vector<std::thread> helpers;
    for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(run);
    run();
    for (auto& helper : helpers) helper.join();
}

}  // namespace milena::broker
