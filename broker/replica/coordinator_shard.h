// One shard of a coordinator in one leader epoch: the monitor around its machine, its log, and the
// replies it owes. What it promises: broker/replica/coordinator_host.h.
//
// The life of a shard: begin() replays the log on a thread that may block, then it is active until
// end(). Timers and commits run on the shard's executor, decisions on the thread of who asks.
// Replies and actions leave after the lock has been given back.
//
// Shared appends: what is decided in one turn of an executor, or while writes are under way, is
// applied at once and collected into one batch, which is written at the executor's next turn
// (append_linger < 0; > 0: after that time; 0: every decision is written alone). A decision that is
// part of a transaction, or too large to share, is written alone, before it is applied. Should the
// log refuse what was collected, the machine is ahead of it: everything owed is refused, and the
// shard reads its log again, or is over when it leads no more.
#pragma once

#include "broker/net/executor.h"
#include "broker/purgatory/waiter.h"
#include "broker/replica/coordinator_effects.h"
#include "broker/replica/coordinator_log.h"
#include "broker/replica/coordinator_timers.h"
#include "protocol/base/logger.h"

#include <algorithm>
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
    // Those on whose threads it may be asked.
    std::vector<net::Executor*> executors;
};

// Of all shards of a host, for metrics.
struct CoordinatorCounters {
    std::atomic<std::uint64_t> loads = 0;
    std::atomic<std::uint64_t> failed_loads = 0;
    std::atomic<std::uint64_t> load_nanoseconds = 0;  // in all
    std::atomic<std::uint64_t> records_loaded = 0;
    std::atomic<std::uint64_t> records_written = 0;
    std::atomic<std::uint64_t> batches_written = 0;
    std::atomic<std::uint64_t> decisions_written = 0;  // those that had records
    std::atomic<std::uint64_t> timed_out = 0;          // writes not committed in time
    std::atomic<std::int64_t> owed = 0;                // replies parked now
};

// How shards of a host write and read their logs.
struct CoordinatorLogOptions {
    Compression compression;
    Millis append_linger{-1};
    // A write that is not committed by then is answered COORDINATOR_NOT_AVAILABLE.
    Millis write_timeout{5'000};
    std::uint64_t load_bytes = 1 << 20;  // read at once
};

Error not_coordinator(std::string_view topic, PartitionIndex shard);
Error load_in_progress(std::string_view label);
Error too_many_owed(std::string_view label);
Error write_timed_out(std::string_view label, Millis after);

template <class M>
class CoordinatorShard final : public std::enable_shared_from_this<CoordinatorShard<M>> {
  public:
    using Request = typename M::Request;
    using Reply = typename M::Reply;
    using Action = typename M::Action;
    using Decision = coordinator::Decision<Reply, typename M::Change, Action>;
    using InFlight = CoordinatorWrite<M>;
    using Effects = CoordinatorEffects<M>;
    using Done = typename InFlight::Done;
    using Written = typename InFlight::Written;

    struct Options {
        typename M::Settings settings;
        CoordinatorLogOptions log;
        // Does what a machine asked for; under no lock. The epoch is the shard's leader epoch.
        std::function<void(PartitionIndex, LeaderEpoch, Action)> perform;
        std::size_t owed_max = 200'000;  // replies parked in one shard
    };

    CoordinatorShard(std::shared_ptr<Partition> partition, LeaderEpoch epoch,
                     const CoordinatorEnvironment& environment, net::Executor& executor,
                     const Options& options, CoordinatorCounters& counters)
        : environment_(environment),
          executor_(executor),
          options_(options),
          counters_(counters),
          log_(std::move(partition), epoch, options.log.compression),
          machine_(options.settings) {}

    TopicId topic_id() const { return log_.partition().name().topic_id; }
    LeaderEpoch leader_epoch() const { return log_.epoch(); }
    bool is_loading() const { return phase_.load() == Phase::loading; }

    // Shows `look` the machine, unless there is none now. Everybody waits meanwhile.
    template <class Look>
    void show_machine(Look&& look) {
        const std::lock_guard lock(mutex_);
        if (phase_.load() == Phase::active) look(std::as_const(machine_));
    }

    void begin() {
        environment_.submit_blocking([self = this->shared_from_this()] { self->load(); });
    }

    void end() {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            phase_.store(Phase::ended);
            const auto error = not_coordinator(log_.partition().name().topic, index());
            refuse_owed(error, effects);
            for (auto& write : in_flight_) effects.refuse(std::move(write), error);
            in_flight_.clear();
            drop_collected(error, effects);
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
            } else if (auto refused = write_collected(effects)) {
                effects.written.emplace_back(std::move(done), std::unexpected(*refused));
            } else if (auto outcome = log_.partition().append_marker(end, now(), log_.epoch());
                       !outcome) {
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

  private:
    enum class Phase : std::uint8_t { loading, active, failed, ended };

    // How long a timer waits whose decision the log refused.
    static constexpr Millis kRetry{500};

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
        const auto totals = log_.replay(replay, options_.log.load_bytes);
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
        if (owed_.size() >= options_.owed_max) return too_many_owed(name.label());
        return std::nullopt;
    }

    // Writes, applies, and lets the replies wait for what they rest on. The error when the log
    // refused: nothing has changed then, and `replies` have been answered with it.
    std::optional<Error> carry_out(Decision decision, Effects& effects,
                                   Verification verification = {}) {
        InFlight write;
        if (!decision.records.empty()) {
            const auto at = now();
            const auto first = write_records(decision, at, verification, write, effects);
            if (!first) {
                const auto error = coordinator_error(first.error());
                for (auto& [id, reply] : decision.replies) refuse(id, error, effects);
                return error;
            }
            ++counters_.decisions_written;
            for (std::size_t i = 0; i < decision.records.size(); ++i) {
                machine_.apply(decision.records[i],
                               {*first + static_cast<std::int64_t>(i), at.wall, decision.producer});
            }
        }
        for (const auto& change : decision.changes) machine_.apply(change);
        for (const auto& change : decision.timers) timers_.change(change);
        for (auto& [id, reply] : decision.replies) {
            if (auto done = take(id)) write.replies.emplace_back(std::move(done), std::move(reply));
        }
        write.actions = std::move(decision.actions);
        if (log_.is_collecting()) {
            collected_.add(std::move(write));
        } else {
            await_commit(std::move(write), effects);
        }
        want_timer(effects);
        return std::nullopt;
    }

    // Collects the records, or writes them now: `write` has the outcome then. The offset of the
    // first of them.
    Result<Offset> write_records(const Decision& decision, log::LogTime at,
                                 Verification verification, InFlight& write, Effects& effects) {
        const bool shares = !decision.producer && shares_append();
        if (!shares || !log_.has_room(decision.records)) {
            if (auto refused = write_collected(effects)) return std::unexpected(*refused);
        }
        if (shares && log_.has_room(decision.records)) {
            MILENA_ASSIGN(const auto first, log_.collect(decision.records, at.wall));
            if (!std::exchange(write_scheduled_, true)) {
                auto* here = asking_executor();
                effects.write_on = here == nullptr ? &executor_ : here;
            }
            return first;
        }
        MILENA_ASSIGN(write.outcome,
                      log_.append(decision.records, decision.producer, at, verification));
        count_batch(decision.records.size());
        return write.outcome.base_offset;
    }

    // The executor whose thread this is, or nullptr.
    net::Executor* asking_executor() const {
        const auto& all = environment_.executors;
        const auto found = std::ranges::find_if(
            all, [](const net::Executor* executor) { return executor->is_current(); });
        return found == all.end() ? nullptr : *found;
    }

    // Is it likely that more decisions come before the executor gets to write this one?
    bool shares_append() const {
        if (options_.log.append_linger >= Millis(0)) return options_.log.append_linger > Millis(0);
        return log_.is_collecting() || !in_flight_.empty() || asking_executor() != nullptr;
    }

    void count_batch(std::size_t records) {
        ++counters_.batches_written;
        counters_.records_written += records;
    }

    // What has been collected goes into the log. The error when the log refused it.
    std::optional<Error> write_collected(Effects& effects) {
        if (!log_.is_collecting()) return std::nullopt;
        auto write = std::exchange(collected_, {});
        const auto records = log_.records_collected();
        auto outcome = log_.write_collected(now());
        if (!outcome) {
            const auto error = coordinator_error(outcome.error());
            effects.refuse(std::move(write), error);
            start_over(outcome.error(), effects);
            return error;
        }
        count_batch(static_cast<std::size_t>(records));
        write.outcome = *outcome;
        await_commit(std::move(write), effects);
        return std::nullopt;
    }

    void drop_collected(const Error& error, Effects& effects) {
        if (!log_.is_collecting()) return;
        log_.drop_collected();
        effects.refuse(std::exchange(collected_, {}), error);
    }

    // The machine holds what its log does not. A log that takes nothing any more is the end of the
    // shard; a full disk is not.
    void start_over(const Error& why, Effects& effects) {
        const bool heals = why.io == IoCause::no_space || why.io == IoCause::too_many;
        const bool over = why.code == ErrorCode::NOT_LEADER_OR_FOLLOWER ||
                          (why.code == ErrorCode::KAFKA_STORAGE_ERROR && !heals);
        phase_.store(over ? Phase::failed : Phase::loading);
        log_warn("coordinator_starts_over", {{"partition", log_.partition().name().label()},
                                             {"reason", why.detail},
                                             {"reads_again", !over}});
        refuse_owed(coordinator_error(why), effects);
        timers_ = {};
        machine_ = M(options_.settings);
        effects.load = !over;
    }

    // What was written may be lost, and the machine has seen it: nothing it says can be trusted.
    void go_offline(const Error& why, Effects& effects) {
        drop_collected(coordinator_error(why), effects);
        start_over(why, effects);
    }

    void await_commit(InFlight write, Effects& effects) {
        const bool committed = write.outcome.wait_for == kNoOffset;
        if (committed && in_flight_.empty()) return effects.give(std::move(write));
        if (!committed) {
            write.deadline = environment_.clock.now() + options_.log.write_timeout;
            in_flight_.push_back(std::move(write));
            effects.park = effects.park || in_flight_.size() == 1;
            want_timer(effects);
            return;
        }
        // Rests on what was written before: leaves with it.
        in_flight_.back().add(std::move(write));
    }

    // When the machine's next timer fires, or the oldest write has waited too long.
    std::optional<MonoTime> next_timer() const {
        auto at = timers_.earliest();
        for (const auto& write : in_flight_) {
            if (!write.is_awaited()) continue;
            return at ? std::min(*at, write.deadline) : write.deadline;
        }
        return at;
    }

    void want_timer(Effects& effects) {
        const auto next = next_timer();
        if (!next || (armed_at_ && *armed_at_ <= *next)) return;
        armed_at_ = next;
        effects.arm = true;
    }

    void refuse_owed(const Error& error, Effects& effects) {
        for (auto& [id, done] : owed_) effects.refuse(std::move(done), error);
        counters_.owed -= static_cast<std::int64_t>(owed_.size());
        owed_.clear();
    }

    void refuse_late(MonoTime at, Effects& effects) {
        for (auto& write : in_flight_) {
            if (write.deadline > at) return;
            if (!write.is_awaited()) continue;
            ++counters_.timed_out;
            effects.refuse_awaited(
                write, coordinator_error(write_timed_out(log_.partition().name().label(),
                                                         options_.log.write_timeout)));
        }
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
        if (auto* executor = effects.write_on) {
            executor->post(
                [self = this->shared_from_this(), executor] { self->write_soon(*executor); });
        }
        if (effects.load) begin();
        for (auto& [done, reply] : effects.replies) done(std::move(reply));
        for (auto& [done, status] : effects.written) done(std::move(status));
        for (auto& action : effects.actions)
            options_.perform(index(), log_.epoch(), std::move(action));
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

    // --- On the executor of who asked first ---

    void write_soon(net::Executor& executor) {
        if (options_.log.append_linger <= Millis(0)) return write_now();
        executor.call_at(executor.now() + options_.log.append_linger,
                         [self = this->shared_from_this()] { self->write_now(); });
    }

    void write_now() {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            write_scheduled_ = false;
            (void)write_collected(effects);
        }
        release(effects);
    }

    // --- On the executor ---

    void on_commit() {
        Effects effects;
        {
            const std::lock_guard lock(mutex_);
            std::optional<Error> not_stored;
            while (!in_flight_.empty()) {
                auto& oldest = in_flight_.front();
                const auto acknowledged = log_.partition().is_acknowledged(oldest.outcome);
                if (acknowledged && !*acknowledged) break;
                if (acknowledged) {
                    effects.give(std::move(oldest));
                } else {
                    const auto& why = acknowledged.error();
                    effects.refuse(std::move(oldest), coordinator_error(why));
                    if (why.code == ErrorCode::KAFKA_STORAGE_ERROR) not_stored = why;
                }
                in_flight_.pop_front();
            }
            effects.park = !in_flight_.empty();
            if (not_stored && phase_.load() == Phase::active) go_offline(*not_stored, effects);
        }
        release(effects);
    }

    void arm_timer() {
        const std::lock_guard lock(mutex_);
        if (timer_ != net::Executor::kNoTimer) executor_.cancel(timer_);
        timer_ = net::Executor::kNoTimer;
        armed_at_ = phase_.load() == Phase::ended ? std::nullopt : next_timer();
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
            refuse_late(at, effects);
            while (phase_.load() == Phase::active) {
                const auto key = timers_.take_due(at);
                if (!key) break;
                const auto refused = carry_out(
                    with_context([&](const auto& c) { return machine_.on_timer(*key, c); }),
                    effects);
                if (refused && phase_.load() == Phase::active) timers_.change({*key, at + kRetry});
            }
        }
        effects.arm = false;
        arm_timer();
        release(effects);
    }

    const CoordinatorEnvironment& environment_;
    net::Executor& executor_;
    const Options options_;
    CoordinatorCounters& counters_;

    std::mutex mutex_;
    std::atomic<Phase> phase_ = Phase::loading;  // changed with the lock held
    CoordinatorLog log_;
    M machine_;
    std::uint64_t next_reply_ = 1;
    std::unordered_map<coordinator::ReplyId, Done> owed_;
    std::deque<InFlight> in_flight_;  // in the order of the log
    InFlight collected_;              // leaves with the batch that is being collected
    bool write_scheduled_ = false;
    CoordinatorTimers timers_;
    std::optional<MonoTime> armed_at_;  // when the executor wakes us, or is about to be told to
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;
};

}  // namespace milena::replica
