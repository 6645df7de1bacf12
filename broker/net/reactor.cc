#include "broker/net/reactor.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <pthread.h>
#include <signal.h>

namespace milena::net {
namespace asio = boost::asio;
namespace {

thread_local const Reactor* current_reactor = nullptr;

// Far enough for a wake-up that finds nothing to do to cost nothing.
constexpr auto kLongestSleep = std::chrono::hours(1);
// A burst's vector larger than this is given back instead of kept for the next burst.
constexpr std::size_t kKeptTasks = 4096;

// Signals are for the main thread. SIGPIPE above all: sendfile(2) raises it when the peer is gone,
// and cannot be told not to. Those that report a crash of this thread stay.
void block_signals() {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF}) {
        ::sigdelset(&blocked, crash);
    }
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

void recycle(std::vector<Task>& tasks) {
    tasks.clear();
    if (tasks.capacity() > kKeptTasks) std::vector<Task>().swap(tasks);
}

}  // namespace

struct Reactor::Loop {
    // One thread runs the loop, so descriptors need no locks; the scheduler keeps its lock, because
    // post() comes from everywhere.
    asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        timer{io};
};

Reactor::Reactor(const Clock& clock, std::string name)
    : clock_(clock), name_(std::move(name)), loop_(std::make_unique<Loop>()) {}

Reactor::~Reactor() {
    finish();
}

void Reactor::start() {
    MILENA_ASSERT(!thread_.joinable());
    {
        const std::lock_guard lock(mutex_);
        running_ = true;
    }
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), name_.substr(0, 15).c_str());
}

void Reactor::request_stop() {
    loop_->io.stop();
}

bool Reactor::join_until(std::chrono::steady_clock::time_point deadline) {
    {
        std::unique_lock lock(mutex_);
        if (!ended_.wait_until(lock, deadline, [this] { return !running_; })) return false;
    }
    if (thread_.joinable()) thread_.join();
    return true;
}

void Reactor::finish() {
    if (loop_ == nullptr) return;
    request_stop();
    if (thread_.joinable()) thread_.join();
    drop_everything();
    loop_.reset();
}

bool Reactor::running() const {
    const std::lock_guard lock(mutex_);
    return running_;
}

void Reactor::run() {
    block_signals();
    current_reactor = this;
    loop_->io.run();
    drop_everything();
    current_reactor = nullptr;
    const std::lock_guard lock(mutex_);
    running_ = false;
    ended_.notify_all();
}

void Reactor::post(Task task) {
    if (is_current()) {
        local_.push_back(std::move(task));
        if (std::exchange(local_scheduled_, true)) return;
        asio::post(loop_->io, [this] { run_local(); });
        return;
    }
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        first = inbox_.empty();
        inbox_.push_back(std::move(task));
    }
    // One wake-up per burst: whoever finds the inbox empty rings.
    if (first) asio::post(loop_->io, [this] { run_inbox(); });
}

bool Reactor::is_current() const {
    return current_reactor == this;
}

Executor::TimerId Reactor::call_at(MonoTime when, Task task) {
    MILENA_ASSERT(is_current());
    const auto id = timers_.add(when, std::move(task));
    arm_timer();
    return id;
}

bool Reactor::cancel(TimerId id) {
    MILENA_ASSERT(is_current());
    return timers_.cancel(id);
}

MonoTime Reactor::now() const {
    return is_current() && turn_depth_ > 0 ? turn_began_ : clock_.now();
}

Reactor::Turn::Turn(Reactor& reactor) : reactor_(reactor) {
    if (reactor_.turn_depth_++ == 0) reactor_.turn_began_ = reactor_.clock_.now();
}

Reactor::Turn::~Turn() {
    if (reactor_.turn_depth_ == 1) reactor_.finish_turn();
    --reactor_.turn_depth_;
}

void Reactor::at_turn_end(TurnEnd& work) {
    turn_end_.push_back(&work);
    if (turn_depth_ == 0) schedule_turn();
}

boost::asio::io_context& Reactor::io_context() {
    return loop_->io;
}

// For work that arrives outside a turn, from handlers that other rooms gave to the io_context.
void Reactor::schedule_turn() {
    if (std::exchange(turn_scheduled_, true)) return;
    asio::post(loop_->io, [this] {
        turn_scheduled_ = false;
        const Turn turn(*this);
    });
}

void Reactor::finish_turn() {
    while (!turn_end_.empty()) {
        turn_ending_.swap(turn_end_);
        for (auto* work : turn_ending_) work->on_turn_end();
        turn_ending_.clear();
    }
}

void Reactor::run_local() {
    const Turn turn(*this);
    local_scheduled_ = false;
    local_running_.swap(local_);
    for (auto& task : local_running_) std::exchange(task, nullptr)();
    recycle(local_running_);
}

void Reactor::run_inbox() {
    const Turn turn(*this);
    {
        const std::lock_guard lock(mutex_);
        inbox_running_.swap(inbox_);
    }
    for (auto& task : inbox_running_) std::exchange(task, nullptr)();
    recycle(inbox_running_);
}

void Reactor::fire_timers() {
    const Turn turn(*this);
    armed_for_ = MonoTime::max();
    // Timers that these tasks set for "now" wait for the next round: sockets have their turn first.
    for (auto left = timers_.size(); left > 0; --left) {
        auto task = timers_.pop_due(turn_began_);
        if (!task) break;
        (*task)();
    }
    arm_timer();
}

// The kernel's timer is moved only to an earlier time. When the earliest deadline is cancelled, the
// wake-up finds nothing due and sleeps on: most long polls end early, and each would cost a call.
void Reactor::arm_timer() {
    const auto earliest = timers_.earliest();
    if (!earliest || *earliest >= armed_for_) return;
    armed_for_ = *earliest;
    const auto ahead = std::min<Nanos>(*earliest - clock_.now(), kLongestSleep);
    loop_->timer.expires_after(std::max(ahead, Nanos{0}));
    loop_->timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) fire_timers();
    });
}

void Reactor::drop_everything() {
    std::vector<Task> inbox;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        inbox.swap(inbox_);
    }
    inbox.clear();
    // Dying tasks may post and set timers; what they leave dies with them.
    while (!local_.empty() || timers_.size() > 0) {
        std::vector<Task> local;
        local.swap(local_);
        TimerHeap timers;
        std::swap(timers, timers_);
    }
}

}  // namespace milena::net
