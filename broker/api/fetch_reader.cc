#include "broker/api/fetch_reader.h"

#include "broker/api/services.h"

#include <algorithm>
#include <utility>

namespace milena::api {

FetchReader::FetchReader(Services& services, session::FetchPlan plan, FetchLimits limits)
    : services_(&services), plan_(std::move(plan)), limits_(limits) {
    resolve();
    if (limits_.replica) starts_.assign(plan_.targets.size(), kNoOffset);
}

void FetchReader::resolve() {
    const auto image = services_->controller.image();
    partitions_.reserve(plan_.targets.size());
    for (const auto& target : plan_.targets) {
        auto id = target.name.topic_id;
        if (!plan_.uses_topic_ids) {
            const auto* topic = image->topic(std::string_view(target.name.topic));
            if (topic != nullptr) id = topic->id;
        }
        partitions_.push_back(services_->partitions.find(id, target.name.index));
    }
}

Error FetchReader::unknown(const session::PartitionName& name) const {
    const auto image = services_->controller.image();
    const auto* topic = plan_.uses_topic_ids ? image->topic(name.topic_id)
                                             : image->topic(std::string_view(name.topic));
    if (topic == nullptr && plan_.uses_topic_ids) {
        return {ErrorCode::UNKNOWN_TOPIC_ID, "unknown topic id"};
    }
    if (topic == nullptr || topic->partition(name.index) == nullptr) {
        return {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "unknown topic or partition"};
    }
    return {ErrorCode::NOT_LEADER_OR_FOLLOWER, "this broker does not hold the partition"};
}

Result<replica::ReadOutcome> FetchReader::read_one(std::size_t i) const {
    const auto& target = plan_.targets[i];
    if (!partitions_[i]) return std::unexpected(unknown(target.name));
    replica::ReadRequest request;
    request.from = target.fetch_offset;
    request.reader = limits_.reader;
    request.current_leader_epoch = target.current_leader_epoch;
    request.last_fetched_epoch = target.last_fetched_epoch;
    request.leader_only = limits_.leader_only;
    request.within_lease = true;
    request.now = now_;
    const auto room = limits_.max_bytes - std::min(bytes_, limits_.max_bytes);
    request.max_bytes = std::min(room, static_cast<std::uint64_t>(std::max(target.max_bytes, 0)));
    // Until something has been read, one whole batch is given whatever its size, so that a
    // consumer with small limits gets on.
    request.first = bytes_ == 0 ? log::FirstBatch::always_whole : log::FirstBatch::within_limit;
    if (limits_.replica) {
        auto fetch = *limits_.replica;
        fetch.log_start = target.follower_log_start;
        return partitions_[i]->read_as_replica(request, fetch);
    }
    request.rack = limits_.rack;
    return partitions_[i]->read(request);
}

void FetchReader::read() {
    outcomes_.clear();
    outcomes_.reserve(plan_.targets.size());
    bytes_ = 0;
    now_ = services_->clock.now();
    must_answer_ = plan_.targets.empty();
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) {
        auto outcome = read_one(i);
        if (outcome) bytes_ += outcome->records.slice.length;
        must_answer_ = must_answer_ || !outcome || outcome->diverging.has_value() ||
                       outcome->preferred_replica != kNoBroker || must_tell_start(i, *outcome);
        outcomes_.push_back(std::move(outcome));
    }
}

// A replica has been woken by everything but a high watermark that moved, and may have thousands of
// partitions that stand still.
void FetchReader::read_at_end() {
    if (!limits_.replica) return read();
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
        if (!partitions_[i] || !outcomes_[i]) continue;
        const auto marks = partitions_[i]->marks();
        if (marks) outcomes_[i]->high_watermark = marks->high_watermark;
    }
}

// Records were deleted while a replica waited: somebody waits for it to do the same.
bool FetchReader::must_tell_start(std::size_t i, const replica::ReadOutcome& outcome) {
    if (!limits_.replica) return false;
    const auto before = std::exchange(starts_[i], outcome.log_start_offset);
    return before != kNoOffset && before < outcome.log_start_offset;
}

bool FetchReader::satisfied() const {
    return must_answer_ || bytes_ >= limits_.min_bytes;
}

void FetchReader::park(const std::shared_ptr<Waiter>& waiter) const {
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
        if (!partitions_[i]) continue;
        if (limits_.replica) {
            partitions_[i]->park_replica(waiter, outcomes_[i]->log_end);
        } else {
            partitions_[i]->park_reader(waiter, outcomes_[i]->high_watermark);
        }
    }
}

void FetchReader::unpark(const Waiter* waiter) const {
    for (const auto& partition : partitions_) {
        if (partition) partition->unpark_reader(waiter);
    }
}

session::FetchMarks FetchReader::marks(std::size_t i) const {
    const auto& outcome = outcomes_[i];
    session::FetchMarks marks;
    if (!outcome) {
        marks.must_tell = true;
        return marks;
    }
    marks.high_watermark = outcome->high_watermark;
    marks.log_start_offset = outcome->log_start_offset;
    marks.has_records = !outcome->records.empty();
    marks.must_tell = outcome->diverging.has_value() || outcome->preferred_replica != kNoBroker;
    return marks;
}

FetchReader::PartitionAnswer FetchReader::describe(Arena& arena, std::size_t i) const {
    PartitionAnswer answer;
    answer.partition_index = plan_.targets[i].name.index;
    // Kafka's answer for what is not there at all has an empty list, all others none.
    if (partitions_[i]) answer.aborted_transactions = decltype(answer.aborted_transactions)::null();
    answer.records = Records(ByteView{});
    const auto& outcome = outcomes_[i];
    if (!outcome) {
        answer.error_code = outcome.error().code;
        answer.high_watermark = kNoOffset;
        const bool elsewhere = outcome.error().code == ErrorCode::NOT_LEADER_OR_FOLLOWER ||
                               outcome.error().code == ErrorCode::FENCED_LEADER_EPOCH;
        if (elsewhere && partitions_[i]) {
            const auto leader = partitions_[i]->leader();
            answer.current_leader.leader_id = leader.id;
            answer.current_leader.leader_epoch = leader.epoch;
        }
        return answer;
    }
    answer.high_watermark = outcome->high_watermark;
    answer.last_stable_offset = outcome->last_stable_offset;
    answer.log_start_offset = outcome->log_start_offset;
    answer.preferred_read_replica = outcome->preferred_replica;
    if (outcome->diverging) {
        answer.diverging_epoch.epoch = outcome->diverging->leader_epoch;
        answer.diverging_epoch.end_offset = outcome->diverging->end_offset;
    }
    if (outcome->aborted) {
        auto& aborted = answer.aborted_transactions;
        aborted = std::remove_reference_t<decltype(aborted)>::make(arena, outcome->aborted->size());
        for (std::size_t k = 0; k < aborted.size(); ++k) {
            aborted[k].producer_id = (*outcome->aborted)[k].producer_id;
            aborted[k].first_offset = (*outcome->aborted)[k].first_offset;
        }
    }
    const auto& slice = outcome->records.slice;
    if (slice.length > 0) {
        answer.records =
            Records(*slice.source, slice.position, static_cast<std::uint32_t>(slice.length));
    }
    return answer;
}

void FetchReader::answer(Arena& arena, Reply<msg::FetchResponse>& reply) {
    using Topic = msg::FetchResponse::FetchableTopicResponse;
    std::vector<session::FetchMarks> all_marks;
    all_marks.reserve(outcomes_.size());
    for (std::size_t i = 0; i < outcomes_.size(); ++i) all_marks.push_back(marks(i));
    const auto tell = services_->sessions.finish(plan_, all_marks);

    auto partitions = Array<PartitionAnswer>::make(arena, outcomes_.size());
    auto topics = Array<Topic>::make(arena, outcomes_.size());
    std::size_t topic_count = 0;
    std::size_t partition_count = 0;
    std::uint64_t bytes = 0;
    const session::PartitionName* current = nullptr;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
        if (!tell[i]) continue;
        const auto& name = plan_.targets[i].name;
        // Neighbours of one topic share its entry; the order of partitions is the session's.
        const bool same = current != nullptr && current->topic_id == name.topic_id &&
                          current->topic == name.topic;
        if (!same) {
            auto& topic = topics[topic_count++];
            topic.topic = name.topic;
            topic.topic_id = name.topic_id;
            topic.partitions = Array<PartitionAnswer>(partitions.data() + partition_count, 0);
            current = &name;
        }
        partitions[partition_count++] = describe(arena, i);
        if (outcomes_[i]) bytes += outcomes_[i]->records.slice.length;
        auto& topic = topics[topic_count - 1];
        topic.partitions =
            Array<PartitionAnswer>(topic.partitions.data(), topic.partitions.size() + 1);
    }
    msg::FetchResponse response;
    response.session_id = plan_.session;
    response.responses = Array<Topic>(topics.data(), topic_count);
    auto& counters = services_->scratch_of(reply.executor()).counters;
    (limits_.replica ? counters.replicated_bytes : counters.fetched_bytes).add(bytes);
    reply.send(response);
}

}  // namespace milena::api
