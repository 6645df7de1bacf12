#include "tests/unit/log/support/crash_stage.h"

#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::log::test {
namespace {

constexpr const char* kPath = "/data";
const LogDirIdentity kIdentity{"crash", BrokerId{1}};

TopicPartition id_of(const std::string& topic) {
    return {topic, PartitionIndex{0}};
}

}  // namespace

const Told& History::told_at(std::size_t changes) const {
    static const Told kNothing;
    const Told* latest = &kNothing;
    for (const auto& [at, promises] : told) {
        if (at > changes) break;
        latest = &promises;
    }
    return *latest;
}

Stage::Stage(CrashDisk& disk, const LogSettings& settings, History& history)
    : disk_(disk), settings_(settings), history_(history) {
    set_log_level(LogLevel::off);
}
Stage::~Stage() = default;

void Stage::tell() {
    history_.told.emplace_back(disk_.changes().size(), told_);
}

bool Stage::noted(const Status& status) {
    if (!status) ++refused_;
    return status.has_value();
}

PartitionKey Stage::key_of(const std::string& topic) const {
    return {id_of(topic), live_.at(topic).topic_id};
}

PartitionLog* Stage::log(const std::string& topic) {
    const auto found = live_.find(topic);
    return found == live_.end() ? nullptr : found->second.log.get();
}

bool Stage::open() {
    kill();
    auto dir = LogDir::open(disk_, kPath, kIdentity, random_);
    if (!dir) return noted(std::unexpected(dir.error()));
    auto found = (*dir)->scan(now_);
    if (!found) return noted(std::unexpected(found.error()));
    for (const auto& each : *found) {
        const auto topic_id = (*dir)->topic_id_of(each.id);
        if (!topic_id) return noted(std::unexpected(topic_id.error()));
        if (!*topic_id) continue;
        auto log = (*dir)->load(each, settings_, now_);
        if (!log) return noted(std::unexpected(log.error()));
        live_[each.id.topic] = Live{**topic_id, std::move(*log), {}};
    }
    if (const auto begun = (*dir)->begin(); !noted(begun)) {
        live_.clear();
        return false;
    }
    dir_ = std::move(*dir);
    // What recovery left of the unsynced end is what the log goes on from.
    for (const auto& [topic, live] : live_) begin_branch(topic, false);
    tell();
    return true;
}

void Stage::kill() {
    live_.clear();
    dir_.reset();
}

Checkpoints Stage::marks() const {
    Checkpoints marks;
    for (const auto& [topic, live] : live_) {
        marks.recovery_points[id_of(topic)] = live.log->recovery_point();
        marks.high_watermarks[id_of(topic)] = live.log->log_end_offset();
        if (live.log->log_start_offset() > Offset{0}) {
            marks.log_start_offsets[id_of(topic)] = live.log->log_start_offset();
        }
    }
    return marks;
}

bool Stage::close() {
    if (!dir_) return false;
    for (auto& [topic, live] : live_) {
        if (!noted(live.log->close(now_))) return false;
        told_of(topic).synced = live.log->log_end_offset();
        told_of(topic).must_exist = true;
        tell();
    }
    auto last = marks();
    for (const auto& [topic, live] : live_) {
        last.recovery_points[id_of(topic)] = live.log->log_end_offset();
    }
    const bool done = noted(dir_->close(last, BrokerEpoch{5}));
    kill();
    return done;
}

bool Stage::create(const std::string& topic, std::uint64_t topic_id) {
    if (!dir_) return false;
    const PartitionKey key{id_of(topic), TopicId{Uuid{9, topic_id}}};
    told_[key].may_exist = true;
    if (history_.branches[key].empty()) history_.branches[key].emplace_back();
    tell();
    if (!noted(dir_->forget_checkpoints({key.id}))) return false;
    auto log = dir_->create(key.id, key.topic_id, settings_, now_);
    if (!log) return noted(std::unexpected(log.error()));
    live_[topic] = Live{key.topic_id, std::move(*log), {}};
    return true;
}

bool Stage::remove(const std::string& topic) {
    if (log(topic) == nullptr) return false;
    const auto key = key_of(topic);
    told_[key].must_exist = false;
    // If it cannot be moved away, its successor forgets its checkpoints all the same.
    told_[key].least_start = Offset{0};
    tell();
    live_.erase(topic);
    if (!noted(dir_->remove(key.id, Millis{0}, now_))) return false;
    told_[key].may_exist = false;
    tell();
    return true;
}

bool Stage::mark_stray(const std::string& topic) {
    if (log(topic) == nullptr) return false;
    const auto key = key_of(topic);
    told_[key].must_exist = false;
    // If it cannot be moved away, its successor forgets its checkpoints all the same.
    told_[key].least_start = Offset{0};
    tell();
    live_.erase(topic);
    if (!noted(dir_->mark_stray(key.id))) return false;
    told_[key].may_exist = false;
    tell();
    return true;
}

bool Stage::step() {
    if (!dir_) return false;
    auto due = dir_->take_due(now_);
    const auto removed = dir_->remove_due(due, 3);
    dir_->put_back(std::move(due), now_);
    return noted(removed);
}

bool Stage::checkpoint() {
    if (!dir_) return false;
    const auto current = marks();
    if (!noted(dir_->write_checkpoints(current))) return false;
    for (const auto& [topic, live] : live_) {
        told_of(topic).least_start = live.log->log_start_offset();
    }
    tell();
    return true;
}

bool Stage::sync(const std::string& topic, SyncScope scope) {
    PartitionLog* const log = this->log(topic);
    if (log == nullptr || !noted(log->sync(scope))) return false;
    told_of(topic).synced = log->synced_offset();
    // The directory reaches the device with the first sync of its log.
    told_of(topic).must_exist = true;
    tell();
    return true;
}

bool Stage::append(const std::string& topic, const BatchSpec& spec, int epoch) {
    if (log(topic) == nullptr) return false;
    Live& live = live_.at(topic);
    BatchSpec next = spec;
    next.timestamp = next_timestamp_;
    next_timestamp_ += 10;
    if (spec.producer_id > kNoProducerId) {
        next.producer_epoch = ProducerEpoch{0};
        next.base_sequence = Sequence{live.next_sequence[spec.producer_id]};
    }
    if (!append_bytes(live, key_of(topic), make_batch(next), epoch)) return false;
    if (spec.producer_id > kNoProducerId) live.next_sequence[spec.producer_id] += spec.records;
    return true;
}

bool Stage::append_marker(const std::string& topic, ProducerId producer, bool commit) {
    if (log(topic) == nullptr) return false;
    next_timestamp_ += 10;
    return append_bytes(live_.at(topic), key_of(topic),
                        make_marker(producer, ProducerEpoch{0}, commit, next_timestamp_ - 10), 0);
}

bool Stage::append_bytes(Live& live, const PartitionKey& key, std::vector<std::uint8_t> batch,
                         int epoch) {
    const bool was_broken = live.log->broken().has_value();
    const Offset end = live.log->log_end_offset();
    // It may be on the disk before the call returns.
    Branch& branch = history_.branches[key].back();
    auto patched = batch;
    const auto info = live.log->append_as_leader(batch, LeaderEpoch{epoch}, now_);
    set_base_offset(patched, end);
    set_leader_epoch(patched, LeaderEpoch{epoch});
    const BatchView view{ByteView(patched)};
    const ModelBatch stored{end, view.last_offset(), LeaderEpoch{epoch}, view.max_timestamp(),
                            patched};
    if (!info) {
        // Refused, so the next batch takes its place; but a crash before that may still show it.
        auto& branches = history_.branches[key];
        Branch with = branches.back();
        with.push_back(stored);
        branches.insert(branches.end() - 1, std::move(with));
        return noted(std::unexpected(info.error()));
    }
    if (was_broken) history_.violations.emplace_back("an append was taken after a device error");
    branch.push_back(stored);
    return true;
}

bool Stage::roll(const std::string& topic) {
    return log(topic) != nullptr && noted(log(topic)->roll(now_));
}

void Stage::begin_branch(const std::string& topic, bool done) {
    const auto key = key_of(topic);
    const PartitionLog& log = *live_.at(topic).log;
    auto& branches = history_.branches[key];
    Branch next = branches.back();
    std::erase_if(next,
                  [&](const ModelBatch& batch) { return batch.last >= log.log_end_offset(); });
    branches.push_back(std::move(next));
    auto& told = told_[key];
    if (done) told.first_branch = branches.size() - 1;
    told.synced = std::min(told.synced, log.log_end_offset());
    told.greatest_start = std::max(told.greatest_start, log.log_start_offset());
}

bool Stage::truncate(const std::string& topic, Offset offset) {
    PartitionLog* const log = this->log(topic);
    if (log == nullptr) return false;
    auto& told = told_of(topic);
    // A batch that begins below the offset and reaches beyond it goes, too.
    for (const auto& batch : history_.branches[key_of(topic)].back()) {
        if (batch.last >= offset) told.synced = std::min({told.synced, offset, batch.base});
    }
    told.least_start = std::min(told.least_start, told.synced);
    tell();
    const bool done = noted(log->truncate_to(offset, now_));
    begin_branch(topic, done);
    tell();
    return done;
}

bool Stage::start_anew(const std::string& topic, Offset offset) {
    PartitionLog* const log = this->log(topic);
    if (log == nullptr) return false;
    auto& told = told_of(topic);
    told.synced = told.least_start = Offset{0};
    told.greatest_start = std::max(told.greatest_start, offset);
    tell();
    const bool done = noted(log->truncate_fully_and_start_at(offset, now_));
    begin_branch(topic, done);
    if (done) history_.branches[key_of(topic)].back().clear();
    tell();
    return done;
}

bool Stage::advance_start(const std::string& topic, Offset offset) {
    PartitionLog* const log = this->log(topic);
    if (log == nullptr) return false;
    auto& told = told_of(topic);
    told.greatest_start = std::max(told.greatest_start, offset);
    tell();
    return noted(log->advance_log_start_offset(offset));
}

bool Stage::retain(const std::string& topic) {
    PartitionLog* const log = this->log(topic);
    if (log == nullptr) return false;
    auto& told = told_of(topic);
    const Offset before = told.greatest_start;
    told.greatest_start = log->synced_offset();
    tell();
    const auto removed = log->delete_old_segments(log->synced_offset(), now_);
    if (!removed) return noted(std::unexpected(removed.error()));
    told.greatest_start = std::max(before, log->log_start_offset());
    tell();
    return noted(log->remove_deleted_files(now_.mono));
}

}  // namespace milena::log::test
