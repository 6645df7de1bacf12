// What a coordinator's shard owes to others: writes that wait for their commit with what waits for
// them, and what leaves when the shard's lock has been given back.
//
// Driven by CoordinatorShard.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/partition.h"
#include "protocol/base/error.h"

#include <functional>
#include <iterator>
#include <utility>
#include <vector>

namespace milena::replica {

// A write that is not committed yet, and what must wait for it.
template <class M>
struct CoordinatorWrite {
    using Reply = typename M::Reply;
    using Done = std::move_only_function<void(Result<Reply>)>;
    using Written = std::move_only_function<void(Status)>;

    AppendOutcome outcome;
    MonoTime deadline;  // of its replies
    std::vector<std::pair<Done, Reply>> replies;
    std::vector<typename M::Action> actions;
    std::vector<Written> written;

    bool is_awaited() const { return !replies.empty() || !written.empty(); }
    // Leaves when `other` does.
    void add(CoordinatorWrite other) {
        std::move(other.replies.begin(), other.replies.end(), std::back_inserter(replies));
        std::move(other.actions.begin(), other.actions.end(), std::back_inserter(actions));
        std::move(other.written.begin(), other.written.end(), std::back_inserter(written));
    }
};

// What leaves when the lock has been given back.
template <class M>
struct CoordinatorEffects {
    using Write = CoordinatorWrite<M>;
    using Done = typename Write::Done;
    using Written = typename Write::Written;

    std::vector<std::pair<Done, Result<typename M::Reply>>> replies;
    std::vector<typename M::Action> actions;
    std::vector<std::pair<Written, Status>> written;
    bool park = false;
    bool arm = false;
    net::Executor* write_on = nullptr;  // what was collected is to be written there
    bool load = false;

    void refuse(Done done, const Error& error) {
        replies.emplace_back(std::move(done), std::unexpected(error));
    }
    void refuse(Write write, const Error& error) { refuse_awaited(write, error); }
    // What it does when it is committed stays.
    void refuse_awaited(Write& write, const Error& error) {
        for (auto& [done, reply] : std::exchange(write.replies, {})) {
            refuse(std::move(done), error);
        }
        for (auto& done : std::exchange(write.written, {})) {
            written.emplace_back(std::move(done), std::unexpected(error));
        }
    }
    void give(Write write) {
        for (auto& [done, reply] : write.replies) {
            replies.emplace_back(std::move(done), std::move(reply));
        }
        for (auto& done : write.written) written.emplace_back(std::move(done), Status{});
        for (auto& action : write.actions) actions.push_back(std::move(action));
    }
};

}  // namespace milena::replica
