// history_record BOOTSTRAP FILE [name=value...]: real clients against a broker, and the history of
// what they did and saw. Ends with status 0 when the history is whole, whatever it shows; 3 when
// the broker does not serve what is needed for that, 4 when a client never returned.
//
//   seconds=20 seed=1 partitions=3 pace=10    how long, which, how much, ms between bursts
//   group.NAME=VALUE                          settings of the consumers in groups
//   topic.NAME=VALUE                          settings of the topics `plain` and `txn`
//   retention=true                            ... by which their records may be deleted
//   keyed.NAME=VALUE                          settings of the compacted topic
//
// Between the lines `recording` and `settling` on standard output the broker may be killed and
// restarted at the same address.
#include "tests/history/record_actors.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <deque>
#include <semaphore>
#include <thread>

#include <fmt/format.h>

namespace milena::history {
namespace {

constexpr int kSettleMs = 60'000;

using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;

bool fail(const std::string& why) {
    fmt::print("{}\n", why);
    return false;
}

bool read_arguments(int count, char** arguments, Plan& plan) {
    plan.bootstrap = arguments[1];
    for (int i = 3; i < count; ++i) {
        const std::string_view word = arguments[i];
        const auto sign = word.find('=');
        if (sign == word.npos) return fail(fmt::format("'{}' is not name=value", word));
        const std::string name(word.substr(0, sign));
        const std::string value(word.substr(sign + 1));
        const auto number = [&](auto& into) {
            const char* end = value.data() + value.size();
            return std::from_chars(value.data(), end, into).ptr == end;
        };
        bool good = true;
        if (name == "seconds") {
            good = number(plan.seconds);
        } else if (name == "seed") {
            good = number(plan.seed);
        } else if (name == "partitions") {
            good = number(plan.partitions);
        } else if (name == "pace") {
            good = number(plan.pace_ms);
        } else if (name == "retention") {
            plan.retention = value == "true";
        } else if (name.starts_with("group.")) {
            plan.group[name.substr(6)] = value;
        } else if (name.starts_with("keyed.")) {
            plan.keyed[name.substr(6)] = value;
        } else if (name.starts_with("topic.")) {
            plan.topic[name.substr(6)] = value;
        } else {
            good = false;
        }
        if (!good) return fail(fmt::format("'{}': unknown, or not a number", word));
    }
    return true;
}

bool create_topic(rd_kafka_t* client, const Plan& plan, const std::string& name,
                  const Settings& settings) {
    const NewTopic topic(rd_kafka_NewTopic_new(name.c_str(), plan.partitions, 1, nullptr, 0));
    for (const auto& [key, value] : settings) {
        rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
    }
    const Queue queue(rd_kafka_queue_new(client));
    rd_kafka_NewTopic_t* topics[] = {topic.get()};
    rd_kafka_CreateTopics(client, topics, 1, nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), kSettleMs));
    std::size_t count = 0;
    const rd_kafka_topic_result_t** results = nullptr;
    if (event) {
        results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event.get()), &count);
    }
    if (count != 1 || rd_kafka_topic_result_error(results[0]) != 0) {
        return fail(fmt::format("{} cannot be created: {}", name,
                                count == 1 ? rd_kafka_topic_result_error_string(results[0])
                                           : rd_kafka_event_error_string(event.get())));
    }
    return true;
}

// One partition as one view shows it, from its beginning to the end that `high` says.
struct Dump {
    Place place;
    std::int64_t high = -1;
    std::int64_t reached = 0;
    std::vector<Seen> records;
};

class FinalRead {
  public:
    FinalRead(Journal& journal, const Plan& plan, bool committed)
        : journal_(journal), committed_(committed) {
        Settings settings = plan.reader(committed);
        settings["enable.partition.eof"] = "true";
        settings["group.id"] = "none";
        settings["auto.offset.reset"] = "earliest";
        settings["enable.auto.commit"] = "false";
        handle_ = make_handle(RD_KAFKA_CONSUMER, make_conf(settings));
        rd_kafka_poll_set_consumer(handle_.get());
        for (const std::string& topic : plan.topics()) {
            for (int p = 0; p < plan.partitions; ++p) dumps_[{topic, p}].place = {topic, p};
        }
    }

    // `wanted` is how far a partition must be readable; what is not reached in time is a finding
    // of the checker, not of this program.
    bool run(std::map<Place, std::int64_t>& wanted) {
        const Time begin = Journal::now();
        Positions start;
        for (const auto& [place, dump] : dumps_) {
            if (!committed_ && !query(place, nullptr, &wanted[place])) return false;
            start[place] = RD_KAFKA_OFFSET_BEGINNING;
        }
        rd_kafka_assign(handle_.get(), make_list(start).get());
        const Time end = begin + Time{kSettleMs} * 1'000'000;
        while (!reached(wanted) && Journal::now() < end) take();
        for (auto& [place, dump] : dumps_) {
            std::int64_t low = 0;
            if (!query(place, &low, nullptr)) return false;
            std::string text;
            for (const Seen& seen : dump.records) {
                text += fmt::format(" {}={}", seen.offset, seen.value);
            }
            // What is not reached counts as there: then its records are missed.
            const std::int64_t high = committed_ ? dump.reached : wanted[place];
            journal_.line(fmt::format("{} {} final-reader final {} {}/{} {}..{}{}", begin,
                                      Journal::now(), committed_ ? "committed" : "uncommitted",
                                      place.first, place.second, low, std::max(low, high), text));
        }
        rd_kafka_consumer_close(handle_.get());
        return true;
    }

  private:
    bool query(const Place& place, std::int64_t* low, std::int64_t* high) {
        std::int64_t unused = 0;
        const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
            handle_.get(), place.first.c_str(), place.second, low != nullptr ? low : &unused,
            high != nullptr ? high : &unused, kSettleMs);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
        return fail(fmt::format("{}/{} does not tell its ends: {}", place.first, place.second,
                                rd_kafka_err2name(error)));
    }

    bool reached(const std::map<Place, std::int64_t>& wanted) const {
        for (const auto& [place, high] : wanted) {
            if (dumps_.at(place).reached < high) return false;
        }
        return true;
    }

    void take() {
        rd_kafka_message_t* m = rd_kafka_consumer_poll(handle_.get(), 100);
        if (m == nullptr) return;
        if (m->rkt != nullptr) {
            Dump& dump = dumps_[{rd_kafka_topic_name(m->rkt), m->partition}];
            if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                dump.reached = std::max(dump.reached, m->offset);
            } else if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                Value value = 0;
                const char* text = static_cast<const char*>(m->payload);
                std::from_chars(text, text + m->len, value);
                dump.records.push_back({dump.place, m->offset, value});
                dump.reached = std::max(dump.reached, m->offset + 1);
            }
        }
        rd_kafka_message_destroy(m);
    }

    Journal& journal_;
    bool committed_;
    Handle handle_;
    std::map<Place, Dump> dumps_;
};

class Recording {
  public:
    Recording(Journal& journal, const Plan& plan) : journal_(journal), plan_(plan) {}

    bool prepare() {
        const Handle client = make_handle(RD_KAFKA_PRODUCER, make_conf(plan_.client()));
        for (const std::string& name : plan_.topics()) {
            const bool shrinks = name == plan_.plain() || name == plan_.txn();
            const bool keyed = name == plan_.keyed_topic();
            Settings settings = shrinks ? plan_.topic : keyed ? plan_.keyed : Settings{};
            if (keyed) settings["cleanup.policy"] = "compact";
            if (!create_topic(client.get(), plan_, name, settings)) return false;
            const bool retention = shrinks && plan_.retention;
            journal_.line(fmt::format("topic {}{}", name,
                                      retention ? " retention"
                                      : keyed   ? " compacted"
                                                : ""));
        }
        journal_.line(fmt::format("pipeline {} {} {}", plan_.pipeline(), plan_.in(), plan_.out()));
        return true;
    }

    void run() {
        std::deque<Actor> actors;
        std::vector<std::jthread> writers;
        std::vector<std::jthread> readers;
        const auto start = [&](std::vector<std::jthread>& threads, const std::string& name,
                               auto act) {
            const std::uint64_t seed = plan_.seed * 1000 + actors.size();
            Actor& actor = actors.emplace_back(Actor{
                .journal = journal_, .plan = plan_, .name = name, .chance = std::mt19937_64(seed)});
            threads.emplace_back([this, &actor, act](std::stop_token stop) {
                act(actor, std::move(stop));
                ended_.release();
            });
        };
        for (const char* name : {"producer-a", "producer-b"}) start(writers, name, produce);
        for (const char* name : kTxnProducers) start(writers, name, produce_in_txns);
        for (const char* name : kPipelines) start(writers, name, transform);
        for (const char* name : {"member-a", "member-b", "member-c"}) start(readers, name, consume);
        start(readers, "reads-committed",
              [](Actor& me, std::stop_token stop) { read_all(me, true, std::move(stop)); });
        start(readers, "reads-all",
              [](Actor& me, std::stop_token stop) { read_all(me, false, std::move(stop)); });
        start(readers, "asks", ask_ends);
        // A broker that has just begun may take a while until the first of everything is done.
        for (int left = kSettleMs / 100; left > 0 && !moving(); --left) rest(100);
        fmt::print("recording\n");
        std::fflush(stdout);
        rest(1000 * plan_.seconds);
        fmt::print("settling\n");
        std::fflush(stdout);
        end(writers);
        end(readers);
    }

    // Nobody writes any more: open transactions end, and everything is read.
    bool finish() {
        for (const char* id : kTxnProducers) {
            if (!settle(plan_, id)) return fail(fmt::format("{}: no end of its transaction", id));
        }
        for (const char* id : kPipelines) {
            if (!settle(plan_, id)) return fail(fmt::format("{}: no end of its transaction", id));
        }
        std::map<Place, std::int64_t> wanted;
        return FinalRead(journal_, plan_, false).run(wanted) &&
               FinalRead(journal_, plan_, true).run(wanted) &&
               fetch(plan_.pipeline(), {plan_.in()}) &&
               fetch(plan_.members(), {plan_.plain(), plan_.txn()});
    }

  private:
    static constexpr std::array kTxnProducers = {"txn-a", "txn-b"};
    static constexpr std::array kPipelines = {"pipe-a", "pipe-b"};

    static void rest(int ms) {
        std::binary_semaphore never(0);
        (void)never.try_acquire_for(std::chrono::milliseconds(ms));
    }

    bool moving() const {
        return journal_.counted(Count::committed) > 0 && journal_.counted(Count::read) > 0 &&
               journal_.counted(Count::positions) > 0;
    }

    // A client that never comes back ends the program: nothing can be said of what it does.
    void end(std::vector<std::jthread>& threads) {
        for (std::jthread& thread : threads) thread.request_stop();
        for (std::size_t left = threads.size(); left > 0; --left) {
            if (!ended_.try_acquire_for(std::chrono::milliseconds(2 * kSettleMs))) {
                fmt::print("a client hangs\n");
                std::fflush(stdout);
                std::_Exit(4);
            }
        }
        threads.clear();
    }

    bool fetch(const std::string& group, const std::vector<std::string>& topics) {
        Reader reader(journal_, "fetches-" + group, group, false, plan_.reader(true));
        Positions positions;
        for (const std::string& topic : topics) {
            for (int p = 0; p < plan_.partitions; ++p) positions[{topic, p}] = -1;
        }
        const bool done = reader.fetch(positions);
        reader.close();
        return done || fail(fmt::format("the positions of {} cannot be fetched", group));
    }

    Journal& journal_;
    const Plan& plan_;
    std::counting_semaphore<> ended_{0};  // actors
};

int record(int count, char** arguments) {
    Plan plan;
    if (count < 3 || !read_arguments(count, arguments, plan)) {
        fmt::print("history_record BOOTSTRAP FILE [name=value...]; see tests/history/README.md\n");
        return 2;
    }
    plan.prefix = fmt::format("h{}-", Journal::now());
    Journal journal(arguments[2]);
    if (!journal.open()) return fail(fmt::format("{} cannot be written", arguments[2])), 2;
    Recording recording(journal, plan);
    if (!recording.prepare()) return 3;
    recording.run();
    const bool whole = recording.finish();
    journal.close();
    fmt::print("seed={} librdkafka={} {}\n", plan.seed, rd_kafka_version_str(), journal.counts());
    return whole ? 0 : 3;
}

}  // namespace
}  // namespace milena::history

int main(int count, char** arguments) {
    return milena::history::record(count, arguments);
}
