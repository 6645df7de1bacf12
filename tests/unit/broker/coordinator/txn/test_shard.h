// A shard of the transaction coordinator run by hand: every decision is committed at once, markers
// are written when the test says so, time moves when the test moves it.
#pragma once

#include "broker/coordinator/txn/machine.h"
#include "broker/coordinator/txn/records.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace milena::coordinator::txn {

class TestShard {
  public:
    explicit TestShard(std::uint64_t seed = 1, Settings settings = {})
        : settings_(settings), random_(seed), machine_(settings) {
        image.features["transaction.version"] = 2;
        perform(machine_.on_loaded(context()));
    }

    // The reply, or nothing while the request waits; then it comes with a later step.
    std::optional<Reply> ask(Request request) {
        const ReplyId id{next_reply_++};
        perform(machine_.decide(request, id, context()));
        return answer(id);
    }
    ReplyId last_reply() const { return ReplyId(next_reply_ - 1); }
    std::optional<Reply> answer(ReplyId id) const {
        const auto found = replies.find(id.value());
        return found == replies.end() ? std::nullopt : std::optional(found->second);
    }

    // As a handler does: asks again with a fresh producer id when one is needed.
    std::optional<Reply> init(std::string id, ProducerId expected = kNoProducerId,
                              ProducerEpoch epoch = kNoProducerEpoch,
                              Millis timeout = Millis(60'000)) {
        InitProducer request{std::move(id), timeout, expected, epoch, kNoProducerId};
        auto reply = ask(request);
        if (!reply || !reply->needs_producer_id) return reply;
        request.fresh_id = fresh_id();
        return ask(request);
    }
    ProducerId fresh_id() { return ProducerId(next_producer_id_++); }

    std::optional<Reply> add(std::string id, ProducerId producer, std::int16_t epoch,
                             Partitions partitions, ClientVersion version = ClientVersion::classic,
                             std::uint64_t connection = 0) {
        return ask(AddPartitions{std::move(id), producer, ProducerEpoch(epoch),
                                 std::move(partitions), version, ConnectionNumber(connection)});
    }
    std::optional<Reply> end(std::string id, ProducerId producer, std::int16_t epoch,
                             EndResult result, ClientVersion version = ClientVersion::classic,
                             std::uint64_t connection = 0) {
        EndTransaction request{std::move(id), producer, ProducerEpoch(epoch),
                               result,        version,  ConnectionNumber(connection),
                               kNoProducerId};
        auto reply = ask(request);
        if (!reply || !reply->needs_producer_id) return reply;
        request.fresh_id = fresh_id();
        return ask(request);
    }

    // As if it had been written before.
    void put(std::string_view id, const Transaction& transaction) {
        Machine::Decision decision;
        add_record(decision.records, id, transaction, true);
        perform(std::move(decision));
    }

    // The markers of all orders so far are in the logs.
    void write_markers() {
        for (auto& order : std::exchange(orders, {})) {
            written.push_back(order);
            ask(MarkersWritten{order.transactional_id, order.token});
        }
    }
    // Fires every timer that is due when `time` has passed.
    void pass(Millis time) {
        now_ += time;
        wall_ = wall_ + time.count();
        for (;;) {
            const auto due = std::find_if(timers.begin(), timers.end(),
                                          [&](const auto& timer) { return timer.second <= now_; });
            if (due == timers.end()) return;
            const auto key = due->first;
            timers.erase(due);
            perform(machine_.on_timer(key, context()));
        }
    }

    // Another coordinator takes over: it knows the log alone.
    void fail_over() {
        machine_ = Machine(settings_);
        timers.clear();
        orders.clear();
        replay(machine_);
        perform(machine_.on_loaded(context()));
    }
    // What a cleaner leaves that has come as far as `end`: before it the last record of every key,
    // where it stood.
    void compact(std::size_t end = std::numeric_limits<std::size_t>::max()) {
        end = std::min(end, log.size());
        std::set<std::vector<std::uint8_t>> later;
        std::vector<Record> kept(log.begin() + static_cast<std::ptrdiff_t>(end), log.end());
        for (std::size_t i = end; i-- > 0;) {
            if (later.insert(log[i].first).second && log[i].second) {
                kept.insert(kept.begin(), std::move(log[i]));
            }
        }
        log = std::move(kept);
    }
    // The transactions as another coordinator would know them.
    std::map<std::string, Transaction, std::less<>> fold() const {
        Machine other(settings_);
        replay(other);
        return other.state().transactions;
    }

    const State& state() const { return machine_.state(); }
    const Transaction& transaction(std::string_view id) const {
        const auto* found = state().find(id);
        EXPECT_NE(found, nullptr) << id;
        return *found;
    }
    TimestampMs wall() const { return wall_; }

    using Record = std::pair<std::vector<std::uint8_t>, std::optional<std::vector<std::uint8_t>>>;
    metadata::Image image;
    std::vector<Record> log;
    std::vector<WriteMarkers> orders;   // not carried out yet
    std::vector<WriteMarkers> written;  // carried out
    std::map<TimerKey, MonoTime> timers;
    std::map<std::uint64_t, Reply> replies;

  private:
    DecideContext context() { return {image, now_, wall_, random_}; }

    void replay(Machine& into) const {
        for (const auto& [key, value] : log) {
            into.apply({key, value ? std::optional<ByteView>(*value) : std::nullopt}, {});
        }
    }

    void perform(Machine::Decision decision) {
        for (std::size_t i = 0; i < decision.records.size(); ++i) {
            const auto record = decision.records[i];
            Record kept{{record.key.begin(), record.key.end()}, std::nullopt};
            if (record.value) kept.second.emplace(record.value->begin(), record.value->end());
            log.push_back(std::move(kept));
            machine_.apply(record, RecordOrigin{});
        }
        for (const auto& change : decision.changes) machine_.apply(change);
        for (auto& timer : decision.timers) {
            timers.erase(timer.key);
            if (timer.at) timers.emplace(timer.key, *timer.at);
        }
        for (auto& [id, reply] : decision.replies) {
            EXPECT_TRUE(replies.emplace(id.value(), std::move(reply)).second)
                << "answered twice: " << id.value();
        }
        for (auto& action : decision.actions) orders.push_back(std::move(action));
        const auto broken = check_invariants(machine_.state());
        EXPECT_FALSE(broken) << *broken;
    }

    Settings settings_;
    SeededRandom random_;
    Machine machine_;
    std::uint64_t next_reply_ = 1;
    std::int64_t next_producer_id_ = 1000;
    MonoTime now_{};
    TimestampMs wall_{1'700'000'000'000};
};

inline Partitions parts(std::string_view topic, std::initializer_list<int> indexes) {
    Partitions partitions;
    for (const int index : indexes) add_partition(partitions, topic, PartitionIndex(index));
    return partitions;
}

}  // namespace milena::coordinator::txn
