// One shard of a coordinator in one leader epoch: the monitor around its machine, its log, and the
// replies it owes. What it promises: broker/replica/coordinator_host.h.
//
// The life of a shard: begin() replays the log on a thread that may block, then it is active until
// end(). Timers and commits run on the shard's executor, decisions on the thread of who asks.
// Replies and actions leave after the lock has been given back.
#pragma once

#include "broker/net/executor.h"
#include "broker/purgatory/waiter.h"
#include "broker/replica/coordinator_log.h"
#include "broker/replica/coordinator_timers.h"
#include "protocol/base/logger.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace milena::replica {

// What shards need of the node they live on.
struct CoordinatorEnvironment {
    const Clock& clock;
    Random& random;  // safe to use from several threads
    std::function<metadata::ImagePtr()> image;
    // Runs a task on a thread that may block.
    std::function<void(net::Task)> submit_blocking;
};

// Of all shards of a host, for metrics.
struct CoordinatorCounters {
    std::atomic<std::uint64_t> loads = 0;
    std::atomic<std::uint64_t> failed_loads = 0;
    std::atomic<std::uint64_t> load_nanoseconds = 0;  // in all
    std::atomic<std::uint64_t> records_loaded = 0;
    std::atomic<std::uint64_t> records_written = 0;
    std::atomic<std::uint64_t> batches_written = 0;
    std::atomic<std::int64_t> owed = 0;  // replies parked now
};

Error not_coordinator(std::string_view topic, PartitionIndex shard);
Error load_in_progress(std::string_view label);
Error too_many_owed(std::string_view label);

template <class M>
class CoordinatorShard final : public std::enable_shared_from_this<CoordinatorShard<M>> {
  public:
    using Request = typename M::Request;
    using Reply = typename M::Reply;
    using Action = typename M::Action;
    using Decision = coordinator::Decision<Reply, typename M::Change, Action>;
    using Done = std::move_only_function<void(Result<Reply>)>;
    using Written = std::move_only_function<void(Status)>;

    struct Options {
        typename M::Settings settings;
        Compression compression;
        // Does what a machine asked for; under no lock. The epoch is the shard's leader epoch.
        std::function<void(PartitionIndex, LeaderEpoch, Action)> perform;
        std::size_t owed_max = 200'000;  // replies parked in one shard
    };

    CoordinatorShard(std::shared_ptr<Partition> partition, LeaderEpoch epoch,
                     const CoordinatorEnvironment& environment, net::Executor& executor,
                     const Options& options, CoordinatorCounters& counters)
        : epoch_(epoch),
          environment_(environment),
          executor_(executor),
          perform_(options.perform),
          owed_max_(options.owed_max),
          counters_(counters),
          log_(std::move(partition), options.compression),
          settings_(options.settings),
          machine_(options.settings) {}

    TopicId topic_id() const { return log_.partition().name().topic_id; }
    LeaderEpoch leader_epoch() const { return epoch_; }

    void begin() {
        environment_.submit_blocking([self = this->shared_from_this()] { self->load(); });
    }

    void end() {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            phase_.store(Phase::ended);
            const auto error = not_coordinator(log_.partition().name().topic, index());
            for (auto& [id, done] : owed_) effects.refuse(std::move(done), error);
            counters_.owed -= static_cast<std::int64_t>(owed_.size());
            owed_.clear();
            for (auto& write : in_flight_) effects.refuse(std::move(write), error);
            in_flight_.clear();
        }
        executor_.post([self = this->shared_from_this()] { self->cancel_timer(); });
        release(effects);
    }

    // `verification`: of the transaction that the records will be part of, see Partition::append.
    void submit(Request request, Done done, Verification verification = {}) {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            if (auto error = refusal()) {
                effects.refuse(std::move(done), *error);
            } else {
                const coordinator::ReplyId id(next_reply_++);
                owed_.emplace(id, std::move(done));
                ++counters_.owed;
                auto failed = carry_out(
                    with_context([&](const auto& c) { return machine_.decide(request, id, c); }),
                    effects, verification);
                if (failed) refuse(id, *failed, effects);
            }
        }
        release(effects);
    }

    void end_transaction(const log::TransactionEnd& end, Written done) {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            if (auto error = refusal()) {
                effects.written.emplace_back(std::move(done), std::unexpected(*error));
            } else if (auto outcome = log_.partition().append_marker(end, now()); !outcome) {
                effects.written.emplace_back(std::move(done), std::unexpected(outcome.error()));
            } else {
                machine_.apply_marker(end.producer_id, end.producer_epoch, end.marker);
                InFlight write;
                write.outcome = *outcome;
                write.written.push_back(std::move(done));
                await_commit(std::move(write), effects);
            }
        }
        release(effects);
    }

    void update_settings(const typename M::Settings& settings) {
        const std::lock_guard lock(mutex_);
        settings_ = settings;
        // While it loads, the machine belongs to the thread that replays.
        if (phase_.load() == Phase::active) machine_.update_settings(settings_);
    }

  private:
    enum class Phase : std::uint8_t { loading, active, failed, ended };

    // How long a timer waits whose decision the log refused.
    static constexpr Millis kRetry{500};

    // A write that is not committed yet, and what must wait for it.
    struct InFlight {
        AppendOutcome outcome;
        std::vector<std::pair<Done, Reply>> replies;
        std::vector<Action> actions;
        std::vector<Written> written;
    };

    // What leaves when the lock has been given back.
    struct Effects {
        std::vector<std::pair<Done, Result<Reply>>> replies;
        std::vector<Action> actions;
        std::vector<std::pair<Written, Status>> written;
        bool park = false;
        bool arm = false;

        void refuse(Done done, const Error& error) {
            replies.emplace_back(std::move(done), std::unexpected(error));
        }
        void refuse(InFlight write, const Error& error) {
            for (auto& [done, reply] : write.replies) refuse(std::move(done), error);
            for (auto& done : write.written) {
                written.emplace_back(std::move(done), std::unexpected(error));
            }
        }
        void give(InFlight write) {
            for (auto& [done, reply] : write.replies) {
                replies.emplace_back(std::move(done), std::move(reply));
            }
            for (auto& done : write.written) written.emplace_back(std::move(done), Status{});
            for (auto& action : write.actions) actions.push_back(std::move(action));
        }
    };

    // Woken when the oldest write in flight is committed, or cannot be any more.
    class CommitWaiter final : public Waiter {
      public:
        CommitWaiter(net::Executor& executor, std::shared_ptr<CoordinatorShard> shard)
            : Waiter(executor), shard_(std::move(shard)) {}

      private:
        bool ready() override { return true; }
        void answer(bool) override { shard_->on_commit(); }

        std::shared_ptr<CoordinatorShard> shard_;
    };

    class Replay final : public ReplaySink {
      public:
        explicit Replay(CoordinatorShard& shard) : shard_(shard) {}
        void on_record(const coordinator::KeyedRecord& record,
                       const coordinator::RecordOrigin& origin) override {
            shard_.machine_.apply(record, origin);
        }
        void on_marker(const coordinator::TransactionalProducer& producer,
                       const TransactionMarker& marker) override {
            shard_.machine_.apply_marker(producer.id, producer.epoch, marker);
        }
        bool wanted() const override { return shard_.phase_.load() == Phase::loading; }

      private:
        CoordinatorShard& shard_;
    };

    PartitionIndex index() const { return log_.partition().name().index; }
    log::LogTime now() const { return {environment_.clock.wall_now(), environment_.clock.now()}; }

    template <class Decide>
    Decision with_context(Decide&& decide) {
        const auto image = environment_.image();
        const auto at = now();
        return decide(coordinator::DecideContext{*image, at.mono, at.wall, environment_.random});
    }

    // On a thread that may block.
    void load() {
        const auto began = environment_.clock.now();
        Replay replay(*this);
        const auto totals = log_.replay(replay);
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            if (phase_.load() != Phase::loading) return;
            if (!totals) {
                phase_.store(Phase::failed);
                ++counters_.failed_loads;
                log_error("coordinator_not_loaded", {{"partition", log_.partition().name().label()},
                                                     {"reason", totals.error().detail}});
                return;
            }
            phase_.store(Phase::active);
            machine_.update_settings(settings_);
            ++counters_.loads;
            counters_.records_loaded += totals->records;
            counters_.load_nanoseconds +=
                static_cast<std::uint64_t>((environment_.clock.now() - began).count());
            (void)carry_out(with_context([&](const auto& c) { return machine_.on_loaded(c); }),
                            effects);
        }
        release(effects);
    }

    // --- With the lock held ---

    std::optional<Error> refusal() const {
        const auto& name = log_.partition().name();
        switch (phase_.load()) {
            case Phase::loading:
                return load_in_progress(name.label());
            case Phase::failed:
            case Phase::ended:
                return not_coordinator(name.topic, name.index);
            case Phase::active:
                break;
        }
        if (owed_.size() >= owed_max_) return too_many_owed(name.label());
        return std::nullopt;
    }

    // Writes, applies, and lets the replies wait for what they rest on. The error when the log
    // refused: nothing has changed then, and `replies` have been answered with it.
    std::optional<Error> carry_out(Decision decision, Effects& effects,
                                   Verification verification = {}) {
        InFlight write;
        if (!decision.records.empty()) {
            const auto at = now();
            auto outcome = log_.append(decision.records, decision.producer, at, verification);
            if (!outcome) {
                const auto error = coordinator_error(outcome.error());
                for (auto& [id, reply] : decision.replies) refuse(id, error, effects);
                return error;
            }
            write.outcome = *outcome;
            ++counters_.batches_written;
            counters_.records_written += decision.records.size();
            for (std::size_t i = 0; i < decision.records.size(); ++i) {
                machine_.apply(decision.records[i],
                               {outcome->base_offset + static_cast<std::int64_t>(i), at.wall,
                                decision.producer});
            }
        }
        for (const auto& change : decision.changes) machine_.apply(change);
        for (const auto& change : decision.timers) timers_.change(change);
        const auto earliest = timers_.earliest();
        if (earliest && (!armed_at_ || *earliest < *armed_at_)) {
            armed_at_ = *earliest;
            effects.arm = true;
        }
        for (auto& [id, reply] : decision.replies) {
            if (auto done = take(id)) write.replies.emplace_back(std::move(done), std::move(reply));
        }
        write.actions = std::move(decision.actions);
        await_commit(std::move(write), effects);
        return std::nullopt;
    }

    void await_commit(InFlight write, Effects& effects) {
        const bool committed = write.outcome.wait_for == kNoOffset;
        if (committed && in_flight_.empty()) return effects.give(std::move(write));
        if (!committed) {
            in_flight_.push_back(std::move(write));
            effects.park = effects.park || in_flight_.size() == 1;
            return;
        }
        // Rests on what was written before: leaves with it.
        auto& last = in_flight_.back();
        std::move(write.replies.begin(), write.replies.end(), std::back_inserter(last.replies));
        std::move(write.actions.begin(), write.actions.end(), std::back_inserter(last.actions));
        std::move(write.written.begin(), write.written.end(), std::back_inserter(last.written));
    }

    Done take(coordinator::ReplyId id) {
        const auto found = owed_.find(id);
        if (found == owed_.end()) return nullptr;
        auto done = std::move(found->second);
        owed_.erase(found);
        --counters_.owed;
        return done;
    }

    void refuse(coordinator::ReplyId id, const Error& error, Effects& effects) {
        if (auto done = take(id)) effects.refuse(std::move(done), error);
    }

    // --- Under no lock ---

    void release(Effects& effects) {
        if (effects.park) park();
        if (effects.arm) {
            executor_.post([self = this->shared_from_this()] { self->arm_timer(); });
        }
        for (auto& [done, reply] : effects.replies) done(std::move(reply));
        for (auto& [done, status] : effects.written) done(std::move(status));
        for (auto& action : effects.actions) perform_(index(), epoch_, std::move(action));
    }

    // The partition wakes it, at once when the write has been settled meanwhile.
    void park() {
        std::optional<AppendOutcome> oldest;
        {
            const std::lock_guard lock(mutex_);
            if (!in_flight_.empty()) oldest = in_flight_.front().outcome;
        }
        if (!oldest) return;
        log_.partition().park_producer(
            *oldest, std::make_shared<CommitWaiter>(executor_, this->shared_from_this()));
    }

    // --- On the executor ---

    void on_commit() {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            while (!in_flight_.empty()) {
                auto& oldest = in_flight_.front();
                const auto acknowledged = log_.partition().is_acknowledged(oldest.outcome);
                if (acknowledged && !*acknowledged) break;
                if (acknowledged) {
                    effects.give(std::move(oldest));
                } else {
                    effects.refuse(std::move(oldest), coordinator_error(acknowledged.error()));
                }
                in_flight_.pop_front();
            }
            effects.park = !in_flight_.empty();
        }
        release(effects);
    }

    void arm_timer() {
        const std::lock_guard lock(mutex_);
        if (timer_ != net::Executor::kNoTimer) executor_.cancel(timer_);
        timer_ = net::Executor::kNoTimer;
        armed_at_ = phase_.load() == Phase::active ? timers_.earliest() : std::nullopt;
        if (!armed_at_) return;
        timer_ =
            executor_.call_at(*armed_at_, [self = this->shared_from_this()] { self->on_timer(); });
    }

    void cancel_timer() { arm_timer(); }

    void on_timer() {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            timer_ = net::Executor::kNoTimer;
            const auto at = environment_.clock.now();
            while (phase_.load() == Phase::active) {
                const auto key = timers_.take_due(at);
                if (!key) break;
                const auto refused = carry_out(
                    with_context([&](const auto& c) { return machine_.on_timer(*key, c); }),
                    effects);
                if (refused) timers_.change({*key, at + kRetry});
            }
        }
        effects.arm = false;
        arm_timer();
        release(effects);
    }

    const LeaderEpoch epoch_;
    const CoordinatorEnvironment& environment_;
    net::Executor& executor_;
    const std::function<void(PartitionIndex, LeaderEpoch, Action)> perform_;
    const std::size_t owed_max_;
    CoordinatorCounters& counters_;

    std::mutex mutex_;
    std::atomic<Phase> phase_ = Phase::loading;  // changed with the lock held
    CoordinatorLog log_;
    typename M::Settings settings_;
    M machine_;
    std::uint64_t next_reply_ = 1;
    std::unordered_map<coordinator::ReplyId, Done> owed_;
    std::deque<InFlight> in_flight_;  // in the order of the log
    CoordinatorTimers timers_;
    std::optional<MonoTime> armed_at_;  // when the executor wakes us, or is about to be told to
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;
};

}  // namespace milena::replica
