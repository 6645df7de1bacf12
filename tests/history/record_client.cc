#include "tests/history/record_client.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace milena::history {

namespace {

constexpr int kCallMs = 10'000;
constexpr int kAttempts = 6;

using Failure = std::unique_ptr<rd_kafka_error_t, Deleter<rd_kafka_error_destroy>>;
using GroupMetadata = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                      Deleter<rd_kafka_consumer_group_metadata_destroy>>;

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(3);
}

// Calls until it succeeds, may not be repeated, or was repeated often enough.
template <typename Call>
Failure repeat(const Call& call) {
    for (int left = kAttempts;;) {
        Failure failure(call());
        if (!failure || --left == 0 || !rd_kafka_error_is_retriable(failure.get())) return failure;
    }
}

Value value_of(const rd_kafka_message_t& message) {
    const char* text = static_cast<const char*>(message.payload);
    Value value = 0;
    std::from_chars(text, text + message.len, value);
    return value;
}

bool is_incremental(rd_kafka_t* handle) {
    const char* protocol = rd_kafka_rebalance_protocol(handle);
    return protocol != nullptr && std::strcmp(protocol, "COOPERATIVE") == 0;
}

}  // namespace

rd_kafka_conf_t* make_conf(const Settings& settings) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char why[512] = "";
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) !=
            RD_KAFKA_CONF_OK) {
            give_up(fmt::format("{}={}: {}", name, value, why));
        }
    }
    return conf;
}

Handle make_handle(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
    char why[512] = "";
    Handle handle(rd_kafka_new(type, conf, why, sizeof why));
    if (!handle) give_up(why);
    return handle;
}

Partitions make_list(const Positions& positions) {
    Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
    for (const auto& [place, offset] : positions) {
        rd_kafka_topic_partition_list_add(list.get(), place.first.c_str(), place.second)->offset =
            offset;
    }
    return list;
}

std::string words(const Positions& positions, bool offsets) {
    std::string text;
    for (const auto& [place, offset] : positions) {
        text += fmt::format("{}{}/{}", text.empty() ? "" : " ", place.first, place.second);
        if (offsets && offset >= 0) text += fmt::format("@{}", offset);
    }
    return text;
}

// ---- sending ----

struct Sender::Pending {
    Sender* sender;
    Time begin;
    Place place;
    Value value;
    Value from;
    Value key;
};

Sender::Sender(Journal& journal, std::string process, const Settings& settings)
    : journal_(journal), process_(std::move(process)) {
    rd_kafka_conf_t* conf = make_conf(settings);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    handle_ = make_handle(RD_KAFKA_PRODUCER, conf);
}

Sender::~Sender() {
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    flush(kCallMs);
}

void Sender::send(const Place& place, Value from, Value key) {
    auto pending = std::make_unique<Pending>(Pending{.sender = this,
                                                     .begin = Journal::now(),
                                                     .place = place,
                                                     .value = journal_.next_value(),
                                                     .from = from,
                                                     .key = key});
    std::string text = std::to_string(pending->value);
    text.resize(text.size() + 20 + pending->value % 700, ' ');
    const std::string key_text = std::to_string(key);
    rd_kafka_resp_err_t error{};
    do {
        error = rd_kafka_producev(
            handle_.get(), RD_KAFKA_V_TOPIC(place.first.c_str()),
            RD_KAFKA_V_PARTITION(place.second), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE(text.data(), text.size()),
            RD_KAFKA_V_KEY(key == 0 ? nullptr : key_text.data(), key == 0 ? 0 : key_text.size()),
            RD_KAFKA_V_OPAQUE(pending.get()), RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(handle_.get(), 100);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    // What librdkafka did not even take was not sent, which needs no line.
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) pending.release();
}

void Sender::serve(int ms) {
    const Time end = Journal::now() + Time{ms} * 1'000'000;
    Time left = ms;
    do {
        rd_kafka_poll(handle_.get(), static_cast<int>(left));
        left = (end - Journal::now()) / 1'000'000;
    } while (left > 0);
}

void Sender::delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    const std::unique_ptr<Pending> sent(static_cast<Pending*>(message->_private));
    Journal& journal = sent->sender->journal_;
    std::string text =
        fmt::format("{} {} {} send {}/{} {}", sent->begin, Journal::now(), sent->sender->process_,
                    sent->place.first, sent->place.second, sent->value);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) sent->sender->all_well_ = false;
    if (sent->key != 0) text += fmt::format(" key={}", sent->key);
    if (sent->from != 0) text += fmt::format(" from={}", sent->from);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        text += " ok";
        if (message->offset >= 0) text += fmt::format(" {}", message->offset);
        journal.count(Count::acknowledged);
    } else if (rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED) {
        text += " fail";
        journal.count(Count::failed);
    } else {
        text += " unknown";
        journal.count(Count::unknown);
    }
    journal.line(text);
}

bool Sender::init(int ms) {
    return !repeat([&] { return rd_kafka_init_transactions(handle_.get(), ms); });
}

bool Sender::begin() {
    const Time begin = Journal::now();
    all_well_ = true;
    if (const Failure failure{rd_kafka_begin_transaction(handle_.get())}) return false;
    journal_.line(fmt::format("{} {} {} begin_txn", begin, Journal::now(), process_));
    return true;
}

bool Sender::send_offsets(const std::string& group, const Positions& positions,
                          rd_kafka_t* consumer) {
    const Time begin = Journal::now();
    const Partitions list = make_list(positions);
    const GroupMetadata metadata(rd_kafka_consumer_group_metadata(consumer));
    const Failure failure = repeat([&] {
        return rd_kafka_send_offsets_to_transaction(handle_.get(), list.get(), metadata.get(),
                                                    kCallMs);
    });
    journal_.line(fmt::format("{} {} {} send_offsets {} {} {}", begin, Journal::now(), process_,
                              group, words(positions), failure ? "unknown" : "ok"));
    if (failure) all_well_ = false;
    return !failure;
}

bool Sender::end(const char* verb, bool commit) {
    const Time begin = Journal::now();
    const Failure failure = repeat([&] {
        return commit ? rd_kafka_commit_transaction(handle_.get(), kCallMs)
                      : rd_kafka_abort_transaction(handle_.get(), kCallMs);
    });
    journal_.line(failure ? fmt::format("{} ? {} {} unknown", begin, process_, verb)
                          : fmt::format("{} {} {} {} ok", begin, Journal::now(), process_, verb));
    if (failure) all_well_ = false;
    journal_.count(failure ? Count::undecided : commit ? Count::committed : Count::aborted);
    return !failure;
}

bool Sender::commit() {
    return end("commit_txn", true);
}

bool Sender::abort() {
    if (!flush(2 * kCallMs) || !all_well_) return false;
    return end("abort_txn", false);
}

// ---- reading ----

Reader::Reader(Journal& journal, std::string process, std::string group, bool commits,
               const Settings& settings)
    : journal_(journal), process_(std::move(process)), group_(std::move(group)), commits_(commits) {
    Settings all = settings;
    all["group.id"] = group_.empty() ? "none" : group_;
    all["enable.auto.commit"] = "false";
    all["enable.auto.offset.store"] = "false";
    all["auto.offset.reset"] = "earliest";
    rd_kafka_conf_t* conf = make_conf(all);
    rd_kafka_conf_set_opaque(conf, this);
    if (!group_.empty()) rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
    handle_ = make_handle(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(handle_.get());
    const auto isolation = settings.find("isolation.level");
    const bool all_seen = isolation != settings.end() && isolation->second == "read_uncommitted";
    journal_.line(fmt::format("consumer {} {}{}", process_, all_seen ? "uncommitted" : "committed",
                              group_.empty() ? "" : " group=" + group_));
}

void Reader::subscribe(const std::vector<std::string>& topics) {
    Positions all;
    for (const std::string& topic : topics) all[{topic, RD_KAFKA_PARTITION_UA}] = -1;
    const Time begin = Journal::now();
    rd_kafka_subscribe(handle_.get(), make_list(all).get());
    journal_.line(fmt::format("{} {} {} subscribe", begin, Journal::now(), process_));
}

void Reader::assign(const Positions& positions) {
    const Time begin = Journal::now();
    rd_kafka_assign(handle_.get(), make_list(positions).get());
    journal_.line(
        fmt::format("{} {} {} assign {}", begin, Journal::now(), process_, words(positions)));
}

std::vector<Seen> Reader::poll(std::size_t most, int ms) {
    batch_.clear();
    interrupted_ = false;
    poll_began_ = Journal::now();
    const Time end = poll_began_ + Time{ms} * 1'000'000;
    while (batch_.size() < most && !interrupted_) {
        const Time left = (end - Journal::now()) / 1'000'000;
        const int wait = batch_.empty() && left > 0 ? static_cast<int>(left) : 0;
        rd_kafka_message_t* m = rd_kafka_consumer_poll(handle_.get(), wait);
        if (m == nullptr) {
            if (wait == 0 || Journal::now() >= end) break;
            continue;
        }
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            batch_.push_back({.place = {rd_kafka_topic_name(m->rkt), m->partition},
                              .offset = m->offset,
                              .value = value_of(*m)});
            unwritten_.push_back(batch_.back());
        }
        rd_kafka_message_destroy(m);
    }
    write_poll();
    if (interrupted_) {
        broken_ = !seek_back(batch_);
        batch_.clear();
    }
    for (const Seen& seen : batch_) positions_[seen.place] = seen.offset + 1;
    return batch_;
}

void Reader::write_poll() {
    if (unwritten_.empty()) return;
    std::string text = fmt::format("{} {} {} poll", poll_began_, Journal::now(), process_);
    const Place* last = nullptr;
    for (const Seen& seen : unwritten_) {
        if (last == nullptr || *last != seen.place) {
            text += fmt::format(" {}/{}", seen.place.first, seen.place.second);
        }
        last = &seen.place;
        text += fmt::format(" {}={}", seen.offset, seen.value);
    }
    journal_.line(text);
    journal_.count(Count::read, unwritten_.size());
    unwritten_.clear();
    poll_began_ = Journal::now();
}

// Only partitions that are still assigned; the others' next owner begins at what is committed.
bool Reader::seek_back(const std::vector<Seen>& seen) {
    rd_kafka_topic_partition_list_t* raw = nullptr;
    rd_kafka_assignment(handle_.get(), &raw);
    const Partitions mine(raw);
    Positions back;
    for (const Seen& s : seen) {
        if (rd_kafka_topic_partition_list_find(raw, s.place.first.c_str(), s.place.second) ==
            nullptr) {
            continue;
        }
        const auto [first, fresh] = back.try_emplace(s.place, s.offset);
        if (!fresh) first->second = std::min(first->second, s.offset);
    }
    if (back.empty()) return true;
    const Time begin = Journal::now();
    const Partitions list = make_list(back);
    const Failure failure(rd_kafka_seek_partitions(handle_.get(), list.get(), kCallMs));
    bool done = !failure;
    for (int i = 0; i < list->cnt; ++i) done = done && list->elems[i].err == 0;
    if (!done) return false;
    journal_.line(fmt::format("{} {} {} seek {}", begin, Journal::now(), process_, words(back)));
    for (const auto& [place, offset] : back) positions_[place] = offset;
    return true;
}

void Reader::commit() {
    if (positions_.empty()) return;
    const Time begin = Journal::now();
    const rd_kafka_resp_err_t error =
        rd_kafka_commit(handle_.get(), make_list(positions_).get(), 0);
    const bool ok = error == RD_KAFKA_RESP_ERR_NO_ERROR;
    journal_.line(fmt::format("{} {} {} commit_offsets {} {} {}", begin, Journal::now(), process_,
                              group_, words(positions_), ok ? "ok" : "unknown"));
    if (ok) journal_.count(Count::positions);
}

bool Reader::fetch(Positions& of) {
    const Time begin = Journal::now();
    const Partitions list = make_list(of);
    if (rd_kafka_committed(handle_.get(), list.get(), kCallMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return false;
    }
    std::string text;
    for (int i = 0; i < list->cnt; ++i) {
        const rd_kafka_topic_partition_t& p = list->elems[i];
        if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
        const std::int64_t offset = p.offset < 0 ? -1 : p.offset;
        of[{p.topic, p.partition}] = offset;
        text += fmt::format(" {}/{}@{}", p.topic, p.partition, offset);
    }
    journal_.line(
        fmt::format("{} {} {} fetch_offsets {}{}", begin, Journal::now(), process_, group_, text));
    return true;
}

void Reader::rebalanced(rd_kafka_t*, rd_kafka_resp_err_t why,
                        rd_kafka_topic_partition_list_t* partitions, void* opaque) {
    Reader& self = *static_cast<Reader*>(opaque);
    self.write_poll();
    if (why == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        self.give(partitions);
    } else {
        self.take(partitions);
    }
    self.poll_began_ = Journal::now();
}

// Begins at the committed offsets, asked for here so that the history knows them.
void Reader::give(rd_kafka_topic_partition_list_t* partitions) {
    const Time begin = Journal::now();
    Positions fresh;
    for (int i = 0; i < partitions->cnt; ++i) {
        fresh[{partitions->elems[i].topic, partitions->elems[i].partition}] = -1;
    }
    const bool known = !fresh.empty() && fetch(fresh);
    for (int i = 0; known && i < partitions->cnt; ++i) {
        rd_kafka_topic_partition_t& p = partitions->elems[i];
        const std::int64_t offset = fresh[{p.topic, p.partition}];
        p.offset = offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : offset;
    }
    journal_.line(
        fmt::format("{} {} {} assigned {}", begin, Journal::now(), process_, words(fresh)));
    journal_.count(Count::assigned);
    for (const auto& [place, offset] : fresh) positions_.erase(place);
    if (is_incremental(handle_.get())) {
        const Failure ignored(rd_kafka_incremental_assign(handle_.get(), partitions));
    } else {
        rd_kafka_assign(handle_.get(), partitions);
    }
}

void Reader::take(rd_kafka_topic_partition_list_t* partitions) {
    const Time begin = Journal::now();
    const bool lost = rd_kafka_assignment_lost(handle_.get()) != 0;
    if (commits_ && !lost) commit();
    Positions gone;
    for (int i = 0; i < partitions->cnt; ++i) {
        gone[{partitions->elems[i].topic, partitions->elems[i].partition}] = -1;
    }
    journal_.line(fmt::format("{} {} {} {} {}", begin, Journal::now(), process_,
                              lost ? "lost" : "revoked", words(gone)));
    for (const auto& [place, offset] : gone) positions_.erase(place);
    interrupted_ = true;
    if (is_incremental(handle_.get())) {
        const Failure ignored(rd_kafka_incremental_unassign(handle_.get(), partitions));
    } else {
        rd_kafka_assign(handle_.get(), nullptr);
    }
}

void Reader::close() {
    rd_kafka_consumer_close(handle_.get());
    const Time now = Journal::now();
    journal_.line(fmt::format("{} {} {} crash", now, now, process_));
}

void Reader::crash() {
    const Time now = Journal::now();
    rd_kafka_destroy_flags(handle_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    journal_.line(fmt::format("{} {} {} crash", now, now, process_));
}

}  // namespace milena::history
