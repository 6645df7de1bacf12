// Partition: appends of several requests at once.
//
// A run is a stretch of neighbours that the log takes in one write. A batch joins the run before it
// when its sequence can be judged without that run being in the log.
#include "broker/replica/partition.h"
#include "protocol/record/batch_view.h"

#include <algorithm>

namespace milena::replica {
namespace {

// Beyond this a write is no cheaper for each byte.
constexpr std::size_t kMaxRunBytes = 256 << 10;

bool is_next_of(const BatchView& batch, const BatchView& before) {
    return batch.producer_id() == before.producer_id() &&
           batch.producer_epoch() == before.producer_epoch() &&
           before.last_sequence() != kNoSequence &&
           batch.base_sequence() == sequence_after(before.last_sequence(), 1);
}

// Its predecessor in the run vouches for it: what follows an accepted batch is no duplicate either.
bool is_vouched_for(AppendGroup& group, std::size_t begin, std::size_t next) {
    if (next == begin) return false;
    auto& members = group.members();
    return is_next_of(BatchView(group.bytes(members[next])),
                      BatchView(group.bytes(members[next - 1])));
}

}  // namespace

// May batch `next` be written together with the run that starts at `begin`?
bool Partition::fits_run(AppendGroup& group, std::size_t begin, std::size_t next) const {
    auto& members = group.members();
    const auto limit = std::min<std::size_t>(kMaxRunBytes, settings()->log.segment_bytes);
    if (group.bytes(members[begin], members[next]).size() > limit) return false;
    const BatchView batch(group.bytes(members[next]));
    if (batch.producer_id() == kNoProducerId || is_vouched_for(group, begin, next)) return true;
    return std::none_of(
        members.begin() + static_cast<std::ptrdiff_t>(begin),
        members.begin() + static_cast<std::ptrdiff_t>(next), [&](const auto& member) {
            return BatchView(group.bytes(member)).producer_id() == batch.producer_id();
        });
}

// Whether batch `next` is to be written; if not, its outcome is known.
bool Partition::admit(AppendGroup& group, std::size_t begin, std::size_t next) {
    auto& member = group.members()[next];
    const auto epoch =
        partition::may_produce(machine_.state(), static_cast<std::int16_t>(member.acks), label_);
    if (!epoch) {
        member.outcome = std::unexpected(epoch.error());
        return false;
    }
    const auto has_room = [&] {
        auto room = check_room(group.bytes(member).size());
        if (!room) member.outcome = std::unexpected(std::move(room).error());
        return member.outcome.has_value();
    };
    if (is_vouched_for(group, begin, next)) return has_room();
    const auto checked = log_->check_producer(group.bytes(member), log::AppendOrigin::client);
    if (!checked) {
        member.outcome = std::unexpected(checked.error());
        return false;
    }
    if (!*checked) return has_room();
    member.outcome = outcome_of(**checked, *epoch);
    member.outcome->ends_with_lease = true;
    if (member.acks == Acks::all)
        wait_for_acknowledgement(*member.outcome, (*checked)->last_offset);
    return false;
}

void Partition::write_run(AppendGroup& group, std::size_t begin, std::size_t end,
                          log::LogTime now) {
    if (begin == end) return;
    auto& members = group.members();
    const auto written = append_new(group.bytes(members[begin], members[end - 1]),
                                    machine_.state().leader_epoch, now);
    Offset next = written ? written->base_offset : kNoOffset;
    for (std::size_t i = begin; i < end; ++i) {
        auto& member = members[i];
        member.outcome = written;
        if (!written) continue;
        member.outcome->base_offset = next;
        member.outcome->ends_with_lease = true;
        next = next + BatchView(group.bytes(member)).last_offset_delta() + 1;
        if (member.acks == Acks::all) wait_for_acknowledgement(*member.outcome, next - 1);
    }
}

void Partition::append_group(AppendGroup& group, log::LogTime now) {
    const std::lock_guard lock(mutex_);
    auto& members = group.members();
    auto may_write = check_open();
    if (may_write) may_write = check_lease(now.mono);
    if (!may_write) {
        for (auto& member : members) member.outcome = std::unexpected(may_write.error());
        return;
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > begin && !fits_run(group, begin, i)) {
            write_run(group, begin, i, now);
            begin = i;
        }
        if (admit(group, begin, i)) continue;
        write_run(group, begin, i, now);
        begin = i + 1;
    }
    write_run(group, begin, members.size(), now);
}

}  // namespace milena::replica
