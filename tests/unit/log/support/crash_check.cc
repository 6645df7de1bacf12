// The named properties that every recovered directory must have.
#include "log/batch_scan.h"
#include "log/dump.h"
#include "log/producer_fold.h"
#include "protocol/record/compress.h"
#include "tests/unit/log/support/crash_stage.h"

#include <algorithm>

namespace milena::log::test {
namespace {

std::string text(Offset offset) {
    return std::to_string(offset.value());
}

using Violation = std::optional<std::string>;

class PartitionCheck {
  public:
    PartitionCheck(CrashDisk& disk, PartitionLog& log, const std::vector<Branch>& branches,
                   const PartitionTold& told)
        : disk_(disk), log_(log), branches_(branches), told_(told) {}

    Violation run() {
        log_.check_invariants();
        if (auto wrong = ends()) return wrong;
        if (auto wrong = batches()) return wrong;
        if (auto wrong = epochs()) return wrong;
        if (auto wrong = producers()) return wrong;
        if (auto wrong = times()) return wrong;
        if (auto wrong = indexes()) return wrong;
        return goes_on();
    }

  private:
    // acked and synced data is there; what was removed for good stays so
    Violation ends() {
        if (log_.log_end_offset() < told_.synced) {
            return "acknowledged records are gone: the log ends at " + text(log_.log_end_offset()) +
                   ", " + text(told_.synced) + " was synced";
        }
        if (log_.log_start_offset() < told_.least_start) {
            return "removed records are back: the log starts at " + text(log_.log_start_offset()) +
                   ", checkpointed was " + text(told_.least_start);
        }
        if (log_.log_start_offset() > std::max(told_.greatest_start, Offset{0})) {
            return "the log starts at " + text(log_.log_start_offset()) + ", at most " +
                   text(told_.greatest_start) + " was asked for";
        }
        return {};
    }

    // no invented data, no gap, nothing that was cut away
    Violation batches() {
        Offset next = log_.log_start_offset();
        while (next < log_.log_end_offset()) {
            const auto read = log_.read(next, 1, FirstBatch::always_whole, log_.log_end_offset());
            if (!read) return "offset " + text(next) + " cannot be read: " + read.error().detail;
            if (read->empty()) return "there is a gap at " + text(next);
            std::vector<std::uint8_t> bytes(read->slice.length);
            read->slice.source->read_some(read->slice.position, bytes);
            const BatchView batch{ByteView(bytes)};
            if (!batch.crc_matches()) return "a damaged batch is served at " + text(next);
            // Of what is on its way out, anything may be left.
            const bool fits =
                found_.empty() ? batch.base_offset() <= next : batch.base_offset() == next;
            if (!fits && batch.base_offset() > told_.greatest_start) {
                return "there is a gap at " + text(next);
            }
            if (!fits) found_.clear();
            next = batch.last_offset() + 1;
            found_.push_back({batch.base_offset(), batch.last_offset(), batch.leader_epoch(),
                              batch.max_timestamp(), std::move(bytes)});
        }
        for (std::size_t i = told_.first_branch; i < branches_.size(); ++i) {
            if (is_prefix(branches_[i])) {
                branch_ = &branches_[i];
                return {};
            }
        }
        return "what is there is no prefix of what was written: " + std::to_string(found_.size()) +
               " batches, up to " + text(log_.log_end_offset());
    }

    bool is_prefix(const Branch& branch) const {
        auto at = branch.begin();
        const Offset first = found_.empty() ? log_.log_end_offset() : found_.front().base;
        while (at != branch.end() && at->base < first) ++at;
        for (const auto& batch : found_) {
            if (at == branch.end() || at->base != batch.base || at->bytes != batch.bytes) {
                return false;
            }
            ++at;
        }
        return true;
    }

    // every batch has the epoch that its header names, and none is known beyond the end
    Violation epochs() {
        for (const auto& batch : found_) {
            if (batch.base < std::max(log_.log_start_offset(), told_.greatest_start)) continue;
            if (log_.epoch_at(batch.base) != batch.epoch) {
                return "epoch of offset " + text(batch.base) + " is not " +
                       std::to_string(batch.epoch.value());
            }
        }
        if (!found_.empty() && log_.latest_epoch() != found_.back().epoch) {
            return "the latest epoch is not that of the last batch";
        }
        return {};
    }

    // producers and aborted transactions are those of the surviving prefix
    Violation producers() {
        ProducerState expected;
        std::vector<AbortedTransaction> aborted;
        for (const auto& batch : *branch_) {
            if (batch.last >= log_.log_end_offset()) break;
            const auto head = parse_batch_head(batch.bytes);
            if (const auto ended = fold_batch(expected, **head, batch.bytes)) {
                aborted.push_back(*ended);
            }
        }
        const Offset start = log_.log_start_offset();
        for (const auto& [id, entry] : log_.producers().entries()) {
            if (expected.find(id) == nullptr) return "a producer was invented";
        }
        for (const auto& [id, entry] : expected.entries()) {
            const auto* last = entry.last_batch();
            if (last == nullptr || last->last_offset < start) continue;
            const auto* found = log_.producers().find(id);
            if (found == nullptr) {
                return "producer " + std::to_string(id.value()) + " is forgotten";
            }
            if (found->epoch != entry.epoch || found->last_sequence() != entry.last_sequence() ||
                found->last_batch()->last_offset != last->last_offset ||
                (start == Offset{0} &&
                 found->current_txn_first_offset != entry.current_txn_first_offset)) {
                return "producer " + std::to_string(id.value()) + " is not as the log has it";
            }
        }
        if (start > Offset{0}) return {};
        const auto known = log_.aborted_transactions(Offset{0}, log_.log_end_offset());
        if (!known) return "aborted transactions cannot be read: " + known.error().detail;
        if (*known != aborted) return "aborted transactions are not those of the log";
        return {};
    }

    Violation times() {
        for (const auto& batch : found_) {
            if (batch.base < log_.log_start_offset()) continue;
            const auto head = parse_batch_head(batch.bytes);
            if ((*head)->is_control()) continue;
            const auto at = log_.offset_for_timestamp(batch.max_timestamp, codecs_);
            if (!at) return "a timestamp cannot be looked up: " + at.error().detail;
            if (!*at || (*at)->offset != batch.last) {
                return "timestamp of offset " + text(batch.last) + " is not found";
            }
        }
        return {};
    }

    // every index entry points to its batch
    Violation indexes() {
        const auto entries = disk_.list(log_.directory());
        for (const auto& entry : *entries) {
            const auto name = parse_segment_file(entry.name);
            if (!name) continue;
            if (name->suffix != FileSuffix::none) return entry.name + " was left behind";
            std::string problem;
            const auto told = dump_file(disk_, join_path(log_.directory(), entry.name), {}, codecs_,
                                        [&](std::string_view line) {
                                            if (line.starts_with("problem")) problem = line;
                                        });
            if (!told) return entry.name + " cannot be read: " + told.error().detail;
            if (told->problems > 0) return entry.name + ": " + problem;
        }
        return {};
    }

    Violation goes_on() {
        const LogTime now{TimestampMs{1'000'000}, MonoTime{}};
        auto batch = make_batch({.timestamp = 900'000});
        const Offset end = log_.log_end_offset();
        const auto info = log_.append_as_leader(batch, LeaderEpoch{99}, now);
        if (!info) return "nothing can be appended: " + info.error().detail;
        if (info->first_offset != end) return "the next offset is not " + text(end);
        if (const auto synced = log_.sync(SyncScope::everything); !synced) {
            return "it cannot be synced: " + synced.error().detail;
        }
        return {};
    }

    CrashDisk& disk_;
    PartitionLog& log_;
    const std::vector<Branch>& branches_;
    const PartitionTold& told_;
    Codecs codecs_;
    std::vector<ModelBatch> found_;
    const Branch* branch_ = nullptr;
};

// What is there, and nothing that is gone.
using Found = std::vector<std::pair<FoundPartition, TopicId>>;

// Directories that never got their metadata hold nothing that counts.
Result<Found> find_all(LogDir& dir, LogTime now) {
    MILENA_ASSIGN(const auto partitions, dir.scan(now));
    Found found;
    for (const auto& each : partitions) {
        MILENA_ASSIGN(const auto topic_id, dir.topic_id_of(each.id));
        if (topic_id) found.emplace_back(each, *topic_id);
    }
    return found;
}

Violation check_existence(const Found& found, const Told& told) {
    for (const auto& [key, promised] : told) {
        const bool there = std::ranges::any_of(found, [&](const auto& each) {
            return each.first.id == key.id && each.second == key.topic_id;
        });
        if (promised.must_exist && !there) return key.id.topic + " is gone";
        if (!promised.may_exist && there) return key.id.topic + " is back after its removal";
    }
    return {};
}

}  // namespace

std::optional<std::string> recover_and_check(DiskImage image, const LogSettings& settings,
                                             const History& history, const Told& told,
                                             std::vector<Change>* changes) {
    CrashDisk disk(std::move(image));
    SeededRandom random(23);
    const LogTime now{TimestampMs{1'000'000}, MonoTime{}};
    auto dir = LogDir::open(disk, "/data", {"crash", BrokerId{1}}, random);
    if (!dir) return "the directory cannot be opened: " + dir.error().detail;
    const auto found = find_all(**dir, now);
    if (!found) return "the directory cannot be read: " + found.error().detail;
    if (auto wrong = check_existence(*found, told)) return wrong;
    std::vector<std::pair<PartitionKey, std::unique_ptr<PartitionLog>>> logs;
    for (const auto& [each, topic_id] : *found) {
        auto log = (*dir)->load(each, settings, now);
        if (!log) return each.id.topic + " cannot be opened: " + log.error().detail;
        logs.emplace_back(PartitionKey{each.id, topic_id}, std::move(*log));
    }
    if (const auto begun = (*dir)->begin(); !begun) return "begin: " + begun.error().detail;
    if (changes != nullptr) *changes = disk.changes();
    for (auto& [key, log] : logs) {
        const auto branches = history.branches.find(key);
        const auto promised = told.find(key);
        if (branches == history.branches.end() || promised == told.end()) {
            return key.id.topic + " was invented";
        }
        auto wrong = PartitionCheck(disk, *log, branches->second, promised->second).run();
        if (wrong) return key.id.topic + ": " + *wrong;
    }
    return {};
}

}  // namespace milena::log::test
