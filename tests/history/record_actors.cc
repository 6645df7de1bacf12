#include "tests/history/record_actors.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::history {

namespace {

constexpr int kInitMs = 10'000;
constexpr std::size_t kBatch = 50;
constexpr std::uint64_t kKeys = 100;

Positions all_of(const Plan& plan, const std::vector<std::string>& topics, std::int64_t offset) {
    Positions positions;
    for (const std::string& topic : topics) {
        for (int p = 0; p < plan.partitions; ++p) positions[{topic, p}] = offset;
    }
    return positions;
}

}  // namespace

Settings Plan::client() const {
    return {{"bootstrap.servers", bootstrap},
            {"reconnect.backoff.ms", "20"},
            {"reconnect.backoff.max.ms", "200"},
            {"log_level", "0"}};
}

Settings Plan::transactional(const std::string& id) const {
    Settings settings = client();
    settings["transactional.id"] = prefix + id;
    settings["transaction.timeout.ms"] = "20000";
    settings["message.timeout.ms"] = "15000";
    settings["linger.ms"] = "2";
    // librdkafka waits for ever for a group's coordinator that went away, whatever the timeout says
    // (its issue 5456), until any of its connections changes. So they do.
    settings["connections.max.idle.ms"] = "2000";
    return settings;
}

Settings Plan::reader(bool committed) const {
    Settings settings = client();
    settings["isolation.level"] = committed ? "read_committed" : "read_uncommitted";
    settings["fetch.wait.max.ms"] = "100";
    settings["fetch.error.backoff.ms"] = "50";
    return settings;
}

void produce(Actor& me, std::stop_token stop) {
    Settings settings = me.plan.client();
    settings["enable.idempotence"] = "true";
    settings["message.timeout.ms"] = "30000";
    settings["linger.ms"] = "2";
    while (!stop.stop_requested()) {
        Sender sender(me.journal, me.next_process(), settings);
        while (!stop.stop_requested() && !sender.broken()) {
            for (auto left = 1 + me.below(20); left > 0; --left) {
                const auto which = me.below(8);
                if (which == 0) {
                    sender.send(me.somewhere(me.plan.keyed_topic()), 0, 1 + me.below(kKeys));
                } else {
                    sender.send(me.somewhere(which < 3 ? me.plan.in() : me.plan.plain()));
                }
            }
            sender.serve(me.plan.pace_ms);
        }
        sender.flush(60'000);
    }
}

void produce_in_txns(Actor& me, std::stop_token stop) {
    while (!stop.stop_requested()) {
        Sender sender(me.journal, me.next_process(), me.plan.transactional(me.name));
        if (!sender.init(kInitMs)) continue;
        while (!stop.stop_requested() && sender.begin()) {
            for (auto left = 1 + me.below(8); left > 0; --left) {
                sender.send(me.somewhere(me.plan.txn()));
            }
            sender.serve(static_cast<int>(me.below(5)));
            // Goes without a word; its successor's init ends the transaction.
            if (me.below(60) == 0) break;
            const bool commits = me.below(4) != 0;
            if (!(commits && sender.commit()) && !sender.abort()) break;
            sender.serve(me.plan.pace_ms);
        }
    }
}

void transform(Actor& me, std::stop_token stop) {
    while (!stop.stop_requested()) {
        const std::string process = me.next_process();
        Sender sender(me.journal, process, me.plan.transactional(me.name));
        if (!sender.init(kInitMs)) continue;
        Settings settings = me.plan.reader(true);
        settings.insert(me.plan.group.begin(), me.plan.group.end());
        Reader reader(me.journal, process, me.plan.pipeline(), false, settings);
        reader.subscribe({me.plan.in()});
        while (!stop.stop_requested() && !reader.broken()) {
            const std::vector<Seen> batch = reader.poll(kBatch, 200);
            if (batch.empty()) continue;
            if (!sender.begin()) break;
            Positions behind;
            for (const Seen& seen : batch) {
                sender.send(me.somewhere(me.plan.out()), seen.value);
                behind[seen.place] = seen.offset + 1;
            }
            if (sender.send_offsets(me.plan.pipeline(), behind, reader.handle()) &&
                me.below(5) != 0 && sender.commit()) {
                continue;
            }
            if (!sender.abort() || !reader.seek_back(batch)) break;
        }
        reader.close();
    }
}

void consume(Actor& me, std::stop_token stop) {
    while (!stop.stop_requested()) {
        Settings settings = me.plan.reader(true);
        settings.insert(me.plan.group.begin(), me.plan.group.end());
        Reader reader(me.journal, me.next_process(), me.plan.members(), true, settings);
        reader.subscribe({me.plan.plain(), me.plan.txn()});
        const Time end = Journal::now() + static_cast<Time>(3 + me.below(8)) * 1'000'000'000;
        while (!stop.stop_requested() && !reader.broken() && Journal::now() < end) {
            reader.poll(kBatch * 4, 200);
            if (me.below(3) == 0) reader.commit();
        }
        if (!stop.stop_requested() && me.below(4) == 0) {
            reader.crash();
        } else {
            reader.close();
        }
    }
}

void read_all(Actor& me, bool committed, std::stop_token stop) {
    Reader reader(me.journal, me.next_process(), "", false, me.plan.reader(committed));
    reader.assign(all_of(me.plan, me.plan.topics(), 0));
    while (!stop.stop_requested()) reader.poll(kBatch * 10, 200);
    reader.close();
}

void ask_ends(Actor& me, std::stop_token stop) {
    const std::string process = me.next_process();
    const Handle views[] = {
        make_handle(RD_KAFKA_CONSUMER, make_conf(me.plan.reader(false))),
        make_handle(RD_KAFKA_CONSUMER, make_conf(me.plan.reader(true))),
    };
    const auto places = all_of(me.plan, {me.plan.plain(), me.plan.txn(), me.plan.out()}, 0);
    while (!stop.stop_requested()) {
        for (const auto& [place, unused] : places) {
            for (const Handle& view : views) {
                if (stop.stop_requested()) return;
                std::int64_t low = -1;
                std::int64_t high = -1;
                const Time begin = Journal::now();
                if (rd_kafka_query_watermark_offsets(view.get(), place.first.c_str(), place.second,
                                                     &low, &high, 1000) != 0) {
                    continue;
                }
                const Time end = Journal::now();
                const char* which = &view == &views[0] ? "latest" : "stable";
                me.journal.line(fmt::format("{} {} {} list_offsets {} {}/{}@{}", begin, end,
                                            process, which, place.first, place.second, high));
                me.journal.line(fmt::format("{} {} {} list_offsets earliest {}/{}@{}", begin, end,
                                            process, place.first, place.second, low));
                rd_kafka_poll(view.get(), 20);
            }
        }
    }
}

bool settle(const Plan& plan, const std::string& transactional_id) {
    const Handle handle =
        make_handle(RD_KAFKA_PRODUCER, make_conf(plan.transactional(transactional_id)));
    const Time end = Journal::now() + Time{60} * 1'000'000'000;
    while (Journal::now() < end) {
        rd_kafka_error_t* failure = rd_kafka_init_transactions(handle.get(), kInitMs);
        if (failure == nullptr) return true;
        const bool again = rd_kafka_error_is_retriable(failure) != 0;
        rd_kafka_error_destroy(failure);
        if (!again) return false;
    }
    return false;
}

}  // namespace milena::history
