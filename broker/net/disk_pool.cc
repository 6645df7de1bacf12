#include "broker/net/disk_pool.h"

#include "protocol/base/assert.h"

#include <string>
#include <utility>

#include <pthread.h>

namespace milena::net {

DiskPool::DiskPool(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
    MILENA_ASSERT(threads > 0 && waiting_max > 0);
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
        ::pthread_setname_np(threads_.back().native_handle(),
                             ("disk-" + std::to_string(i)).c_str());
    }
}

DiskPool::~DiskPool() {
    stop();
}

Status DiskPool::submit(Task&& task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return fail(ErrorCode::BROKER_NOT_AVAILABLE,
                        "the disk threads have stopped: the "
                        "broker is shutting down");
        }
        if (tasks_.size() >= waiting_max_) {
            return fail(ErrorCode::REQUEST_TIMED_OUT,
                        std::to_string(waiting_max_) +
                            " disk tasks are waiting already: the disk is slower than its load; "
                            "retry later");
        }
        tasks_.push_back(std::move(task));
    }
    work_.notify_one();
    return {};
}

void DiskPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

std::size_t DiskPool::waiting() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

void DiskPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        task = nullptr;  // what it holds dies without the lock
        lock.lock();
    }
}

}  // namespace milena::net
