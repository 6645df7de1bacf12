#include "broker/quorum/producer_ids.h"

#include "replication/metadata/controller.h"

#include <optional>
#include <utility>
#include <vector>

namespace milena::quorum {
namespace {

constexpr std::size_t kMaxWaiting = 10'000;
// When this many are left, the next block is asked for.
constexpr std::int64_t kLow = metadata::kProducerIdBlock / 10;

Error not_now(std::string why) {
    return {ErrorCode::COORDINATOR_LOAD_IN_PROGRESS, "no producer id now: " + std::move(why)};
}

}  // namespace

void ProducerIds::next(net::Executor& executor, Completion done) {
    std::optional<Result<ProducerId>> answer;
    bool ask = false;
    {
        const std::lock_guard lock(mutex_);
        if (ProducerId id; take(id)) {
            answer = id;
        } else if (waiting_.size() >= kMaxWaiting) {
            answer = std::unexpected(not_now("too many producers wait for one; retry"));
        } else {
            waiting_.push_back({&executor, std::move(done)});
        }
        ask = must_ask();
    }
    if (answer) {
        executor.post([done = std::move(done), answer = std::move(*answer)]() mutable {
            done(std::move(answer));
        });
    }
    if (ask) ask_for_block();
}

bool ProducerIds::take(ProducerId& id) {
    if (left_ == 0) {
        next_ = reserve_;
        left_ = std::exchange(reserve_left_, 0);
    }
    if (left_ == 0) return false;
    id = next_;
    ++next_;
    --left_;
    return true;
}

bool ProducerIds::must_ask() {
    if (asking_ || reserve_left_ > 0 || left_ > kLow) return false;
    asking_ = true;
    return true;
}

void ProducerIds::ask_for_block() {
    controller_.submit<metadata::AllocateProducerIds>(
        {.broker = broker_, .broker_epoch = epoch_},
        [this](Result<metadata::AllocateProducerIds::Reply> reply) { on_block(std::move(reply)); });
}

void ProducerIds::on_block(Result<metadata::AllocateProducerIds::Reply> reply) {
    std::optional<Error> error;
    if (!reply) {
        error = not_now(reply.error().detail);
    } else if (reply->error.code != ErrorCode::NONE) {
        error = not_now(reply->error.detail);
    }
    std::vector<std::pair<Waiter, Result<ProducerId>>> answers;
    bool ask = false;
    {
        const std::lock_guard lock(mutex_);
        asking_ = false;
        if (!error) {
            reserve_ = reply->first;
            reserve_left_ = reply->count;
        }
        while (!waiting_.empty()) {
            ProducerId id;
            if (!error && !take(id)) break;
            answers.emplace_back(std::move(waiting_.front()),
                                 error ? Result<ProducerId>(std::unexpected(*error)) : id);
            waiting_.pop_front();
        }
        // After a failure the next caller asks again.
        ask = !error && must_ask();
    }
    for (auto& [waiter, answer] : answers) {
        waiter.executor->post([done = std::move(waiter.done),
                               answer = std::move(answer)]() mutable { done(std::move(answer)); });
    }
    if (ask) ask_for_block();
}

}  // namespace milena::quorum
