// The smallest machine that a coordinator host can run: named counters, kept in a log. It can owe
// replies, set timers and order actions.
#pragma once

#include "broker/coordinator/decision.h"
#include "protocol/base/error.h"
#include "protocol/record/control_record.h"

#include <map>
#include <string>
#include <vector>

namespace milena::replica {

inline std::string as_string(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

struct CounterRequest {
    enum class Kind { add, get, wait, release, fire_later, act } kind = Kind::add;
    std::string name;
};

struct CounterMachine {
    using Request = CounterRequest;
    using Reply = int;
    struct Change {
        std::optional<coordinator::ReplyId> waits;  // absent: all have been released
    };
    using Action = std::string;
    struct Settings {
        int step = 1;
    };
    using Decision = coordinator::Decision<Reply, Change, Action>;

    explicit CounterMachine(const Settings& from) : settings(from) {}

    Decision decide(const Request& request, coordinator::ReplyId id,
                    const coordinator::DecideContext& context) const {
        Decision decision;
        switch (request.kind) {
            case Request::Kind::add:
                return added(request.name, {id});
            case Request::Kind::get:
                decision.replies.emplace_back(id, value(request.name));
                break;
            case Request::Kind::wait:
                decision.changes.push_back({id});
                break;
            case Request::Kind::release: {
                auto all = waiting;
                all.push_back(id);
                decision = added(request.name, all);
                decision.changes.push_back({});
                break;
            }
            case Request::Kind::fire_later:
                decision.timers.push_back({request.name, context.now + Millis(1000)});
                decision.replies.emplace_back(id, 0);
                break;
            case Request::Kind::act:
                decision = added(request.name, {id});
                decision.actions.push_back(request.name);
                break;
        }
        return decision;
    }
    Decision on_timer(const coordinator::TimerKey& key, const coordinator::DecideContext&) const {
        return added(key, {});
    }
    Decision on_loaded(const coordinator::DecideContext&) const { return {}; }

    void apply(const coordinator::KeyedRecord& record, const coordinator::RecordOrigin& origin) {
        auto& counters = origin.producer ? pending : values;
        if (record.value) {
            counters[as_string(record.key)] = std::stoi(as_string(*record.value));
        } else {
            counters.erase(as_string(record.key));
        }
    }
    void apply_marker(ProducerId, ProducerEpoch, const TransactionMarker& marker) {
        if (marker.type == ControlType::commit) {
            for (const auto& [name, count] : pending) values[name] = count;
        }
        pending.clear();
    }
    void apply(const Change& change) {
        if (change.waits) {
            waiting.push_back(*change.waits);
        } else {
            waiting.clear();
        }
    }

    int value(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? 0 : found->second;
    }
    Decision added(const std::string& name, const std::vector<coordinator::ReplyId>& to) const {
        Decision decision;
        const int next = value(name) + settings.step;
        const auto append = [](std::string_view text) {
            return [text](std::vector<std::uint8_t>& out) {
                out.insert(out.end(), text.begin(), text.end());
            };
        };
        const auto text = std::to_string(next);
        decision.records.add_by(append(name), append(text));
        if (name.starts_with("txn")) {
            decision.producer = coordinator::TransactionalProducer{ProducerId(7), ProducerEpoch(0)};
        }
        for (const auto id : to) decision.replies.emplace_back(id, next);
        return decision;
    }

    Settings settings;
    std::map<std::string, int> values;
    std::map<std::string, int> pending;  // in a transaction
    std::vector<coordinator::ReplyId> waiting;
};

}  // namespace milena::replica
