// A shard of the group coordinator run by hand: every decision is committed at once, time moves
// when the test moves it, every record is kept as the log would.
#pragma once

#include "broker/coordinator/group/machine.h"
#include "broker/coordinator/group/timers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace milena::coordinator::group {

class TestShard {
  public:
    struct Entry {
        Blob key;
        std::optional<Blob> value;
        RecordOrigin origin;
        std::optional<std::pair<ProducerId, ControlType>> marker;  // then there is no record
    };

    explicit TestShard(Settings settings = {}, std::uint64_t seed = 1)
        : settings(std::move(settings)), random_(seed), machine_(this->settings) {
        perform(machine_.on_loaded(context()));
    }

    // Names the reply that is owed; `answer` has it when it came.
    ReplyId ask(const Request& request) {
        const ReplyId id{next_reply_++};
        perform(machine_.decide(request, id, context()));
        return id;
    }
    // Of a request that is answered at once.
    template <class R>
    typename R::Reply now(const R& request) {
        const auto id = ask(request);
        const auto* reply = answer<R>(id);
        EXPECT_NE(reply, nullptr) << "not answered at once";
        return reply == nullptr ? typename R::Reply{} : *reply;
    }
    template <class R>
    const typename R::Reply* answer(ReplyId id) const {
        const auto found = replies.find(id.value());
        if (found == replies.end()) return nullptr;
        const auto* reply = std::get_if<typename R::Reply>(&found->second);
        EXPECT_NE(reply, nullptr) << "the reply of another verb";
        return reply;
    }

    // Fires every timer that is due before `time` has passed, in their order.
    void pass(Millis time) {
        const auto end = now_ + time;
        for (;;) {
            const auto next =
                std::min_element(timers.begin(), timers.end(),
                                 [](const auto& a, const auto& b) { return a.second < b.second; });
            if (next == timers.end() || next->second > end) break;
            move_to(std::max(next->second, now_));
            const auto key = next->first;
            timers.erase(next);
            perform(machine_.on_timer(key, context()));
        }
        move_to(end);
    }

    void end_transaction(ProducerId producer, ControlType type) {
        log.push_back({{}, std::nullopt, {}, std::pair(producer, type)});
        machine_.apply_marker(producer, ProducerEpoch(0), {type, 0});
        check();
    }

    // The state that somebody who knows the log alone comes to.
    Machine replay() const { return replay(log); }
    Machine replay(const std::vector<Entry>& entries) const {
        Machine machine(settings);
        for (const auto& entry : entries) {
            if (entry.marker) {
                machine.apply_marker(entry.marker->first, ProducerEpoch(0),
                                     {entry.marker->second, 0});
                continue;
            }
            const auto value = entry.value ? std::optional<ByteView>(*entry.value) : std::nullopt;
            machine.apply(KeyedRecord{entry.key, value}, entry.origin);
        }
        return machine;
    }
    // Another coordinator takes over: whoever waited is told to look for it.
    void fail_over() {
        machine_ = replay();
        timers.clear();
        open.clear();
        perform(machine_.on_loaded(context()));
    }

    const State& state() const { return machine_.state(); }
    Machine& machine() { return machine_; }
    const ClassicGroup& classic(std::string_view id) const {
        static const ClassicGroup kNone;
        const auto* found = state().classic(id);
        EXPECT_NE(found, nullptr) << "no group " << id;
        return found == nullptr ? kNone : *found;
    }
    MonoTime mono() const { return now_; }
    TimestampMs wall() const { return wall_; }
    Random& random() { return random_; }

    Settings settings;
    metadata::Image image;
    std::vector<Entry> log;
    std::map<TimerKey, MonoTime> timers;
    std::map<std::uint64_t, Reply> replies;
    // Replies that came, in their order, since somebody cleared it.
    std::vector<ReplyId> answered;
    std::map<std::uint64_t, bool> open;  // owed

  private:
    DecideContext context() { return {image, now_, wall_, random_}; }

    void move_to(MonoTime time) {
        wall_ = wall_ + std::chrono::duration_cast<Millis>(time - now_).count();
        now_ = time;
    }

    void perform(Decision decision) {
        for (std::size_t i = 0; i < decision.records.size(); ++i) {
            const auto record = decision.records[i];
            RecordOrigin origin;
            origin.offset = Offset(next_offset_++);
            origin.timestamp = wall_;
            origin.producer = decision.producer;
            Entry entry{{record.key.begin(), record.key.end()}, std::nullopt, origin, std::nullopt};
            if (record.value) entry.value.emplace(record.value->begin(), record.value->end());
            machine_.apply(record, origin);
            log.push_back(std::move(entry));
        }
        for (const auto& change : decision.changes) machine_.apply(change);
        for (auto& timer : decision.timers) {
            timers.erase(timer.key);
            if (timer.at) timers.emplace(timer.key, *timer.at);
        }
        for (auto& [id, reply] : decision.replies) {
            EXPECT_TRUE(replies.emplace(id.value(), std::move(reply)).second)
                << "answered twice: " << id.value();
            answered.push_back(id);
        }
        check();
    }

    void check() const {
        const char* broken = machine_.state().check_invariants();
        EXPECT_EQ(broken, nullptr) << broken;
    }

    SeededRandom random_;
    Machine machine_;
    std::uint64_t next_reply_ = 1;
    std::int64_t next_offset_ = 0;
    MonoTime now_{};
    TimestampMs wall_{1'700'000'000'000};
};

}  // namespace milena::coordinator::group
