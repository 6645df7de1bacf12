#include "broker/coordinator/txn/machine.h"

#include "broker/coordinator/txn/records.h"
#include "broker/coordinator/txn/transitions.h"

#include <algorithm>

namespace milena::coordinator::txn {
namespace {

// Timers: one that looks for transactions that take too long, one that looks for ids that nobody
// uses, and one for the requests that wait for an id, "wait/<id>".
constexpr std::string_view kAbortTimer = "abort";
constexpr std::string_view kExpireTimer = "expire";
constexpr std::string_view kWaitTimer = "wait/";

// Of one timer: the rest follows at once, in another batch.
constexpr std::size_t kMostPerBatch = 500;
// Requests that wait for one id; more get their answer at once.
constexpr std::size_t kMostWaiting = 64;

std::string wait_timer(std::string_view transactional_id) {
    return std::string(kWaitTimer).append(transactional_id);
}

// Makes one decision out of steps.
class Decider {
  public:
    Decider(const State& state, const Settings& settings, const DecideContext& context)
        : state_(state),
          settings_(settings),
          context_(context),
          flexible_(context.image.feature_level("transaction.version") >= 1) {}

    Machine::Decision take() { return std::move(out_); }

    template <class R>
        requires requires(const R& r) { step(nullptr, r, std::declval<const StepContext&>()); }
    void decide(const R& request, ReplyId reply) {
        const auto* current = state_.find(request.transactional_id);
        auto result = step(current, request, steps());
        if (result.next) change(request.transactional_id, current, *result.next);
        if (result.must_wait && may_wait(request.transactional_id)) {
            wait(request.transactional_id, {reply, request});
        } else {
            out_.replies.emplace_back(reply, std::move(result.reply));
        }
    }

    void decide(const VerifyPartitions& request, ReplyId reply) {
        out_.replies.emplace_back(reply, verify(state_.find(request.transactional_id), request));
    }

    void decide(const MarkersWritten& request, ReplyId reply) {
        out_.replies.emplace_back(reply, Reply{});
        const auto* current = state_.find(request.transactional_id);
        const bool is_last_order =
            current != nullptr && current->is_ending() && current->soft.token == request.token;
        if (!is_last_order) return;
        auto now = completed(*current, context_.wall_now);
        change(request.transactional_id, current, now);
        go_on_with_waiting(request.transactional_id, std::move(now));
    }

    void decide(const DescribeTransaction& request, ReplyId reply) {
        const auto* current = state_.find(request.transactional_id);
        Reply answer;
        if (current == nullptr) {
            answer.error = ErrorCode::TRANSACTIONAL_ID_NOT_FOUND;
        } else {
            answer.transactions.push_back(describe(request.transactional_id, *current));
            answer.transactions.back().partitions = current->partitions;
        }
        out_.replies.emplace_back(reply, std::move(answer));
    }

    void decide(const ListTransactions&, ReplyId reply) {
        Reply answer;
        for (const auto& [id, transaction] : state_.transactions) {
            if (transaction.status == Status::dead) continue;
            answer.transactions.push_back(describe(id, transaction));
        }
        out_.replies.emplace_back(reply, std::move(answer));
    }

    void abort_timed_out() {
        std::size_t count = 0;
        for (const auto& [id, transaction] : state_.transactions) {
            if (transaction.status != Status::ongoing) continue;
            if (transaction.start + transaction.timeout.count() >= context_.wall_now) continue;
            if (++count > kMostPerBatch) break;
            change(id, &transaction, fence_and_abort(transaction, steps()));
        }
        const bool more = count > kMostPerBatch;
        set_timer(std::string(kAbortTimer), more ? Millis(0) : settings_.abort_interval);
    }

    void remove_unused() {
        std::size_t count = 0;
        for (const auto& [id, transaction] : state_.transactions) {
            if (!transaction.is_idle()) continue;
            const auto expires = transaction.last_update + settings_.expiration.count();
            if (expires > context_.wall_now) continue;
            if (++count > kMostPerBatch) break;
            add_tombstone(out_.records, id);
        }
        const bool more = count > kMostPerBatch;
        set_timer(std::string(kExpireTimer), more ? Millis(0) : settings_.expiration_interval);
    }

    void stop_waiting(const std::string& transactional_id) {
        const auto found = state_.waiting.find(transactional_id);
        if (found == state_.waiting.end()) return;
        for (const auto& who : found->second) {
            out_.replies.emplace_back(who.reply, refusal(ErrorCode::CONCURRENT_TRANSACTIONS));
        }
        out_.changes.emplace_back(StopWaiting{transactional_id});
    }

    void begin() {
        for (const auto& [id, transaction] : state_.transactions) {
            if (!transaction.is_ending()) continue;
            auto again = transaction;
            again.soft.token = MarkerToken(context_.random.next() | 1);
            out_.changes.emplace_back(SetSoft{id, again.soft});
            out_.actions.push_back(markers_for(id, again));
        }
        set_timer(std::string(kAbortTimer), settings_.abort_interval);
        set_timer(std::string(kExpireTimer), settings_.expiration_interval);
    }

  private:
    StepContext steps() const { return {settings_, context_.wall_now, context_.random}; }

    static bool same_record(const Transaction& a, Transaction b) {
        b.soft = a.soft;
        return a == b;
    }

    // Writes down what the id is from now on, and has the markers written when it is being ended.
    void change(const std::string& id, const Transaction* before, const Transaction& after) {
        if (before == nullptr || !same_record(*before, after)) {
            add_record(out_.records, id, after, flexible_);
        }
        out_.changes.emplace_back(SetSoft{id, after.soft});
        const bool was_ending = before != nullptr && before->is_ending();
        if (after.is_ending() && !was_ending) out_.actions.push_back(markers_for(id, after));
    }

    bool may_wait(const std::string& id) const {
        const auto found = state_.waiting.find(id);
        return settings_.wait > Millis(0) &&
               (found == state_.waiting.end() || found->second.size() < kMostWaiting);
    }

    void wait(const std::string& id, Waiting who) {
        // The timer counts for the first of them, so nobody waits longer than that.
        if (!state_.waiting.contains(id)) set_timer(wait_timer(id), settings_.wait);
        out_.changes.emplace_back(Wait{id, std::move(who)});
    }

    // Those who waited for the end of a transaction of `id`, in their order, now that it is `now`.
    void go_on_with_waiting(const std::string& id, Transaction now) {
        const auto found = state_.waiting.find(id);
        if (found == state_.waiting.end()) return;
        out_.changes.emplace_back(StopWaiting{id});
        bool wait_again = false;
        for (const auto& who : found->second) {
            const auto go_on = [&](const auto& request) {
                if constexpr (requires { step(&now, request, steps()); }) {
                    auto result = step(&now, request, steps());
                    if (result.next) {
                        change(id, &now, *result.next);
                        now = std::move(*result.next);
                    }
                    if (result.must_wait && settings_.wait > Millis(0)) {
                        out_.changes.emplace_back(Wait{id, who});
                        wait_again = true;
                    } else {
                        out_.replies.emplace_back(who.reply, std::move(result.reply));
                    }
                }
            };
            std::visit(go_on, who.request);
        }
        if (wait_again) {
            set_timer(wait_timer(id), settings_.wait);
        } else {
            out_.timers.push_back({wait_timer(id), std::nullopt});
        }
    }

    void set_timer(TimerKey key, Millis delay) {
        out_.timers.push_back({std::move(key), context_.now + delay});
    }

    static Description describe(const std::string& id, const Transaction& transaction) {
        return {.transactional_id = id,
                .status = status_name(transaction.status),
                .timeout = transaction.timeout,
                .start = transaction.start,
                .producer_id = transaction.producer_id,
                .producer_epoch = transaction.producer_epoch,
                .partitions = {}};
    }

    const State& state_;
    const Settings& settings_;
    const DecideContext& context_;
    const bool flexible_;
    Machine::Decision out_;
};

}  // namespace

Machine::Decision Machine::decide(const Request& request, ReplyId reply,
                                  const DecideContext& context) const {
    Decider decider(state_, settings_, context);
    std::visit([&](const auto& asked) { decider.decide(asked, reply); }, request);
    return decider.take();
}

Machine::Decision Machine::on_timer(const TimerKey& key, const DecideContext& context) const {
    Decider decider(state_, settings_, context);
    if (key == kAbortTimer) {
        decider.abort_timed_out();
    } else if (key == kExpireTimer) {
        decider.remove_unused();
    } else if (key.starts_with(kWaitTimer)) {
        decider.stop_waiting(key.substr(kWaitTimer.size()));
    }
    return decider.take();
}

Machine::Decision Machine::on_loaded(const DecideContext& context) const {
    Decider decider(state_, settings_, context);
    decider.begin();
    return decider.take();
}

void Machine::apply(const KeyedRecord& record, const RecordOrigin&) {
    auto read = read_record(record);
    if (!read) return;
    if (read->transaction) {
        state_.transactions.insert_or_assign(std::move(read->transactional_id),
                                             std::move(*read->transaction));
    } else {
        state_.transactions.erase(read->transactional_id);
    }
}

void Machine::apply(const Change& change) {
    if (const auto* set = std::get_if<SetSoft>(&change)) {
        const auto found = state_.transactions.find(set->transactional_id);
        if (found != state_.transactions.end()) found->second.soft = set->soft;
    } else if (const auto* wait = std::get_if<Wait>(&change)) {
        state_.waiting[wait->transactional_id].push_back(wait->who);
    } else {
        state_.waiting.erase(std::get<StopWaiting>(change).transactional_id);
    }
}

Machine::Reply Machine::refused(const Request&, ErrorCode error) {
    return refusal(error);
}

}  // namespace milena::coordinator::txn
