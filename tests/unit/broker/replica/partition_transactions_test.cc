#include "broker/replica/flusher.h"
#include "broker/replica/partition.h"
#include "log/posix_disk.h"
#include "log/producer_state.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "tests/unit/broker/support/clocks.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

constexpr ProducerId kProducer{7};

struct PartitionTransactions : testing::Test {
    using Kind = Verification::Kind;

    void SetUp() override {
        char pattern[] = "/tmp/milena-transactions-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory = pattern;
        open();
    }
    void TearDown() override {
        subject.reset();
        (void)log::remove_tree(disk, directory);
    }
    // Also after a crash: what was written is there, nothing was closed.
    void open() {
        subject.reset();
        auto settings = std::make_shared<TopicSettings>();
        settings->replication.durability = partition::Durability::page_cache;
        log::OpenOptions options;
        options.settings = settings->log;
        options.now = now();
        auto opened = log::PartitionLog::open(disk, directory + "/t-0", options);
        ASSERT_TRUE(opened) << opened.error().detail;
        subject = std::make_shared<Partition>(PartitionName{"t", TopicId(Uuid{1, 2}), {}},
                                              BrokerId(1), std::move(*opened), settings, flusher);
        subject->become_leader(
            {LeaderEpoch(++epoch), PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}}, Offset(0),
            clock.now());
    }
    log::LogTime now() const { return {clock.wall_now(), clock.now()}; }

    MutableBytes batch(std::int16_t producer_epoch, std::int32_t sequence,
                       bool transactional = true, ProducerId id = kProducer) {
        BatchTraits traits;
        traits.producer_id = id;
        traits.producer_epoch = ProducerEpoch(producer_epoch);
        traits.base_sequence = Sequence(sequence);
        traits.transactional = transactional;
        builder.reset(traits);
        builder.add(clock.wall_now(), NullableBytes(), NullableBytes(as_bytes("value")));
        return builder.finish();
    }
    std::optional<Verification> begin(MutableBytes bytes, Kind kind = Kind::added) {
        const BatchView view(bytes);
        return subject->begin_verification(view.producer_id(), view.producer_epoch(),
                                           view.base_sequence(), kind);
    }
    ErrorCode append(MutableBytes bytes, Verification verification = {}) {
        const auto outcome =
            subject->append(bytes, Acks::all, log::AppendOrigin::client, now(), verification);
        return outcome ? ErrorCode::NONE : outcome.error().code;
    }
    // As a produce does whose coordinator agrees.
    ErrorCode produce(std::int16_t producer_epoch, std::int32_t sequence, Kind kind = Kind::added,
                      ProducerId id = kProducer) {
        const auto bytes = batch(producer_epoch, sequence, true, id);
        const auto verification = begin(bytes, kind);
        const auto error = append(bytes, verification.value_or(Verification{}));
        if (verification) subject->end_verification(*verification);
        return error;
    }
    ErrorCode end(std::int16_t producer_epoch, ControlType type, bool raises_epoch = false,
                  std::int32_t coordinator_epoch = 1, ProducerId id = kProducer) {
        const auto outcome = subject->append_marker(
            {id, ProducerEpoch(producer_epoch), {type, coordinator_epoch}, raises_epoch}, now());
        return outcome ? ErrorCode::NONE : outcome.error().code;
    }
    ReadOutcome read(partition::Reader reader, std::int64_t from = 0) {
        ReadRequest request;
        request.from = Offset(from);
        request.max_bytes = 1 << 20;
        request.reader = reader;
        auto outcome = subject->read(request);
        EXPECT_TRUE(outcome) << outcome.error().detail;
        return std::move(*outcome);
    }

    StandingClock clock;
    log::PosixDisk disk;
    std::string directory;
    Flusher flusher{disk, clock, [](Flusher::Job) {}};
    BatchBuilder builder;
    int epoch = 0;
    std::shared_ptr<Partition> subject;
};

TEST_F(PartitionTransactions, ABatchNeedsATransactionThatIsOpenHereOrAVerification) {
    EXPECT_EQ(append(batch(0, 0)), ErrorCode::INVALID_TXN_STATE);
    EXPECT_EQ(produce(0, 0), ErrorCode::NONE);
    EXPECT_EQ(append(batch(0, 1)), ErrorCode::NONE) << "its transaction is open here by now";
    EXPECT_FALSE(begin(batch(0, 2)));
}

TEST_F(PartitionTransactions, TheEndOfATransactionVoidsWhatWasVerifiedBefore) {
    const auto late = begin(batch(0, 0));
    ASSERT_TRUE(late);
    EXPECT_EQ(end(0, ControlType::abort), ErrorCode::NONE);
    EXPECT_EQ(append(batch(0, 0), *late), ErrorCode::INVALID_TXN_STATE)
        << "it would begin a transaction that nobody ends";
    subject->end_verification(*late);
    EXPECT_EQ(produce(0, 0), ErrorCode::NONE);
}

// The client goes on with the raised epoch as soon as the end is decided, before it is written
// here.
TEST_F(PartitionTransactions, TheEndOfATransactionSparesWhatTheNextOneVerifies) {
    ASSERT_EQ(produce(0, 0, Kind::implicit), ErrorCode::NONE);
    const auto next = begin(batch(1, 0), Kind::implicit);
    ASSERT_TRUE(next);
    ASSERT_EQ(end(1, ControlType::commit, true), ErrorCode::NONE);
    EXPECT_EQ(append(batch(1, 0), *next), ErrorCode::NONE);
    subject->end_verification(*next);
    ASSERT_EQ(end(2, ControlType::commit, true), ErrorCode::NONE);

    const auto late = begin(batch(2, 0), Kind::implicit);
    ASSERT_TRUE(late);
    ASSERT_EQ(end(3, ControlType::abort, true), ErrorCode::NONE);
    EXPECT_EQ(append(batch(2, 0), *late), ErrorCode::INVALID_PRODUCER_EPOCH)
        << "it would begin a transaction that nobody ends";
    subject->end_verification(*late);
}

TEST_F(PartitionTransactions, VerificationsOfOneProducerStandAndFallTogether) {
    const auto first = begin(batch(0, 0));
    const auto second = begin(batch(0, 1));
    ASSERT_TRUE(first && second);
    subject->end_verification(*first);
    EXPECT_EQ(append(batch(0, 1), *second), ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        << "the batch before it has not been written";
    EXPECT_EQ(append(batch(0, 0), *second), ErrorCode::NONE);
    subject->end_verification(*second);
    EXPECT_EQ(append(batch(1, 0), *second), ErrorCode::INVALID_TXN_STATE) << "all have ended";
}

TEST_F(PartitionTransactions, AnImplicitlyAddedPartitionBeginsAtSequence0) {
    EXPECT_EQ(produce(0, 5, Kind::implicit), ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    EXPECT_EQ(produce(0, 0, Kind::implicit), ErrorCode::NONE);
    EXPECT_EQ(produce(0, 5, Kind::added, ProducerId(8)), ErrorCode::NONE)
        << "its state may have expired";
}

TEST_F(PartitionTransactions, WithoutVerificationNobodyIsAsked) {
    EXPECT_EQ(append(batch(0, 0), {Kind::disabled, kNoProducerId, 0}), ErrorCode::NONE);
}

TEST_F(PartitionTransactions, ReadCommittedEndsAtTheFirstOpenTransactionAndNamesAborted) {
    const ProducerId other{8};
    ASSERT_EQ(produce(0, 0), ErrorCode::NONE);                      // 0
    ASSERT_EQ(produce(0, 0, Kind::added, other), ErrorCode::NONE);  // 1
    EXPECT_TRUE(read(partition::Reader::committed).records.empty());
    ASSERT_EQ(end(0, ControlType::abort), ErrorCode::NONE);  // 2

    auto seen = read(partition::Reader::committed);
    EXPECT_EQ(seen.last_stable_offset, Offset(1));
    EXPECT_EQ(seen.high_watermark, Offset(3));
    ASSERT_EQ(seen.aborted->size(), 1U);
    EXPECT_EQ(seen.aborted->front().producer_id, kProducer);
    EXPECT_EQ(seen.aborted->front().first_offset, Offset(0));

    ASSERT_EQ(end(0, ControlType::commit, false, 1, other), ErrorCode::NONE);  // 3
    seen = read(partition::Reader::committed);
    EXPECT_EQ(seen.last_stable_offset, Offset(4));
    EXPECT_EQ(seen.aborted->size(), 1U);
    EXPECT_FALSE(read(partition::Reader::uncommitted).aborted);

    Codecs codecs;
    ASSERT_EQ(produce(0, 1), ErrorCode::NONE);  // 4, open
    const auto latest = [&](partition::Reader reader) {
        return subject
            ->find_offset(OffsetQuery::latest, kNoTimestamp, reader, kNoLeaderEpoch, codecs)
            ->offset;
    };
    EXPECT_EQ(latest(partition::Reader::committed), Offset(4));
    EXPECT_EQ(latest(partition::Reader::uncommitted), Offset(5));
}

TEST_F(PartitionTransactions, ACrashForgetsNothing) {
    ASSERT_EQ(produce(3, 0), ErrorCode::NONE);
    ASSERT_EQ(end(3, ControlType::abort, false, 9), ErrorCode::NONE);
    ASSERT_EQ(produce(3, 1), ErrorCode::NONE);
    open();
    const auto seen = read(partition::Reader::committed);
    EXPECT_EQ(seen.last_stable_offset, Offset(2));
    EXPECT_EQ(seen.aborted->size(), 1U);
    EXPECT_EQ(append(batch(3, 2)), ErrorCode::NONE) << "the transaction is still open";
    EXPECT_EQ(end(3, ControlType::abort, false, 8), ErrorCode::TRANSACTION_COORDINATOR_FENCED);
    EXPECT_EQ(end(2, ControlType::abort, false, 9), ErrorCode::INVALID_PRODUCER_EPOCH);
    EXPECT_EQ(end(4, ControlType::commit, true, 9), ErrorCode::NONE);
}

// The rules for markers, by transaction.version (semantics C8).
TEST_F(PartitionTransactions, MarkersAreFencedByEpoch) {
    ASSERT_EQ(produce(5, 0), ErrorCode::NONE);
    EXPECT_EQ(end(5, ControlType::commit, true), ErrorCode::INVALID_PRODUCER_EPOCH)
        << "with version 2 the end has the next epoch";
    EXPECT_EQ(end(6, ControlType::commit, true), ErrorCode::NONE);
    EXPECT_EQ(end(6, ControlType::commit, true), ErrorCode::NONE) << "sent again";
    EXPECT_EQ(end(5, ControlType::commit, false), ErrorCode::INVALID_PRODUCER_EPOCH);
    EXPECT_EQ(append(batch(5, 1)), ErrorCode::INVALID_PRODUCER_EPOCH) << "a zombie";
    EXPECT_EQ(produce(6, 0), ErrorCode::NONE);
    EXPECT_EQ(end(6, ControlType::commit, false), ErrorCode::NONE) << "version 0 keeps the epoch";
}

TEST_F(PartitionTransactions, DescribesItsProducers) {
    ASSERT_EQ(produce(0, 0), ErrorCode::NONE);
    ASSERT_EQ(append(batch(2, 4, false, ProducerId(3))), ErrorCode::NONE);
    ASSERT_EQ(end(6, ControlType::abort, true, 17, ProducerId(9)), ErrorCode::NONE);
    const auto producers = subject->describe_producers();
    ASSERT_TRUE(producers);
    ASSERT_EQ(producers->size(), 3U);
    EXPECT_EQ((*producers)[0].id, ProducerId(3));
    EXPECT_EQ((*producers)[0].last_sequence, Sequence(4));
    EXPECT_EQ((*producers)[0].current_txn_start, kNoOffset);
    EXPECT_EQ((*producers)[1].id, kProducer);
    EXPECT_EQ((*producers)[1].current_txn_start, Offset(0));
    EXPECT_EQ((*producers)[2].coordinator_epoch, 17);
    EXPECT_EQ((*producers)[2].last_sequence, kNoSequence);
}

}  // namespace
}  // namespace milena::replica
