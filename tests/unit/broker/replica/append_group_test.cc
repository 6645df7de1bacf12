// A group of batches must end exactly as its batches would one after another.
#include "broker/replica/flusher.h"
#include "broker/replica/partition.h"
#include "log/posix_disk.h"
#include "protocol/record/batch_builder.h"
#include "tests/unit/broker/support/clocks.h"

#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

struct Batch {
    std::vector<std::uint8_t> bytes;
    Acks acks = Acks::all;
};

// What a client and a reader can tell of an append.
struct Seen {
    ErrorCode error = ErrorCode::NONE;
    Offset base_offset;
    Offset wait_for;
    bool duplicate = false;
    bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << "error " << static_cast<int>(seen.error) << " at " << seen.base_offset.value()
               << " waits for " << seen.wait_for.value() << (seen.duplicate ? " duplicate" : "");
}

Seen seen(const Result<AppendOutcome>& outcome) {
    if (!outcome) return {outcome.error().code, kNoOffset, kNoOffset, false};
    return {ErrorCode::NONE, outcome->base_offset, outcome->wait_for,
            outcome->duplicate_timestamp.has_value()};
}

struct AppendGroupTest : testing::Test {
    void SetUp() override {
        char pattern[] = "/tmp/milena-group-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
    }
    void TearDown() override { (void)log::remove_tree(disk, directory); }

    std::shared_ptr<Partition> open(const std::string& name, std::uint32_t segment_bytes,
                                    std::vector<BrokerId> replicas = {BrokerId(1)}) {
        auto settings = std::make_shared<TopicSettings>();
        settings->log.segment_bytes = segment_bytes;
        settings->replication.durability = partition::Durability::disk;
        settings->replication.min_isr = min_isr;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = now();
        auto opened = log::PartitionLog::open(disk, directory + "/" + name, options);
        EXPECT_TRUE(opened) << opened.error().detail;
        auto made = std::make_shared<Partition>(PartitionName{name, TopicId(Uuid{1, 2}), {}},
                                                BrokerId(1), std::move(*opened), settings, flusher);
        made->become_leader({LeaderEpoch(3), PartitionEpoch(0), replicas, {BrokerId(1)}}, Offset(0),
                            clock.now());
        return made;
    }

    log::LogTime now() const { return {clock.wall_now(), clock.now()}; }

    Batch batch(int records, BatchTraits traits = {}, Acks acks = Acks::all) {
        builder.reset(traits);
        for (int i = 0; i < records; ++i) {
            builder.add(clock.wall_now(), NullableBytes(), NullableBytes(as_bytes("value")));
        }
        const auto bytes = builder.finish();
        return {{bytes.begin(), bytes.end()}, acks};
    }
    static BatchTraits of(std::int64_t producer, std::int32_t sequence, std::int16_t epoch = 0) {
        BatchTraits traits;
        traits.producer_id = ProducerId(producer);
        traits.producer_epoch = ProducerEpoch(epoch);
        traits.base_sequence = Sequence(sequence);
        return traits;
    }

    std::vector<Seen> one_by_one(Partition& partition, std::vector<Batch> batches) {
        std::vector<Seen> out;
        for (auto& b : batches) {
            out.push_back(
                seen(partition.append(b.bytes, b.acks, log::AppendOrigin::client, now())));
        }
        return out;
    }
    std::vector<Seen> together(Partition& partition, const std::vector<Batch>& batches) {
        AppendGroup group;
        for (const auto& b : batches) group.add(b.bytes, b.acks);
        partition.append_group(group, now());
        std::vector<Seen> out;
        for (const auto& member : group.members()) out.push_back(seen(member.outcome));
        return out;
    }
    // Everything a consumer can read, whatever segments it lies in.
    std::vector<std::uint8_t> content(Partition& partition) {
        std::vector<std::uint8_t> all;
        for (Offset at(0);;) {
            ReadRequest request;
            request.from = at;
            request.max_bytes = 1 << 20;
            const auto outcome = partition.read(request);
            EXPECT_TRUE(outcome) << outcome.error().detail;
            if (!outcome) break;
            if (at == outcome->high_watermark) break;
            const auto& slice = outcome->records.slice;
            EXPECT_GT(slice.length, 0U);
            if (slice.length == 0) break;
            const auto before = all.size();
            all.resize(before + slice.length);
            EXPECT_EQ(slice.source->read_some(slice.position, MutableBytes(all).subspan(before)),
                      static_cast<std::int64_t>(slice.length));
            BatchSplitter batches(ByteView(all).subspan(before));
            while (batches.next()) at = batches.batch().last_offset() + 1;
        }
        return all;
    }

    StandingClock clock;
    log::PosixDisk disk;
    std::string directory;
    std::int32_t min_isr = 1;
    Flusher flusher{disk, clock, [](Flusher::Job) {}};
    BatchBuilder builder;
};

TEST_F(AppendGroupTest, NeighboursGetOffsetsOneAfterAnother) {
    const auto partition = open("t-0", 1 << 20);
    const auto outcomes = together(*partition, {batch(3), batch(1, {}, Acks::leader), batch(5)});
    EXPECT_EQ(outcomes, (std::vector<Seen>{{ErrorCode::NONE, Offset(0), Offset(3), false},
                                           {ErrorCode::NONE, Offset(3), kNoOffset, false},
                                           {ErrorCode::NONE, Offset(4), Offset(9), false}}));
}

TEST_F(AppendGroupTest, ARepeatedBatchInTheSameGroupIsADuplicate) {
    const auto partition = open("t-0", 1 << 20);
    const auto outcomes =
        together(*partition, {batch(2, of(7, 0)), batch(2, of(7, 0)), batch(1, of(7, 2))});
    EXPECT_EQ(outcomes, (std::vector<Seen>{{ErrorCode::NONE, Offset(0), Offset(2), false},
                                           {ErrorCode::NONE, Offset(0), Offset(2), true},
                                           {ErrorCode::NONE, Offset(2), Offset(3), false}}));
}

TEST_F(AppendGroupTest, AGapInAProducersSequenceRefusesOnlyWhatComesAfterIt) {
    const auto partition = open("t-0", 1 << 20);
    const auto outcomes = together(
        *partition, {batch(1, of(7, 0)), batch(1, of(7, 5)), batch(1), batch(1, of(7, 1))});
    EXPECT_EQ(outcomes[1].error, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    EXPECT_EQ(outcomes[2].base_offset, Offset(1));
    EXPECT_EQ(outcomes[3].base_offset, Offset(2));
}

TEST_F(AppendGroupTest, TooFewReplicasRefuseThoseThatAskForAll) {
    min_isr = 2;
    const auto partition = open("t-0", 1 << 20, {BrokerId(1), BrokerId(2)});
    const auto outcomes =
        together(*partition, {batch(1, {}, Acks::leader), batch(1), batch(1, {}, Acks::leader)});
    EXPECT_EQ(outcomes[0].base_offset, Offset(0));
    EXPECT_EQ(outcomes[1].error, ErrorCode::NOT_ENOUGH_REPLICAS);
    EXPECT_EQ(outcomes[2].base_offset, Offset(1));
}

TEST_F(AppendGroupTest, AClosedPartitionRefusesAll) {
    const auto partition = open("t-0", 1 << 20);
    ASSERT_TRUE(partition->close(Partition::Closing::clean, now()));
    for (const auto& outcome : together(*partition, {batch(1), batch(1)})) {
        EXPECT_EQ(outcome.error, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    }
}

TEST_F(AppendGroupTest, EndsAsItsBatchesWouldOneByOne) {
    const auto seed = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int round = 0; round < 30; ++round) {
        const auto segment_bytes = static_cast<std::uint32_t>(300 + below(3000));
        const auto name = std::to_string(round);
        const auto reference = open("r-" + name, segment_bytes);
        const auto subject = open("s-" + name, segment_bytes);
        std::vector<std::int32_t> next(3, 0);
        for (int step = 0; step < 20; ++step) {
            std::vector<Batch> batches;
            for (int i = below(8); i >= 0; --i) {
                const int records = 1 + below(4);
                const auto acks = below(3) == 0 ? Acks::leader : Acks::all;
                const auto who = static_cast<std::size_t>(below(4));
                if (who == 3) {
                    batches.push_back(batch(records, {}, acks));
                    continue;
                }
                // Mostly the next sequence; at times one that came before, or that comes too early.
                auto sequence = next[who];
                if (below(6) == 0) sequence = std::max(0, sequence + below(7) - 3);
                if (sequence == next[who]) next[who] += records;
                batches.push_back(
                    batch(records, of(static_cast<std::int64_t>(who) + 1, sequence), acks));
            }
            const auto expected = one_by_one(*reference, batches);
            ASSERT_EQ(together(*subject, batches), expected)
                << "round " << round << " step " << step;
        }
        ASSERT_EQ(content(*subject), content(*reference)) << "round " << round;
    }
}

}  // namespace
}  // namespace milena::replica
