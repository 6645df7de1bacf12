// Stories in tests/script/txn: commands to a shard and all that followed. REWRITE=1 writes them.
//
//   init ID [PRODUCER/EPOCH]             InitProducerId, a fresh producer id at hand
//   add|implicit|verify ID P/E TOPIC:PARTITION,... ...
//   end|implicit-end ID P/E commit|abort
//   describe ID     markers (all that were ordered are written)     pass MILLISECONDS
//   failover        compact        worn ID P/E (an id in the log that has come this far)
#include "tests/unit/broker/coordinator/txn/test_shard.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::coordinator::txn {
namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text, char at) {
    Words words;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, at);) {
        if (!word.empty()) words.push_back(word);
    }
    return words;
}

std::string text_of(const Partitions& partitions) {
    std::string text;
    for (const auto& [topic, indexes] : partitions) {
        text += " " + topic + ":";
        for (std::size_t i = 0; i < indexes.size(); ++i) {
            text += (i == 0 ? "" : ",") + std::to_string(indexes[i].value());
        }
    }
    return text;
}

std::string text_of(ProducerId id, ProducerEpoch epoch) {
    return std::to_string(id.value()) + "/" + std::to_string(epoch.value());
}

class Script {
  public:
    // What follows from the command, a line each.
    std::string run(const std::string& command) {
        words_ = split(command, ' ');
        const auto& verb = words_.at(0);
        if (verb == "init") {
            const bool goes_on = words_.size() > 2;
            shard_.init(id(), goes_on ? producer() : kNoProducerId,
                        goes_on ? epoch() : kNoProducerEpoch);
        } else if (verb == "add" || verb == "implicit") {
            shard_.add(id(), producer(), epoch().value(), partitions(),
                       verb == "add" ? ClientVersion::classic : ClientVersion::implicit);
        } else if (verb == "verify") {
            shard_.ask(VerifyPartitions{id(), producer(), epoch(), partitions()});
        } else if (verb == "end" || verb == "implicit-end") {
            shard_.end(id(), producer(), epoch().value(),
                       words_.at(3) == "commit" ? EndResult::commit : EndResult::abort,
                       verb == "end" ? ClientVersion::classic : ClientVersion::implicit);
        } else if (verb == "describe") {
            shard_.ask(DescribeTransaction{id()});
        } else if (verb == "markers") {
            orders_told_ = 0;
            shard_.write_markers();
        } else if (verb == "pass") {
            shard_.pass(Millis(std::stoll(words_.at(1))));
        } else if (verb == "failover") {
            shard_.fail_over();
            orders_told_ = 0;
        } else if (verb == "compact") {
            shard_.compact();
            records_told_ = shard_.log.size();
        } else if (verb == "worn") {
            Transaction worn;
            worn.producer_id = producer();
            worn.producer_epoch = epoch();
            worn.timeout = Millis(60'000);
            shard_.put(id(), worn);
        } else {
            ADD_FAILURE() << "no such command: " << command;
        }
        return tell();
    }

  private:
    std::string id() const { return words_.at(1); }
    ProducerId producer() const { return ProducerId(std::stoll(split(words_.at(2), '/').at(0))); }
    ProducerEpoch epoch() const {
        return ProducerEpoch(static_cast<std::int16_t>(std::stoi(split(words_.at(2), '/').at(1))));
    }
    Partitions partitions() const {
        Partitions all;
        for (std::size_t i = 3; i < words_.size(); ++i) {
            const auto topic = split(words_[i], ':');
            for (const auto& index : split(topic.at(1), ',')) {
                add_partition(all, topic[0], PartitionIndex(std::stoi(index)));
            }
        }
        return all;
    }

    std::string tell() {
        std::ostringstream out;
        for (; records_told_ < shard_.log.size(); ++records_told_) tell_record(out);
        for (const auto& [number, reply] : shard_.replies) tell_reply(out, reply);
        shard_.replies.clear();
        if (shard_.orders.size() < orders_told_) orders_told_ = 0;
        for (; orders_told_ < shard_.orders.size(); ++orders_told_) {
            const auto& order = shard_.orders[orders_told_];
            out << "order " << order.transactional_id << " "
                << text_of(order.producer_id, order.producer_epoch)
                << (order.result == EndResult::commit ? " commit" : " abort")
                << text_of(order.partitions) << "\n";
        }
        return out.str();
    }

    void tell_record(std::ostringstream& out) {
        const auto& [key, value] = shard_.log[records_told_];
        const auto record =
            read_record({key, value ? std::optional<ByteView>(*value) : std::nullopt});
        out << "record " << record->transactional_id;
        if (!record->transaction) {
            out << " tombstone\n";
            return;
        }
        const auto& now = *record->transaction;
        out << " " << status_name(now.status) << " "
            << text_of(now.producer_id, now.producer_epoch);
        if (now.next_producer_id != kNoProducerId) out << " next " << now.next_producer_id.value();
        out << text_of(now.partitions) << "\n";
    }

    static void tell_reply(std::ostringstream& out, const Reply& reply) {
        if (reply.needs_producer_id) return;
        out << "reply " << error_name(reply.error);
        if (reply.producer_id != kNoProducerId) {
            out << " " << text_of(reply.producer_id, reply.producer_epoch);
        }
        if (!reply.missing.empty()) out << " missing" << text_of(reply.missing);
        for (const auto& found : reply.transactions) {
            out << " " << found.status << " " << text_of(found.producer_id, found.producer_epoch)
                << text_of(found.partitions);
        }
        out << "\n";
    }

    TestShard shard_;
    Words words_;
    std::size_t records_told_ = 0;
    std::size_t orders_told_ = 0;
};

void run_script(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::string before, after;
    Script script;
    for (std::string line; std::getline(in, line);) {
        before += line + "\n";
        if (line.starts_with("#")) {
            after += line + "\n";
        } else if (line.starts_with("> ")) {
            after += line + "\n" + script.run(line.substr(2));
        }
    }
    if (std::getenv("REWRITE") != nullptr) {
        std::ofstream(path) << after;
    } else {
        EXPECT_EQ(after, before) << path << ": REWRITE=1 accepts what happened";
    }
}

TEST(TransactionScripts, HappenAsWritten) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(MILENA_SOURCE_DIR "/tests/script/txn")) {
        if (entry.path().extension() != ".txt") continue;
        run_script(entry.path());
        ++count;
    }
    EXPECT_GE(count, 5U);
}

}  // namespace
}  // namespace milena::coordinator::txn
