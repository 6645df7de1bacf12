// One partition of this node: the monitor around its log and its machine.
//
// M1 short: the lock is never held across a sync of data, a network wait or another partition's
//    lock. Two syncs of the directory happen under it when a compacted segment takes its place.
// M2 together: log and machine change under the same lock, so log end and high watermark agree.
// M3 told: whoever parks here is woken by every change that can complete what it waits for.
//
// A partition is dormant until somebody needs its log: it has a place on disk and perhaps a leader
// epoch, but no log and no machine that leads. Whoever needs them opens the log first, under the
// lock; when that fails the partition stays dormant and the next one tries again. One that has
// other replicas is needed by them, so it does not stay dormant.
//
// Driven by api/ (append, read, lookups), by TopicPublisher (roles, settings, end), by the flusher
// (syncs), and where there are several replicas by Replication (what was fetched, answers of the
// controller, time). All functions may be called from any thread.
#pragma once

#include "broker/purgatory/waiter.h"
#include "broker/replica/append.h"
#include "broker/replica/log_source.h"
#include "broker/replica/partition_watcher.h"
#include "broker/replica/spinning_mutex.h"
#include "broker/replica/topic_settings.h"
#include "broker/replica/verification.h"
#include "log/cleaner/clean_range.h"
#include "log/partition_log.h"
#include "protocol/base/error.h"
#include "protocol/base/shared_cell.h"
#include "replication/partition/access.h"
#include "replication/partition/partition.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena {
class Codecs;
}

namespace milena::log {
struct CleanedSegment;
struct CleaningPlan;
}  // namespace milena::log

namespace milena::replica {

class Flusher;

// Where a client should go instead, for errors that may say so.
struct LeaderHint {
    BrokerId id = kNoBroker;
    LeaderEpoch epoch = kNoLeaderEpoch;
};

// What the cluster metadata says of a partition that this broker leads.
struct Leadership {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    // Those that hold the replicas; needed for more than one only.
    std::vector<partition::BrokerView> brokers{};
};

// The same of a partition that another broker leads, or nobody (kNoBroker).
struct Followership {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    BrokerId leader = kNoBroker;
};

// What this replica is to fetch, and from whom.
struct FollowedPartition {
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    // nullopt: its log has to be synced or cut first.
    std::optional<partition::FetchPosition> position;
    bool log_failed = false;  // it takes nothing any more
    bool throttled = false;
};

// What the leader answered to a fetch from `asked` on, without an error.
struct FetchedData {
    partition::FetchPosition asked;
    Offset high_watermark = kNoOffset;
    Offset log_start = kNoOffset;
    std::optional<partition::EpochEnd> diverging;
    ByteView records;  // batches whose CRC is right; the last one may be cut
};

// Another broker that fetches as a replica.
struct ReplicaFetch {
    BrokerId replica;
    BrokerEpoch broker_epoch{-1};  // -1: not told
    Offset log_start = kNoOffset;
};

struct ReadRequest {
    Offset from;
    std::uint64_t max_bytes = 0;
    log::FirstBatch first = log::FirstBatch::within_limit;
    partition::Reader reader = partition::Reader::uncommitted;
    LeaderEpoch current_leader_epoch = kNoLeaderEpoch;  // kNoLeaderEpoch: no check
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;    // kNoLeaderEpoch: no check
    bool leader_only = true;                            // a follower may not answer
    // A leader answers within its lease only; `now` counts.
    bool within_lease = false;
    // Where the consumer is, when it is to be sent to a replica in the same rack (KIP-392).
    std::string_view rack{};
    MonoTime now{};
};

struct ReadOutcome {
    log::ReadResult records;
    Offset log_end = kNoOffset;
    Offset high_watermark = kNoOffset;
    Offset last_stable_offset = kNoOffset;
    Offset log_start_offset = kNoOffset;
    // Only for read_committed readers, and then possibly empty.
    std::optional<std::vector<log::AbortedTransaction>> aborted;
    // The reader's log departs from ours here (KIP-595): no records then.
    std::optional<log::EpochEndOffset> diverging;
    // Who is to be asked instead; no records then.
    BrokerId preferred_replica = kNoBroker;
};

// What a leader of several replicas tells of them.
struct ReplicationView {
    bool leads = false;
    bool under_replicated = false;
    bool under_min_isr = false;
    Offset furthest_behind{0};  // how many offsets the last replica lacks
};

// What a partition remembers of a producer, for DescribeProducers.
struct ProducerDescription {
    ProducerId id;
    ProducerEpoch epoch;
    Sequence last_sequence;
    TimestampMs last_timestamp;
    std::int32_t coordinator_epoch;
    Offset current_txn_start;  // kNoOffset: none is open
};

// How far a deletion of records has come.
struct DeleteOutcome {
    LeaderEpoch epoch;
    Offset before;  // what is below is unreadable here
    // The start of the log on every live replica; the deletion is complete when it is no less.
    Offset low_watermark;

    bool is_complete() const { return low_watermark >= before; }
};

// Special timestamps of ListOffsets.
enum class OffsetQuery : std::uint8_t {
    latest,
    earliest,
    max_timestamp,
    earliest_local,
    latest_tiered,
    earliest_pending_upload,
    by_timestamp
};

class Partition final : public std::enable_shared_from_this<Partition> {
  public:
    // `watcher` may be null where no partition has a second replica; it outlives this otherwise.
    Partition(PartitionName name, BrokerId self, std::unique_ptr<log::PartitionLog> log,
              std::shared_ptr<const TopicSettings> settings, Flusher& flusher,
              PartitionWatcher* watcher = nullptr);
    // Dormant. `source` outlives the partition.
    Partition(PartitionName name, BrokerId self, const DormantLog& log, LogSource& source,
              std::shared_ptr<const TopicSettings> settings, Flusher& flusher,
              PartitionWatcher* watcher = nullptr);

    const PartitionName& name() const { return name_; }
    // Of a partition that has a LogSource.
    DirectoryIndex directory() const { return directory_; }
    std::shared_ptr<const TopicSettings> settings() const { return settings_.load(); }

    // --- Clients ---

    // Appends one checked batch (record/batch_check), patched in place. Errors: those of
    // partition::may_produce and of the producer's sequence, KAFKA_STORAGE_ERROR,
    // RECORD_LIST_TOO_LARGE. A transactional batch of a client needs a transaction open here, or a
    // `verification` that is still good: INVALID_TXN_STATE. Who decided what he writes under one
    // leadership says so with `expected`: NOT_LEADER_OR_FOLLOWER in any other epoch. So is a client
    // answered beyond the lease of this node.
    Result<AppendOutcome> append(MutableBytes batch, Acks acks, log::AppendOrigin origin,
                                 log::LogTime now, Verification verification = {},
                                 LeaderEpoch expected = kNoLeaderEpoch);
    // The same for each batch of `group`, in their order and with one write for as many as can be.
    // What became of each stands in its member.
    void append_group(AppendGroup& group, log::LogTime now);
    // Would append() for acks=all be let in now? The offset that it would give; or the error.
    Result<Offset> check_append(LeaderEpoch expected);
    // Is `outcome` acknowledged? false: not yet. Errors: NOT_LEADER_OR_FOLLOWER when the epoch
    // ended, NOT_ENOUGH_REPLICAS_AFTER_APPEND, KAFKA_STORAGE_ERROR when its sync failed.
    Result<bool> is_acknowledged(const AppendOutcome& outcome) const;

    // OFFSET_OUT_OF_RANGE, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER.
    Result<ReadOutcome> read(const ReadRequest& request);

    // `timestamp` counts for OffsetQuery::by_timestamp only. An absent answer is (-1, -1).
    Result<log::TimestampedOffset> find_offset(OffsetQuery query, TimestampMs timestamp,
                                               partition::Reader reader,
                                               LeaderEpoch current_leader_epoch, Codecs& codecs);
    Result<log::EpochEndOffset> epoch_end_offset(LeaderEpoch epoch,
                                                 LeaderEpoch current_leader_epoch);
    // Makes everything below `before` unreadable (kNoOffset: below the high watermark), here at
    // once. OFFSET_OUT_OF_RANGE, POLICY_VIOLATION (compacted only).
    Result<DeleteOutcome> delete_records(Offset before, MonoTime now);
    // How far it has come since. NOT_LEADER_OR_FOLLOWER when the epoch ended.
    Result<DeleteOutcome> look_again(const DeleteOutcome& deleted) const;
    LeaderHint leader() const;

    // --- Transactions (partition_transactions.cc) ---

    // Before the coordinator is asked whether the producer may write here: absent when its
    // transaction is open here, so that nobody need be asked. Each one that is given is ended once.
    // `sequence`: of the batch that is to be written, kNoSequence for a coordinator's.
    std::optional<Verification> begin_verification(ProducerId id, ProducerEpoch epoch,
                                                   Sequence sequence, Verification::Kind kind);
    void end_verification(Verification verification);
    // Writes the end of a transaction, for acks=all. Errors: those of partition::may_produce,
    // TRANSACTION_COORDINATOR_FENCED, INVALID_PRODUCER_EPOCH, KAFKA_STORAGE_ERROR. `expected` as in
    // append().
    Result<AppendOutcome> append_marker(const log::TransactionEnd& end, log::LogTime now,
                                        LeaderEpoch expected = kNoLeaderEpoch);
    // NOT_LEADER_OR_FOLLOWER.
    Result<std::vector<ProducerDescription>> describe_producers();

    // Woken when more can be read, when an append is acknowledged, or when leadership ends.
    // `seen`: the high watermark of the read that found too little; if it has moved since, the
    // waiter is woken at once.
    void park_reader(std::shared_ptr<Waiter> waiter, Offset seen);
    void unpark_reader(const Waiter* waiter);
    void park_producer(const AppendOutcome& outcome, std::shared_ptr<Waiter> waiter);
    // Woken when the low watermark moves or leadership ends.
    void park_deleter(const DeleteOutcome& deleted, std::shared_ptr<Waiter> waiter);
    void unpark_deleter(const Waiter* waiter);

    // --- Other replicas (partition_replicas.cc) ---

    // A fetch of another replica: what it asks for says how far it is. Errors: those of read(),
    // UNKNOWN_LEADER_EPOCH when that broker holds no replica.
    Result<ReadOutcome> read_as_replica(const ReadRequest& request, const ReplicaFetch& fetch);
    // As park_reader, woken by every append. `seen`: the log end of the read.
    void park_replica(std::shared_ptr<Waiter> waiter, Offset seen);
    // What is registered of the brokers that hold its replicas has changed.
    void update_brokers(std::vector<partition::BrokerView> brokers, MonoTime now);
    // What became of an on_proposal.
    void on_isr_answer(const partition::AlterIsrAnswered& answer, MonoTime now);
    struct Ticked {
        bool leads_replicas = false;
        std::optional<MonoTime> next;  // the latest
    };
    Ticked tick(MonoTime now);
    ReplicationView replication_view() const;
    // The lease has run out: who waits for an acknowledgement is told, and asks the next leader.
    void on_lease_end(MonoTime now);

    // --- As a follower (partition_follower.cc) ---

    // nullopt: does not follow, or is closed.
    std::optional<FollowedPartition> following() const;
    // False: the records could not be used, ask again later. Where it stands then: following().
    // With `diverging` the log is cut and synced before this returns.
    bool take_fetched(const FetchedData& fetched, log::LogTime now);
    // The leader does not hold what was asked for; its log has these ends. May cut the log.
    void take_leader_ends(LeaderEpoch epoch, Offset start, Offset end, log::LogTime now);

    // --- The cluster metadata ---

    // `high_watermark`: as last checkpointed; counts for the first role only.
    void become_leader(const Leadership& leadership, Offset high_watermark, MonoTime now);
    void become_follower(const Followership& followership, Offset high_watermark, log::LogTime now);
    // Dormant, though other replicas need it: open() is to be called where threads may block.
    bool needs_opening() const;
    void open();
    void update_settings(std::shared_ptr<const TopicSettings> settings, MonoTime now);

    // --- Compaction (partition_cleaning.cc); for LogCleaner, one round at a time ---

    // What could be compacted now; nullopt: this partition is closed or takes no more writes.
    std::optional<log::CleanRange> cleanable(TimestampMs now);
    // These as PartitionLog has them. NOT_LEADER_OR_FOLLOWER: closed.
    Result<log::CleaningPlan> plan_cleaning(log::LogTime now);
    Result<bool> swap_cleaned(const log::CleanedSegment& cleaned, log::LogTime now);
    void mark_cleaned(Offset up_to, std::uint64_t generation);

    // --- Upkeep ---

    struct Marks {
        Offset recovery_point;
        Offset log_start_offset;
        Offset high_watermark;
        std::optional<Offset> cleaned_to;  // of a log that is compacted
        DirectoryIndex directory{0};
    };
    // nullopt: it has no files.
    std::optional<Marks> marks() const;
    std::uint64_t size_bytes();
    // Retention, and files that have been waiting to be removed. What an idle partition need not
    // hold goes.
    Status upkeep(log::Disk& disk, log::LogTime now);
    // Forgets producers that wrote nothing for producer.id.expiration.ms.
    void expire_producers(TimestampMs now);
    // Opens a dormant log that an unclean shutdown left, if that would read at least so much.
    void recover(std::uint64_t least_bytes);
    // What a crash now would have to be read again for; 0 for a log that is dormant or broken.
    std::uint64_t unsecured_bytes() const;
    // Starts the sync that moves the recovery point to the end.
    void secure();
    // One group commit: everything appended so far reaches the device, then its replies leave.
    void sync_now(log::Disk& disk, MonoTime now);
    // Starts what sync_now would otherwise have to wait for.
    void write_back_now();

    // The partition leaves this node: fails what is parked, gives up the log. Every later call
    // answers NOT_LEADER_OR_FOLLOWER. With `clean`, the log is closed so that it opens without a
    // scan once the marks it returns have been checkpointed.
    enum class Closing : std::uint8_t { clean, removed };
    Result<std::optional<Marks>> close(Closing how, log::LogTime now);

  private:
    struct ParkedProducer {
        Offset wait_for;
        std::shared_ptr<Waiter> waiter;
        bool ends_with_lease;
    };

    enum class SyncState : std::uint8_t { idle, under_way, under_way_and_wanted };

    // What the metadata says of it meanwhile takes effect when it is opened, as of `since`.
    struct Dormant {
        DormantLog log;
        std::optional<Leadership> leadership = {};
        std::optional<Followership> followership = {};
        log::LogTime since = {};
        bool failed = false;  // to open, which has been said
    };

    // All of these are called with the lock held.
    // Opens a dormant log. NOT_LEADER_OR_FOLLOWER once closed, KAFKA_STORAGE_ERROR.
    Status check_open();
    Status open_dormant();
    std::unexpected<Error> no_longer_here() const;
    Marks current_marks() const;
    partition::LogEnds log_ends(Offset high_watermark) const;
    // The epoch to stamp into a batch.
    Result<LeaderEpoch> may_append(Acks acks, LeaderEpoch expected);
    // NOT_LEADER_OR_FOLLOWER beyond it.
    Status check_lease(MonoTime now);
    void take_lease(MonoTime now);
    DeleteOutcome delete_outcome(Offset before) const;
    Marks marks_of(const DormantLog& found) const;
    void lead(const Leadership& leadership, Offset high_watermark, MonoTime now);
    void follow(const Followership& followership, Offset high_watermark, log::LogTime now);
    Status note(Status status);
    Status check_room(std::uint64_t bytes);
    Status check_transaction(const BatchView& batch, log::AppendOrigin origin,
                             Verification verification) const;
    Result<AppendOutcome> append_new(MutableBytes batch, LeaderEpoch epoch, log::LogTime now);
    AppendOutcome outcome_of(const log::DuplicateBatch& duplicate, LeaderEpoch epoch) const;
    void wait_for_acknowledgement(AppendOutcome& outcome, Offset last);
    bool fits_run(AppendGroup& group, std::size_t begin, std::size_t next) const;
    bool admit(AppendGroup& group, std::size_t begin, std::size_t next);
    void write_run(AppendGroup& group, std::size_t begin, std::size_t end, log::LogTime now);
    Offset visible_end(partition::Reader reader) const;
    // These lock by themselves.
    Result<ReadOutcome> read_unchecked(const ReadRequest& request);
    Result<ReadOutcome> answer_replica(const ReadRequest& request, const ReplicaFetch& fetch);
    Result<ReadOutcome> check_read(Result<ReadOutcome> outcome);
    Result<ReadOutcome> read_log(const ReadRequest& request) const;
    Result<ReadOutcome> read_throttled(const ReadRequest& request, BrokerId replica) const;
    partition::EpochEnd epoch_end(LeaderEpoch epoch) const;
    // What a leader's Ready asks for: whom to wake, what to sync and to send.
    void perform(const partition::Ready& ready);
    // The same for a follower, whose log may have to change before.
    void perform_as_follower(partition::Ready ready, ByteView fetched, log::LogTime now);
    Result<partition::Input> change_log(const partition::Ready& ready, ByteView fetched,
                                        log::LogTime now);
    partition::Input append_fetched(ByteView fetched, LeaderEpoch limit, log::LogTime now);
    void fail_log(const Error& error);
    void tell_moved();
    void want_sync(log::SyncScope scope);
    void want_write_back(std::uint64_t appended);
    void wake_everybody();

    const PartitionName name_;
    const std::string label_;  // "events-3", for errors and log lines
    Flusher& flusher_;
    LogSource* const source_ = nullptr;  // null: the log was given open
    PartitionWatcher* const watcher_;
    SharedCell<const TopicSettings> settings_;

    mutable SpinningMutex mutex_;
    std::unique_ptr<log::PartitionLog> log_;  // null while dormant and once closed
    std::unique_ptr<Dormant> dormant_;
    partition::Partition machine_;
    std::vector<std::shared_ptr<Waiter>> readers_;   // wait for the high watermark
    std::vector<std::shared_ptr<Waiter>> replicas_;  // wait for the log end
    std::vector<ParkedProducer> producers_;
    std::vector<std::shared_ptr<Waiter>> deleters_;  // wait for the low watermark
    VerificationTable verifications_;
    SyncState sync_ = SyncState::idle;
    log::SyncScope sync_scope_ = log::SyncScope::data;  // of the next sync
    const DirectoryIndex directory_{0};
    bool lease_ended_ = false;  // and has not been renewed, as far as was looked
    bool write_back_under_way_ = false;
    bool appended_since_upkeep_ = false;
    std::uint64_t not_written_back_ = 0;  // bytes appended since the last write-back began
};

}  // namespace milena::replica
