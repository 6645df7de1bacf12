// Random operations on the machine and on a naive model of it, with failovers and compactions.
// MILENA_TXN_OPS: how many (default 20,000); MILENA_SEED: where to begin, to replay a failure.
#include "tests/unit/broker/coordinator/txn/test_shard.h"

#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

namespace milena::coordinator::txn {
namespace {

// What one transactional id should be: written from the rules, not from the machine.
struct Model {
    enum class At { idle, committed, aborted, open, committing, aborting };

    bool known = false;
    At at = At::idle;
    std::int64_t id = -1;
    std::int64_t previous = -1;
    std::int64_t next = -1;
    int epoch = -1;
    int last_epoch = -1;  // lost by a failover
    Partitions partitions;

    bool ending() const { return at == At::committing || at == At::aborting; }
    bool exhausted() const { return epoch >= 32766; }

    void forget_epoch() { last_epoch = -1; }

    ErrorCode init(std::int64_t expected, int expected_epoch, std::int64_t fresh) {
        if (!known) {
            *this = Model{};
            known = true;
            id = fresh;
            epoch = 0;
            return ErrorCode::NONE;
        }
        if (ending()) return ErrorCode::CONCURRENT_TRANSACTIONS;
        const bool mine =
            expected == -1 || expected == id || (expected == previous && expected_epoch == 32766);
        if (!mine) return ErrorCode::PRODUCER_FENCED;
        if (at == At::open) {
            at = At::aborting;
            ++epoch;
            last_epoch = -1;
            return ErrorCode::CONCURRENT_TRANSACTIONS;
        }
        if (exhausted() && (expected == -1 || expected_epoch == epoch)) {
            previous = id;
            id = fresh;
            last_epoch = expected == -1 ? -1 : epoch;
            epoch = 0;
        } else if (expected == -1 || expected_epoch == epoch) {
            last_epoch = expected == -1 ? -1 : epoch;
            ++epoch;
        } else if (expected_epoch != last_epoch) {
            return ErrorCode::PRODUCER_FENCED;
        }
        at = At::idle;
        return ErrorCode::NONE;
    }

    ErrorCode add(std::int64_t who, int who_epoch, const Partitions& more) {
        if (!known) return ErrorCode::INVALID_PRODUCER_ID_MAPPING;
        if (ending()) return ErrorCode::CONCURRENT_TRANSACTIONS;
        if (who != id) return ErrorCode::INVALID_PRODUCER_ID_MAPPING;
        if (who_epoch != epoch || epoch == 32767) return ErrorCode::PRODUCER_FENCED;
        at = At::open;
        for (const auto& [topic, indexes] : more) {
            for (const auto index : indexes) add_partition(partitions, topic, index);
        }
        return ErrorCode::NONE;
    }

    ErrorCode end(std::int64_t who, int who_epoch, bool commit, bool bumps, std::int64_t fresh) {
        if (!known) return ErrorCode::INVALID_PRODUCER_ID_MAPPING;
        if (ending()) return ErrorCode::CONCURRENT_TRANSACTIONS;
        const auto done = commit ? At::committed : At::aborted;
        const bool again =
            bumps && ((who == id && who_epoch + 1 == epoch) ||
                      (who == previous && who_epoch == 32766 && epoch == 0 && who != id));
        if (who != id && !again) return ErrorCode::INVALID_PRODUCER_ID_MAPPING;
        if (again) {
            const bool over = at == At::committed || at == At::aborted;
            if (!over) return ErrorCode::PRODUCER_FENCED;
            return at == done ? ErrorCode::NONE : ErrorCode::INVALID_TXN_STATE;
        }
        if (who_epoch != epoch || epoch == 32767) return ErrorCode::PRODUCER_FENCED;
        if (at != At::open) {
            if (!bumps) return at == done ? ErrorCode::NONE : ErrorCode::INVALID_TXN_STATE;
            if (commit) return ErrorCode::INVALID_TXN_STATE;
        }
        if (bumps) {
            if (exhausted()) next = fresh;
            last_epoch = epoch;
            ++epoch;
        }
        at = commit ? At::committing : At::aborting;
        return ErrorCode::NONE;
    }

    void markers_written() {
        at = at == At::committing ? At::committed : At::aborted;
        partitions.clear();
        if (next == -1) return;
        previous = id;
        id = next;
        epoch = 0;
        next = -1;
    }
};

class RandomRun {
  public:
    explicit RandomRun(std::uint64_t seed) : chance_(seed), shard_(seed, settings()) {
        // Some begin near the end of their epochs.
        for (int i = 0; i < 3; ++i) {
            Transaction worn;
            worn.producer_id = shard_.fresh_id();
            worn.producer_epoch = ProducerEpoch(static_cast<std::int16_t>(32760 + i));
            worn.timeout = Millis(60'000);
            shard_.put(name(i), worn);
            auto& model = models_[name(i)];
            model.known = true;
            model.id = worn.producer_id.value();
            model.epoch = worn.producer_epoch.value();
        }
    }

    void step() {
        const auto id = name(static_cast<int>(chance_.below(8)));
        switch (chance_.below(20)) {
            case 0:
            case 1:
                return init(id);
            case 2:
                return fail_over();
            case 3:
                return shard_.compact(chance_.below(shard_.log.size() + 1));
            case 4:
            case 5:
            case 6:
            case 7:
                return write_markers();
            case 8:
            case 9:
            case 10:
            case 11:
            case 12:
            case 13:
                return add(id);
            default:
                return end(id);
        }
    }

    // The machine is the fold of its log, and knows what the model knows.
    void check() const {
        const auto fold = shard_.fold();
        ASSERT_EQ(fold.size(), shard_.state().transactions.size());
        for (const auto& [id, transaction] : shard_.state().transactions) {
            auto durable = transaction;
            durable.soft = {};
            EXPECT_EQ(fold.at(id), durable) << id;
            const auto& model = models_.at(id);
            EXPECT_EQ(transaction.producer_id.value(), model.id) << id;
            EXPECT_EQ(transaction.producer_epoch.value(), model.epoch) << id;
            EXPECT_EQ(transaction.partitions, model.partitions) << id;
            EXPECT_EQ(transaction.is_ending(), model.ending()) << id;
            EXPECT_EQ(transaction.status == Status::ongoing, model.at == Model::At::open) << id;
        }
    }

  private:
    static Settings settings() {
        Settings settings;
        settings.wait = Millis(0);
        return settings;
    }
    static std::string name(int i) { return "id-" + std::to_string(i); }

    // Mostly who the producer is, sometimes who it was or never was.
    std::pair<std::int64_t, int> somebody(const Model& model) {
        const auto id = chance_.below(12) == 0 ? model.previous : model.id;
        const int off = chance_.below(6) == 0 ? static_cast<int>(chance_.below(4)) - 2 : 0;
        const int epoch = chance_.below(12) == 0 ? 32766 : std::max(0, model.epoch + off);
        return {id, std::min(epoch, 32767)};
    }

    void expect(const std::optional<Reply>& reply, ErrorCode error, const char* what) {
        ASSERT_TRUE(reply) << what;
        ASSERT_EQ(error_name(reply->error), error_name(error)) << what;
    }

    void init(const std::string& id) {
        auto& model = models_[id];
        InitProducer request;
        request.transactional_id = id;
        request.timeout = Millis(60'000);
        request.fresh_id = shard_.fresh_id();
        if (model.known && chance_.below(2) == 0) {
            const auto [who, epoch] = somebody(model);
            if (who != -1) {
                request.expected_id = ProducerId(who);
                request.expected_epoch = ProducerEpoch(static_cast<std::int16_t>(epoch));
            }
        }
        const auto error = model.init(request.expected_id.value(), request.expected_epoch.value(),
                                      request.fresh_id.value());
        const auto reply = shard_.ask(request);
        expect(reply, error, "init");
        if (error != ErrorCode::NONE || !reply) return;
        EXPECT_EQ(reply->producer_id.value(), model.id);
        EXPECT_EQ(reply->producer_epoch.value(), model.epoch);
    }

    void add(const std::string& id) {
        auto& model = models_[id];
        const auto [who, epoch] = somebody(model);
        Partitions more;
        for (std::uint64_t i = 0; i <= chance_.below(3); ++i) {
            add_partition(more, chance_.below(2) == 0 ? "a" : "b",
                          PartitionIndex(static_cast<std::int32_t>(chance_.below(4))));
        }
        const auto error = model.add(who, epoch, more);
        expect(shard_.add(id, ProducerId(who), static_cast<std::int16_t>(epoch), more,
                          chance_.below(2) == 0 ? ClientVersion::implicit : ClientVersion::classic),
               error, "add");
    }

    void end(const std::string& id) {
        auto& model = models_[id];
        const auto [who, epoch] = somebody(model);
        EndTransaction request;
        request.transactional_id = id;
        request.producer_id = ProducerId(who);
        request.producer_epoch = ProducerEpoch(static_cast<std::int16_t>(epoch));
        request.result = chance_.below(2) == 0 ? EndResult::commit : EndResult::abort;
        request.client_version =
            chance_.below(2) == 0 ? ClientVersion::implicit : ClientVersion::classic;
        request.fresh_id = shard_.fresh_id();
        const auto error =
            model.end(who, epoch, request.result == EndResult::commit,
                      request.client_version == ClientVersion::implicit, request.fresh_id.value());
        expect(shard_.ask(request), error, "end");
    }

    void write_markers() {
        for (const auto& order : shard_.orders) {
            auto& model = models_.at(order.transactional_id);
            ASSERT_TRUE(model.ending());
            EXPECT_EQ(order.result == EndResult::commit, model.at == Model::At::committing);
            EXPECT_EQ(order.partitions, model.partitions);
            EXPECT_EQ(order.producer_id.value(), model.id);
            EXPECT_EQ(order.producer_epoch.value(), model.epoch);
            model.markers_written();
        }
        shard_.write_markers();
        shard_.written.clear();
        shard_.replies.clear();
    }

    void fail_over() {
        shard_.fail_over();
        for (auto& [id, model] : models_) model.forget_epoch();
    }

    SeededRandom chance_;
    TestShard shard_;
    std::map<std::string, Model, std::less<>> models_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(TransactionModel, AgreesWithTheMachineWhateverHappens) {
    const auto ops = from_environment("MILENA_TXN_OPS", 20'000);
    const auto seed = from_environment("MILENA_SEED", 1);
    std::cout << "replay with MILENA_SEED=" << seed << " MILENA_TXN_OPS=" << ops << '\n';
    std::uint64_t done = 0;
    // Anew now and then, so that epochs near their end come up again.
    for (std::uint64_t round = 0; done < ops && !testing::Test::HasFailure(); ++round) {
        RandomRun run(seed + round);
        for (int i = 0; i < 5'000 && done < ops; ++i, ++done) {
            run.step();
            if (done % 1'000 == 0) run.check();
            if (testing::Test::HasFailure()) {
                FAIL() << "seed " << seed << " round " << round << " step " << i;
            }
        }
        run.check();
    }
}

}  // namespace
}  // namespace milena::coordinator::txn
